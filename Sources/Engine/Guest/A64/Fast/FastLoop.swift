/// The loop of the fast engine: a case for each operation, each with its own way on.
extension FastContext {
  /// Executes until an instruction is not this engine's, has not been decoded, has no translation yet, or until too little is left
  /// for another stretch. It calls nothing, so that where it is stays in registers.
  @inline(never) mutating func execute() {
    let x = self.x
    let flags = LazyFlags(values: x + A64Registers.count)
    let readBank = reads
    let writeBank = writes
    let codeBank = code
    let missing = self.missing
    var op = self.op
    var base = self.base
    var page = self.page
    var end = self.end

    @inline(__always) func far(_ target: UInt64) { Self.go(to: target, codeBank, missing, &op, &base, &page, &end) }
    /// A branch that is counted.
    @inline(__always) func jump(_ target: UInt64) {
      end -= 1
      let distance = target &- page
      if distance & ~0xFFC == 0 {
        let from = op
        op = base + Int(truncatingIfNeeded: distance >> 2)
        end += op - from
      } else {
        far(target)
      }
    }
    /// A branch within the page.
    @inline(__always) func branch() {
      let distance = Int(op.pointee.imm)
      op += distance
      end += distance &- 1
    }
    @inline(__always) var pc: UInt64 { page &+ UInt64(truncatingIfNeeded: op - base) << 2 }
    @inline(__always) var d: Int { Int(op.pointee.d) }
    @inline(__always) var n: Int { Int(op.pointee.n) }
    @inline(__always) var m: Int { Int(op.pointee.m) }
    @inline(__always) var a: Int { Int(op.pointee.a) }
    @inline(__always) var imm: UInt64 { UInt64(bitPattern: op.pointee.imm) }
    @inline(__always) func lower(_ value: UInt64) -> UInt64 { value & 0xFFFF_FFFF }
    /// The offset of a load or store by register.
    @inline(__always) var index: UInt64 {
      let value = x[m]
      let extended =
        switch op.pointee.x {
        case 2: value & 0xFFFF_FFFF
        case 6: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
        default: value
        }
      return extended &<< UInt64(op.pointee.a)
    }

    loop: while true {
      switch op.pointee.operation {
      case .decode, .fetch, .reference: break loop
      case .pageEnd:
        far(page &+ 4096)
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .nop:
        op += 1
        continue loop

      case .adr:
        x[d] = pc &+ imm
        op += 1
        continue loop
      case .adrp:
        x[d] = page &+ imm
        op += 1
        continue loop
      case .constant:
        x[d] = imm
        op += 1
        continue loop
      case .movk64, .movk32:
        x[d] = x[d] & ~(0xFFFF &<< UInt64(op.pointee.a)) | imm &<< UInt64(op.pointee.a)
        if op.pointee.operation == .movk32 { x[d] = lower(x[d]) }
        op += 1
        continue loop
      case .addImm64:
        x[d] = x[n] &+ imm
        op += 1
        continue loop
      case .addImm32:
        x[d] = lower(x[n] &+ imm)
        op += 1
        continue loop
      case .addsImm64:
        x[d] = flags.add(x[n], imm)
        op += 1
        continue loop
      case .addsImm32:
        x[d] = flags.add(x[n] << 32, imm << 32) >> 32
        op += 1
        continue loop
      case .subsImm64:
        x[d] = flags.sub(x[n], imm)
        op += 1
        continue loop
      case .subsImm32:
        x[d] = flags.sub(x[n] << 32, imm << 32) >> 32
        op += 1
        continue loop
      case .andImm64:
        x[d] = x[n] & imm
        op += 1
        continue loop
      case .orrImm64:
        x[d] = x[n] | imm
        op += 1
        continue loop
      case .eorImm64:
        x[d] = x[n] ^ imm
        op += 1
        continue loop
      case .logicImm32:
        let value = op.pointee.x == 0 ? x[n] & imm : op.pointee.x == 1 ? x[n] | imm : x[n] ^ imm
        x[d] = lower(value)
        op += 1
        continue loop
      case .andsImm:
        let value = x[n] & imm
        if op.pointee.is64 {
          flags.logic(value)
          x[d] = value
        } else {
          flags.logic(value << 32)
          x[d] = lower(value)
        }
        op += 1
        continue loop
      case .lsl64:
        x[d] = x[n] &<< imm
        op += 1
        continue loop
      case .lsl32:
        x[d] = lower(x[n] &<< imm)
        op += 1
        continue loop
      case .lsr64:
        x[d] = x[n] &>> imm
        op += 1
        continue loop
      case .lsr32:
        x[d] = lower(x[n]) &>> imm
        op += 1
        continue loop
      case .asr64:
        x[d] = UInt64(bitPattern: Int64(bitPattern: x[n]) &>> Int64(bitPattern: imm))
        op += 1
        continue loop
      case .asr32:
        x[d] = lower(UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x[n])) &>> Int64(bitPattern: imm)))
        op += 1
        continue loop
      case .ubfx:
        x[d] = x[n] &>> UInt64(op.pointee.x) & imm
        op += 1
        continue loop
      case .ubfiz:
        x[d] = (x[n] & imm) &<< UInt64(op.pointee.x)
        op += 1
        continue loop
      case .sbfx64:
        x[d] = UInt64(bitPattern: Int64(bitPattern: x[n] &<< UInt64(op.pointee.x)) &>> Int64(op.pointee.a))
        op += 1
        continue loop
      case .sbfx32:
        let value = UInt32(truncatingIfNeeded: x[n]) &<< UInt32(op.pointee.x)
        x[d] = UInt64(UInt32(bitPattern: Int32(bitPattern: value) &>> Int32(op.pointee.a)))
        op += 1
        continue loop
      case .extr64:
        x[d] = imm == 0 ? x[m] : x[m] &>> imm | x[n] &<< (64 &- imm)
        op += 1
        continue loop
      case .extr32:
        x[d] = lower((x[n] << 32 | lower(x[m])) &>> imm)
        op += 1
        continue loop

