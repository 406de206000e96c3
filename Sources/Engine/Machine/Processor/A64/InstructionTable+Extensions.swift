/// Integer, branch and memory encodings that came after Armv8.0, by the feature they belong to.
extension InstructionTable {
  package static let extensions: [InstructionRow] = [
    // FEAT_LSE
    .init("zz111000 ar1sssss 0ooo00nn nnnttttt", .atomic, .atomic, .lse),
    .init("zz111000 ar1sssss 100000nn nnnttttt", .atomic, .atomic, .lse),
    .init("zz001000 1a1sssss r11111nn nnnttttt", .compareSwap, .compareSwap, .lse),
    .init("0z001000 0a1ssss0 r11111nn nnntttt0", .compareSwapPair, .compareSwapPair, .lse),
    // FEAT_LRCPC, FEAT_LRCPC2
    .init("zz111000 10111111 110000nn nnnttttt", .loadAcquire, .ordered, .lrcpc),
    .init("zz011001 oo0iiiii iiii00nn nnnttttt", .loadOrdered, .orderedUnscaled, .lrcpc),
    // FEAT_FlagM
    .init("10111010 000iiiii i00001nn nnn0mmmm", .rmif, .rotateIntoFlags, .flagm),
    .init("00111010 00000000 000010nn nnn01101", .setFlags8, .evaluateIntoFlags, .flagm),
    .init("00111010 00000000 010010nn nnn01101", .setFlags16, .evaluateIntoFlags, .flagm),
    // FEAT_PAuth
    .init("11011010 11000001 00z0kknn nnnddddd", .pac, .authenticate, .pauth),
    .init("11011010 11000001 00z1kknn nnnddddd", .aut, .authenticate, .pauth),
    .init("11011010 11000001 01000D11 111ddddd", .xpac, .strip, .pauth),
    .init("10011010 110mmmmm 001100nn nnnddddd", .pacga, .genericAuthenticate, .pauth),
    .init("1101011Z 00011111 00001Mnn nnnmmmmm", .branchAuthenticated, .branchAuthenticated, .pauth),
    .init("1101011Z 00111111 00001Mnn nnnmmmmm", .branchAuthenticated, .branchAuthenticated, .pauth),
    .init("11010110 01011111 00001M11 11111111", .branchAuthenticated, .returnAuthenticated, .pauth),
    .init("11010110 10011111 00001M11 11111111", .eretAuthenticated, .returnAuthenticated, .pauth),
    .init("11111000 Mi1iiiii iiiiW1nn nnnttttt", .loadAuthenticated, .loadAuthenticated, .pauth),
    // FEAT_SB
    .init("11010101 00000011 00110000 11111111", .barrier, .barrier, .sb),
  ]
}
