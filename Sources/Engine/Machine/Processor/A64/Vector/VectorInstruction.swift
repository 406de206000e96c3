/// What an FP or AdvSIMD instruction does. Scalar, vector and by-element encodings of one operation share a case.
enum VectorOperation: UInt16, CaseIterable, Sendable {
  case and, bic, orr, orn, eor, bsl, bit, bif, not
  case add, sub, neg, cmeq, cmtst, cmge, cmgt, cmhs, cmhi, cmeqZero, cmgeZero, cmgtZero, cmleZero, cmltZero
  case smax, smin, umax, umin
  case mul, mla, mls, pmul, abs, cls, clz, cnt, rbit, rev16, rev32, rev64
  case shadd, uhadd, srhadd, urhadd, shsub, uhsub, sabd, uabd, saba, uaba
  case addp, smaxp, sminp, umaxp, uminp, saddlp, uaddlp, sadalp, uadalp
  case addv, saddlv, uaddlv, smaxv, sminv, umaxv, uminv
  case saddl, uaddl, saddw, uaddw, ssubl, usubl, ssubw, usubw, sabal, uabal, sabdl, uabdl
  case smlal, umlal, smlsl, umlsl, smull, umull, pmull, sqdmlal, sqdmlsl, sqdmull
  case addhn, raddhn, subhn, rsubhn, xtn, sqxtn, uqxtn, sqxtun, shll
  case sqadd, uqadd, sqsub, uqsub, suqadd, usqadd, sqabs, sqneg, sqdmulh, sqrdmulh
  case sshl, ushl, srshl, urshl, sqshl, uqshl, sqrshl, uqrshl
  case sshr, ushr, ssra, usra, srshr, urshr, srsra, ursra, sri, sli, shl, sqshlImmediate, uqshlImmediate, sqshlu
  case shrn, rshrn, sqshrn, uqshrn, sqrshrn, uqrshrn, sqshrun, sqrshrun, sshll, ushll
  case dup, dupGeneral, ins, insGeneral, smov, umov, movi, mvni, orrImmediate, bicImmediate
  case uzp1, trn1, zip1, uzp2, trn2, zip2, ext, tbl, tbx
  case fadd, fsub, fmul, fdiv, fmax, fmin, fmaxnm, fminnm, fnmul, fmulx, fabd, frecps, frsqrts
  /// FADDP of a scalar pair is `faddv`.
  case faddp, fmaxp, fminp, fmaxnmp, fminnmp, faddv, fmaxv, fminv, fmaxnmv, fminnmv
  case fmla, fmls, fmadd, fmsub, fnmadd, fnmsub
  case fcmeq, fcmge, fcmgt, facge, facgt, fcmeqZero, fcmgeZero, fcmgtZero, fcmleZero, fcmltZero
  case fmov, fabs, fneg, fsqrt, frintn, frintp, frintm, frintz, frinta, frintx, frinti
  case frecpe, frsqrte, frecpx, urecpe, ursqrte
  case fcvt, fcvtn, fcvtl, fcvtxn
  case fcvtns, fcvtnu, fcvtps, fcvtpu, fcvtms, fcvtmu, fcvtzs, fcvtzu, fcvtas, fcvtau, scvtf, ucvtf
  case fmovGeneral, fmovToGeneral, fcmp, fcmpe, fccmp, fccmpe, fcsel
  // After Armv8.0.
  case sqrdmlah, sqrdmlsh, sdot, udot, fcadd, fcmla, fjcvtzs, pmullLong
  case aese, aesd, aesmc, aesimc, sha1c, sha1p, sha1m, sha1su0, sha256h, sha256h2, sha256su1, sha1h, sha1su1, sha256su0
  case sha512h, sha512h2, sha512su1, sha512su0, rax1, eor3, bcax, xar
  /// Loads and stores: see ``VectorTransfer``.
  case ldr, ldp, ld1, ld2, ld3, ld4, ld1r, ld2r, ld3r, ld4r
}

/// A decoded FP or AdvSIMD instruction that does not access memory, 16 bytes.
struct VectorInstruction {
  var operation: VectorOperation
  var d: UInt8 = 0
  var n: UInt8 = 0
  var m: UInt8 = 0
  /// A fourth register; a condition; by element, the element's number plus one; with a general register, 1 for 64 bits;
  /// of a comparison, 1 for zero.
  var a: UInt8 = 0
  /// log2 of an element's bytes: of the narrower elements, where they change their width.
  var size: UInt8 = 0
  /// Elements of the result; 0 where an operand is a general register that others have in a vector register.
  var lanes: UInt8 = 0
  /// A shift, an element's number, a constant, the format converted to; which half, as the number of its first narrow element.
  var imm: UInt64 = 0
}

/// A decoded load or store of vector registers.
struct VectorTransfer {
  enum Mode: UInt8 {
    case offset, postIndex, preIndex
    /// `imm` is relative to the instruction.
    case literal
    /// The index register, extended and shifted, is the offset.
    case register
    /// The index register is added to the base afterwards.
    case postRegister
  }

  var isLoad = false
  var mode = Mode.offset
  /// The first register, and for a pair the second.
  var t: UInt8 = 0
  var t2: UInt8 = 0
  /// Base and index, as slots of ``A64Registers``.
  var n: UInt8 = 0
  var m: UInt8 = 0
  /// ExtendReg's option and shift.
  var option: UInt8 = 0
  var shift: UInt8 = 0
  /// log2 of an element's bytes; 4 for a whole Q register.
  var size: UInt8 = 0
  /// Registers, and elements of each.
  var registers: UInt8 = 1
  var lanes: UInt8 = 1
  /// Which kind of structure: registers one after the other, interleaved, one lane, or one element to all lanes.
  enum Kind: UInt8 { case plain, pair, consecutive, interleaved, lane, replicate }
  var kind = Kind.plain
  /// The lane of a single structure.
  var lane: UInt8 = 0
  var imm: Int64 = 0
}