      case .b:
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bl:
        x[30] = pc &+ 4
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .beq:
        guard flags.eq else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bne:
        guard !flags.eq else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bhs:
        guard flags.hs else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .blo:
        guard !flags.hs else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bmi:
        guard flags.mi else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bpl:
        guard !flags.mi else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bvs:
        guard flags.vs else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bvc:
        guard !flags.vs else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bhi:
        guard flags.hi else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bls:
        guard !flags.hi else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bge:
        guard flags.ge else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .blt:
        guard !flags.ge else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .bgt:
        guard flags.gt else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .ble:
        guard !flags.gt else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .cbz64:
        guard x[n] == 0 else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .cbz32:
        guard lower(x[n]) == 0 else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .cbnz64:
        guard x[n] != 0 else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .cbnz32:
        guard lower(x[n]) != 0 else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .tbz:
        guard x[n] &>> UInt64(op.pointee.a) & 1 == 0 else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .tbnz:
        guard x[n] &>> UInt64(op.pointee.a) & 1 == 1 else {
          op += 1
          continue loop
        }
        branch()
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .farB:
        jump(pc &+ imm)
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .farBl:
        let target = pc &+ imm
        x[30] = pc &+ 4
        jump(target)
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .farCondition:
        // The distance above the flags with which it is taken.
        guard imm &>> flags.number & 1 == 1 else {
          op += 1
          continue loop
        }
        jump(pc &+ UInt64(bitPattern: op.pointee.imm >> 16))
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .farTest:
        // CBZ and CBNZ test all bits of the width, TBZ and TBNZ one.
        let value = op.pointee.x & 2 != 0 ? x[n] &>> UInt64(op.pointee.a) & 1 : op.pointee.is64 ? x[n] : lower(x[n])
        guard (value == 0) == (op.pointee.x & 1 == 0) else {
          op += 1
          continue loop
        }
        jump(pc &+ imm)
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .br, .ret:
        jump(x[n])
        if end - op < Self.longestStretch { break loop }
        continue loop
      case .blr:
        let target = x[n]
        x[30] = pc &+ 4
        jump(target)
        if end - op < Self.longestStretch { break loop }
        continue loop

