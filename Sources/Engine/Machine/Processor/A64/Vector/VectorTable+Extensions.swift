/// FP and AdvSIMD encodings that came after Armv8.0, by the feature they belong to.
extension VectorTable {
  package static let extensions = arithmeticExtensions + cipherExtensions + halves

  private static let arithmeticExtensions: [VectorRow] = [
    // FEAT_RDM
    .init("0Q101110 zz0mmmmm 100001nn nnnddddd", .sqrdmlah, .sameHS, .rdm),
    .init("0Q101110 zz0mmmmm 100011nn nnnddddd", .sqrdmlsh, .sameHS, .rdm),
    .init("01111110 zz0mmmmm 100001nn nnnddddd", .sqrdmlah, .scalarSameHS, .rdm),
    .init("01111110 zz0mmmmm 100011nn nnnddddd", .sqrdmlsh, .scalarSameHS, .rdm),
    .init("0Q101111 zzLMmmmm 1101H0nn nnnddddd", .sqrdmlah, .element, .rdm),
    .init("0Q101111 zzLMmmmm 1111H0nn nnnddddd", .sqrdmlsh, .element, .rdm),
    .init("01111111 zzLMmmmm 1101H0nn nnnddddd", .sqrdmlah, .scalarElement, .rdm),
    .init("01111111 zzLMmmmm 1111H0nn nnnddddd", .sqrdmlsh, .scalarElement, .rdm),
    // FEAT_DotProd
    .init("0Q001110 100mmmmm 100101nn nnnddddd", .sdot, .dot, .dotProduct),
    .init("0Q101110 100mmmmm 100101nn nnnddddd", .udot, .dot, .dotProduct),
    .init("0Q001111 10LMmmmm 1110H0nn nnnddddd", .sdot, .dotElement, .dotProduct),
    .init("0Q101111 10LMmmmm 1110H0nn nnnddddd", .udot, .dotElement, .dotProduct),
    // FEAT_FCMA
    .init("0Q101110 zz0mmmmm 110rr1nn nnnddddd", .fcmla, .complex, .fcma),
    .init("0Q101110 zz0mmmmm 111r01nn nnnddddd", .fcadd, .complexAdd, .fcma),
    .init("0Q101111 zzLMmmmm 0rr1H0nn nnnddddd", .fcmla, .complexElement, .fcma),
    // FEAT_JSCVT
    .init("00011110 01111110 000000nn nnnddddd", .fjcvtzs, .javaScript, .jscvt),
  ]

  private static let cipherExtensions: [VectorRow] = [
    // FEAT_AES
    .init("01001110 00101000 010010nn nnnddddd", .aese, .cipher, .aes),
    .init("01001110 00101000 010110nn nnnddddd", .aesd, .cipher, .aes),
    .init("01001110 00101000 011010nn nnnddddd", .aesmc, .cipher, .aes),
    .init("01001110 00101000 011110nn nnnddddd", .aesimc, .cipher, .aes),
    // FEAT_SHA1
    .init("01011110 000mmmmm 000000nn nnnddddd", .sha1c, .cipher, .sha1),
    .init("01011110 000mmmmm 000100nn nnnddddd", .sha1p, .cipher, .sha1),
    .init("01011110 000mmmmm 001000nn nnnddddd", .sha1m, .cipher, .sha1),
    .init("01011110 000mmmmm 001100nn nnnddddd", .sha1su0, .cipher, .sha1),
    .init("01011110 00101000 000010nn nnnddddd", .sha1h, .cipher, .sha1),
    .init("01011110 00101000 000110nn nnnddddd", .sha1su1, .cipher, .sha1),
    // FEAT_SHA256
    .init("01011110 000mmmmm 010000nn nnnddddd", .sha256h, .cipher, .sha2),
    .init("01011110 000mmmmm 010100nn nnnddddd", .sha256h2, .cipher, .sha2),
    .init("01011110 000mmmmm 011000nn nnnddddd", .sha256su1, .cipher, .sha2),
    .init("01011110 00101000 001010nn nnnddddd", .sha256su0, .cipher, .sha2),
    // FEAT_SHA512
    .init("11001110 011mmmmm 100000nn nnnddddd", .sha512h, .cipher, .sha2),
    .init("11001110 011mmmmm 100001nn nnnddddd", .sha512h2, .cipher, .sha2),
    .init("11001110 011mmmmm 100010nn nnnddddd", .sha512su1, .cipher, .sha2),
    .init("11001110 11000000 100000nn nnnddddd", .sha512su0, .cipher, .sha2),
    // FEAT_SHA3
    .init("11001110 011mmmmm 100011nn nnnddddd", .rax1, .threeWide, .sha3),
    .init("11001110 000mmmmm 0aaaaann nnnddddd", .eor3, .fourWide, .sha3),
    .init("11001110 001mmmmm 0aaaaann nnnddddd", .bcax, .fourWide, .sha3),
    .init("11001110 100mmmmm iiiiiinn nnnddddd", .xar, .rotated, .sha3),
  ]
}