      case .mov64:
        x[d] = x[m]
        op += 1
        continue loop
      case .mov32:
        x[d] = lower(x[m])
        op += 1
        continue loop
      case .and64:
        x[d] = x[n] & x[m]
        op += 1
        continue loop
      case .and32:
        x[d] = lower(x[n] & x[m])
        op += 1
        continue loop
      case .orr64:
        x[d] = x[n] | x[m]
        op += 1
        continue loop
      case .orr32:
        x[d] = lower(x[n] | x[m])
        op += 1
        continue loop
      case .eor64:
        x[d] = x[n] ^ x[m]
        op += 1
        continue loop
      case .eor32:
        x[d] = lower(x[n] ^ x[m])
        op += 1
        continue loop
      case .bic64:
        x[d] = x[n] & ~x[m]
        op += 1
        continue loop
      case .bic32:
        x[d] = lower(x[n] & ~x[m])
        op += 1
        continue loop
      case .logic64, .logic32:
        let is64 = op.pointee.operation == .logic64
        var operand = A64Core.shifted(x[m], op.pointee.x, imm, is64)
        if op.pointee.a & 4 != 0 { operand = ~operand }
        let value = op.pointee.a & 3 == 0 ? x[n] & operand : op.pointee.a & 3 == 1 ? x[n] | operand : x[n] ^ operand
        x[d] = is64 ? value : lower(value)
        op += 1
        continue loop
      case .ands64:
        let operand = A64Core.shifted(x[m], op.pointee.x, imm, true)
        let value = x[n] & (op.pointee.a == 0 ? operand : ~operand)
        flags.logic(value)
        x[d] = value
        op += 1
        continue loop
      case .ands32:
        let operand = A64Core.shifted(x[m], op.pointee.x, imm, false)
        let value = lower(x[n] & (op.pointee.a == 0 ? operand : ~operand))
        flags.logic(value << 32)
        x[d] = value
        op += 1
        continue loop

      case .add64:
        x[d] = x[n] &+ x[m]
        op += 1
        continue loop
      case .add32:
        x[d] = lower(x[n] &+ x[m])
        op += 1
        continue loop
      case .sub64:
        x[d] = x[n] &- x[m]
        op += 1
        continue loop
      case .sub32:
        x[d] = lower(x[n] &- x[m])
        op += 1
        continue loop
      case .addShifted64:
        x[d] = x[n] &+ A64Core.shifted(x[m], op.pointee.x, imm, true)
        op += 1
        continue loop
      case .addShifted32:
        x[d] = lower(x[n] &+ A64Core.shifted(x[m], op.pointee.x, imm, false))
        op += 1
        continue loop
      case .subShifted64:
        x[d] = x[n] &- A64Core.shifted(x[m], op.pointee.x, imm, true)
        op += 1
        continue loop
      case .subShifted32:
        x[d] = lower(x[n] &- A64Core.shifted(x[m], op.pointee.x, imm, false))
        op += 1
        continue loop
      case .addLsl64:
        x[d] = x[n] &+ x[m] &<< imm
        op += 1
        continue loop
      case .addLsl32:
        x[d] = lower(x[n] &+ x[m] &<< imm)
        op += 1
        continue loop
      case .eorLsr64:
        x[d] = x[n] ^ x[m] &>> imm
        op += 1
        continue loop
      case .eorLsr32:
        x[d] = lower(x[n] ^ lower(x[m]) &>> imm)
        op += 1
        continue loop
      case .eorRor32:
        let value = UInt32(truncatingIfNeeded: x[m])
        let amount = UInt32(truncatingIfNeeded: imm)
        x[d] = UInt64(UInt32(truncatingIfNeeded: x[n]) ^ (value &>> amount | value &<< (0 &- amount)))
        op += 1
        continue loop
      case .adds64:
        x[d] = flags.add(x[n], x[m])
        op += 1
        continue loop
      case .adds32:
        x[d] = flags.add(x[n] << 32, x[m] << 32) >> 32
        op += 1
        continue loop
      case .subs64:
        x[d] = flags.sub(x[n], x[m])
        op += 1
        continue loop
      case .subs32:
        x[d] = flags.sub(x[n] << 32, x[m] << 32) >> 32
        op += 1
        continue loop
      case .addsShifted, .subsShifted, .addsExtended, .subsExtended:
        let is64 = op.pointee.is64
        let isShifted = op.pointee.operation == .addsShifted || op.pointee.operation == .subsShifted
        let operand =
          isShifted ? A64Core.shifted(x[m], op.pointee.x, imm, is64) : A64Core.extended(x[m], op.pointee.x, imm)
        let width: UInt64 = is64 ? 0 : 32
        if op.pointee.operation == .addsShifted || op.pointee.operation == .addsExtended {
          x[d] = flags.add(x[n] &<< width, operand &<< width) &>> width
        } else {
          x[d] = flags.sub(x[n] &<< width, operand &<< width) &>> width
        }
        op += 1
        continue loop
      case .addExtended:
        let value = x[n] &+ A64Core.extended(x[m], op.pointee.x, imm)
        x[d] = op.pointee.is64 ? value : lower(value)
        op += 1
        continue loop
      case .subExtended:
        let value = x[n] &- A64Core.extended(x[m], op.pointee.x, imm)
        x[d] = op.pointee.is64 ? value : lower(value)
        op += 1
        continue loop
      case .ccmp, .ccmn:
        if imm &>> flags.number & 1 == 0 {
          flags.nzcv = UInt64(op.pointee.x & 15) << 28
          op += 1
          continue loop
        }
        let width: UInt64 = op.pointee.is64 ? 0 : 32
        let operand = op.pointee.x & 16 != 0 ? UInt64(op.pointee.m) : x[m]
        if op.pointee.operation == .ccmp {
          _ = flags.sub(x[n] &<< width, operand &<< width)
        } else {
          _ = flags.add(x[n] &<< width, operand &<< width)
        }
        op += 1
        continue loop
      case .csel64:
        x[d] = imm &>> flags.number & 1 == 1 ? x[n] : x[m]
        op += 1
        continue loop
      case .csel32:
        x[d] = lower(imm &>> flags.number & 1 == 1 ? x[n] : x[m])
        op += 1
        continue loop
      case .csinc:
        let value = imm &>> flags.number & 1 == 1 ? x[n] : x[m] &+ 1
        x[d] = op.pointee.is64 ? value : lower(value)
        op += 1
        continue loop
      case .csinv:
        let value = imm &>> flags.number & 1 == 1 ? x[n] : ~x[m]
        x[d] = op.pointee.is64 ? value : lower(value)
        op += 1
        continue loop
      case .csneg:
        let value = imm &>> flags.number & 1 == 1 ? x[n] : 0 &- x[m]
        x[d] = op.pointee.is64 ? value : lower(value)
        op += 1
        continue loop

      case .madd64:
        x[d] = x[a] &+ x[n] &* x[m]
        op += 1
        continue loop
      case .madd32:
        x[d] = lower(x[a] &+ x[n] &* x[m])
        op += 1
        continue loop
      case .msub64:
        x[d] = x[a] &- x[n] &* x[m]
        op += 1
        continue loop
      case .msub32:
        x[d] = lower(x[a] &- x[n] &* x[m])
        op += 1
        continue loop
      case .smaddl:
        let product = Int64(Int32(truncatingIfNeeded: x[n])) &* Int64(Int32(truncatingIfNeeded: x[m]))
        x[d] = x[a] &+ UInt64(bitPattern: product)
        op += 1
        continue loop
      case .umaddl:
        x[d] = x[a] &+ lower(x[n]) &* lower(x[m])
        op += 1
        continue loop
      case .smulh:
        x[d] = UInt64(bitPattern: Int64(bitPattern: x[n]).multipliedFullWidth(by: Int64(bitPattern: x[m])).high)
        op += 1
        continue loop
      case .umulh:
        x[d] = x[n].multipliedFullWidth(by: x[m]).high
        op += 1
        continue loop
      case .udiv64:
        x[d] = x[m] == 0 ? 0 : x[n] / x[m]
        op += 1
        continue loop
      case .udiv32:
        let divisor = lower(x[m])
        x[d] = divisor == 0 ? 0 : lower(x[n]) / divisor
        op += 1
        continue loop
      case .sdiv64:
        let divisor = Int64(bitPattern: x[m])
        x[d] =
          divisor == 0 ? 0 : UInt64(bitPattern: Int64(bitPattern: x[n]).dividedReportingOverflow(by: divisor).partialValue)
        op += 1
        continue loop
      case .sdiv32:
        let divisor = Int64(Int32(truncatingIfNeeded: x[m]))
        x[d] = divisor == 0 ? 0 : lower(UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x[n])) / divisor))
        op += 1
        continue loop
      case .lslv64:
        x[d] = x[n] &<< x[m]
        op += 1
        continue loop
      case .lslv32:
        x[d] = UInt64(UInt32(truncatingIfNeeded: x[n]) &<< UInt32(truncatingIfNeeded: x[m]))
        op += 1
        continue loop
      case .lsrv64:
        x[d] = x[n] &>> x[m]
        op += 1
        continue loop
      case .lsrv32:
        x[d] = UInt64(UInt32(truncatingIfNeeded: x[n]) &>> UInt32(truncatingIfNeeded: x[m]))
        op += 1
        continue loop
      case .asrv64:
        x[d] = UInt64(bitPattern: Int64(bitPattern: x[n]) &>> Int64(bitPattern: x[m]))
        op += 1
        continue loop
      case .asrv32:
        let value = Int32(truncatingIfNeeded: x[n]) &>> Int32(truncatingIfNeeded: x[m])
        x[d] = UInt64(UInt32(bitPattern: value))
        op += 1
        continue loop
      case .clz64:
        x[d] = UInt64(truncatingIfNeeded: x[n].leadingZeroBitCount)
        op += 1
        continue loop
      case .clz32:
        x[d] = UInt64(truncatingIfNeeded: UInt32(truncatingIfNeeded: x[n]).leadingZeroBitCount)
        op += 1
        continue loop
      case .rev64:
        x[d] = x[n].byteSwapped
        op += 1
        continue loop
      case .rev32:
        x[d] = UInt64(UInt32(truncatingIfNeeded: x[n]).byteSwapped)
        op += 1
        continue loop

      case .ldrb:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ imm, 1) {
          x[d] = UInt64(bytes.load(as: UInt8.self))
          op += 1
          continue loop
        }
      case .ldrh:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ imm, 2) {
          x[d] = UInt64(UInt16(littleEndian: bytes.load(as: UInt16.self)))
          op += 1
          continue loop
        }
      case .ldrw:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ imm, 4) {
          x[d] = UInt64(UInt32(littleEndian: bytes.load(as: UInt32.self)))
          op += 1
          continue loop
        }
      case .ldrx:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ imm, 8) {
          x[d] = UInt64(littleEndian: bytes.load(as: UInt64.self))
          op += 1
          continue loop
        }
      case .ldrsb64, .ldrsb32:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ imm, 1) {
          let value = UInt64(bitPattern: Int64(bytes.load(as: Int8.self)))
          x[d] = op.pointee.operation == .ldrsb64 ? value : lower(value)
          op += 1
          continue loop
        }
      case .ldrsh64, .ldrsh32:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ imm, 2) {
          let value = UInt64(bitPattern: Int64(Int16(littleEndian: bytes.load(as: Int16.self))))
          x[d] = op.pointee.operation == .ldrsh64 ? value : lower(value)
          op += 1
          continue loop
        }
      case .ldrsw:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ imm, 4) {
          x[d] = UInt64(bitPattern: Int64(Int32(littleEndian: bytes.load(as: Int32.self))))
          op += 1
          continue loop
        }
      case .strb:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ imm, 1) {
          bytes.storeBytes(of: UInt8(truncatingIfNeeded: x[d]), as: UInt8.self)
          op += 1
          continue loop
        }
      case .strh:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ imm, 2) {
          bytes.storeBytes(of: UInt16(truncatingIfNeeded: x[d]).littleEndian, as: UInt16.self)
          op += 1
          continue loop
        }
      case .strw:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ imm, 4) {
          bytes.storeBytes(of: UInt32(truncatingIfNeeded: x[d]).littleEndian, as: UInt32.self)
          op += 1
          continue loop
        }
      case .strx:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ imm, 8) {
          bytes.storeBytes(of: x[d].littleEndian, as: UInt64.self)
          op += 1
          continue loop
        }
      case .ldrbIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(readBank, op.pointee.x == 1 ? x[n] : moved, 1) {
          x[d] = UInt64(bytes.load(as: UInt8.self))
          x[n] = moved
          op += 1
          continue loop
        }
      case .ldrhIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(readBank, op.pointee.x == 1 ? x[n] : moved, 2) {
          x[d] = UInt64(UInt16(littleEndian: bytes.load(as: UInt16.self)))
          x[n] = moved
          op += 1
          continue loop
        }
      case .ldrwIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(readBank, op.pointee.x == 1 ? x[n] : moved, 4) {
          x[d] = UInt64(UInt32(littleEndian: bytes.load(as: UInt32.self)))
          x[n] = moved
          op += 1
          continue loop
        }
      case .ldrxIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(readBank, op.pointee.x == 1 ? x[n] : moved, 8) {
          x[d] = UInt64(littleEndian: bytes.load(as: UInt64.self))
          x[n] = moved
          op += 1
          continue loop
        }
      case .strbIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(writeBank, op.pointee.x == 1 ? x[n] : moved, 1) {
          bytes.storeBytes(of: UInt8(truncatingIfNeeded: x[d]), as: UInt8.self)
          x[n] = moved
          op += 1
          continue loop
        }
      case .strhIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(writeBank, op.pointee.x == 1 ? x[n] : moved, 2) {
          bytes.storeBytes(of: UInt16(truncatingIfNeeded: x[d]).littleEndian, as: UInt16.self)
          x[n] = moved
          op += 1
          continue loop
        }
      case .strwIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(writeBank, op.pointee.x == 1 ? x[n] : moved, 4) {
          bytes.storeBytes(of: UInt32(truncatingIfNeeded: x[d]).littleEndian, as: UInt32.self)
          x[n] = moved
          op += 1
          continue loop
        }
      case .strxIndexed:
        let moved = x[n] &+ imm
        if let bytes = TranslationCache.hit(writeBank, op.pointee.x == 1 ? x[n] : moved, 8) {
          bytes.storeBytes(of: x[d].littleEndian, as: UInt64.self)
          x[n] = moved
          op += 1
          continue loop
        }
      case .ldrbRegister:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ index, 1) {
          x[d] = UInt64(bytes.load(as: UInt8.self))
          op += 1
          continue loop
        }
      case .ldrhRegister:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ index, 2) {
          x[d] = UInt64(UInt16(littleEndian: bytes.load(as: UInt16.self)))
          op += 1
          continue loop
        }
      case .ldrwRegister:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ index, 4) {
          x[d] = UInt64(UInt32(littleEndian: bytes.load(as: UInt32.self)))
          op += 1
          continue loop
        }
      case .ldrxRegister:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ index, 8) {
          x[d] = UInt64(littleEndian: bytes.load(as: UInt64.self))
          op += 1
          continue loop
        }
      case .ldrswRegister:
        if let bytes = TranslationCache.hit(readBank, x[n] &+ index, 4) {
          x[d] = UInt64(bitPattern: Int64(Int32(littleEndian: bytes.load(as: Int32.self))))
          op += 1
          continue loop
        }
      case .strbRegister:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ index, 1) {
          bytes.storeBytes(of: UInt8(truncatingIfNeeded: x[d]), as: UInt8.self)
          op += 1
          continue loop
        }
      case .strhRegister:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ index, 2) {
          bytes.storeBytes(of: UInt16(truncatingIfNeeded: x[d]).littleEndian, as: UInt16.self)
          op += 1
          continue loop
        }
      case .strwRegister:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ index, 4) {
          bytes.storeBytes(of: UInt32(truncatingIfNeeded: x[d]).littleEndian, as: UInt32.self)
          op += 1
          continue loop
        }
      case .strxRegister:
        if let bytes = TranslationCache.hit(writeBank, x[n] &+ index, 8) {
          bytes.storeBytes(of: x[d].littleEndian, as: UInt64.self)
          op += 1
          continue loop
        }
      case .ldpx, .ldpxIndexed:
        // Modes as in `Instruction.MemoryShape`: 1 takes the address before it moves.
        let isIndexed = op.pointee.operation == .ldpxIndexed
        let moved = x[n] &+ imm
        let address = isIndexed && op.pointee.x == 1 ? x[n] : moved
        if address & 0xFFF <= 4080, let bytes = TranslationCache.hit(readBank, address, 8) {
          let first = UInt64(littleEndian: bytes.load(as: UInt64.self))
          let second = UInt64(littleEndian: bytes.load(fromByteOffset: 8, as: UInt64.self))
          x[d] = first
          x[m] = second
          if isIndexed { x[n] = moved }
          op += 1
          continue loop
        }
      case .stpx, .stpxIndexed:
        let isIndexed = op.pointee.operation == .stpxIndexed
        let moved = x[n] &+ imm
        let address = isIndexed && op.pointee.x == 1 ? x[n] : moved
        if address & 0xFFF <= 4080, let bytes = TranslationCache.hit(writeBank, address, 8) {
          bytes.storeBytes(of: x[d].littleEndian, as: UInt64.self)
          bytes.storeBytes(of: x[m].littleEndian, toByteOffset: 8, as: UInt64.self)
          if isIndexed { x[n] = moved }
          op += 1
          continue loop
        }
      case .ldpw:
        let address = x[n] &+ imm
        if address & 0xFFF <= 4088, let bytes = TranslationCache.hit(readBank, address, 4) {
          let first = UInt64(UInt32(littleEndian: bytes.load(as: UInt32.self)))
          let second = UInt64(UInt32(littleEndian: bytes.load(fromByteOffset: 4, as: UInt32.self)))
          x[d] = first
          x[m] = second
          op += 1
          continue loop
        }
      case .stpw:
        let address = x[n] &+ imm
        if address & 0xFFF <= 4088, let bytes = TranslationCache.hit(writeBank, address, 4) {
          bytes.storeBytes(of: UInt32(truncatingIfNeeded: x[d]).littleEndian, as: UInt32.self)
          bytes.storeBytes(of: UInt32(truncatingIfNeeded: x[m]).littleEndian, toByteOffset: 4, as: UInt32.self)
          op += 1
          continue loop
        }
      }
      // Not at once: the reference engine does it.
      break loop
    }
    self.op = op
    self.base = base
    self.page = page
    self.end = end
  }
}
