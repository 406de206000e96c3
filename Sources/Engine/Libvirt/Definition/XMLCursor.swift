/// What a domain's XML was found to say on the way.
final class FindingList {
  private(set) var findings: [DomainFinding] = []

  func add(_ kind: DomainFinding.Kind, _ place: XMLPlace, _ layer: StackLayer, _ what: String, _ consequence: String) {
    findings.append(DomainFinding(kind: kind, place: place, layer: layer, what: what, consequence: consequence))
  }
}

/// An element that is being read. It knows what of it has been asked for: what nobody asked for is told in the end (`finish`).
final class XMLCursor {
  let element: XMLElement
  let list: FindingList
  private var asked: Set<String> = []
  private var cursors: [ObjectIdentifier: XMLCursor] = [:]
  private var isWhole = false

  init(_ element: XMLElement, _ list: FindingList) { (self.element, self.list) = (element, list) }

  var place: XMLPlace { element.place }
  var name: String { element.name }
  var text: String { element.text }

  func attribute(_ name: String) -> XMLAttribute? {
    asked.insert(name)
    return element[name]
  }

  /// An attribute's value.
  subscript(name: String) -> String? { attribute(name)?.value }

  func children(_ name: String) -> [XMLCursor] { element.children(name).map(cursor) }

  /// The first child of a name. libvirt reads no other, where there may be one.
  func child(_ name: String) -> XMLCursor? {
    let all = element.children(name)
    for more in all.dropFirst() where cursors[ObjectIdentifier(more)] == nil {
      let skipped = cursor(more)
      skipped.isWhole = true
      list.add(.ignored, more.place, .libvirt, "a second <\(name)>", "libvirt reads the first and passes over this one")
    }
    return all.first.map(cursor)
  }

  private func cursor(_ element: XMLElement) -> XMLCursor {
    if let known = cursors[ObjectIdentifier(element)] { return known }
    let made = XMLCursor(element, list)
    cursors[ObjectIdentifier(element)] = made
    return made
  }

  /// Takes the element as it is, with all that is in it.
  func takeWhole() { isWhole = true }

  // MARK: Values

  /// The word of an attribute that has one of a list of values; libvirt's complaint otherwise.
  func choice<T: RawRepresentable<String>>(_ name: String, _: T.Type = T.self) throws(LibvirtError) -> T? {
    guard let attribute = attribute(name) else { return nil }
    guard let value = T(rawValue: attribute.value) else { throw invalid(attribute) }
    return value
  }

  func required<T: RawRepresentable<String>>(_ name: String, _: T.Type = T.self) throws(LibvirtError) -> T {
    guard let value = try choice(name, T.self) else {
      throw LibvirtError(.xml, "Missing required attribute '\(name)' in element '\(element.name)'", place)
    }
    return value
  }

  /// `on` or `off`.
  func isOn(_ name: String) throws(LibvirtError) -> Bool? { try truth(name, "on", "off") }

  /// `yes` or `no`.
  func isYes(_ name: String) throws(LibvirtError) -> Bool? { try truth(name, "yes", "no") }

  private func truth(_ name: String, _ yes: String, _ no: String) throws(LibvirtError) -> Bool? {
    guard let attribute = attribute(name) else { return nil }
    if attribute.value == yes { return true }
    if attribute.value == no { return false }
    throw invalid(attribute)
  }

  /// A number without a sign; 0x is taken, as libvirt's parser takes it where the base is not said.
  func number(_ name: String, isAnyBase: Bool = false) throws(LibvirtError) -> Int? {
    guard let attribute = attribute(name) else { return nil }
    // libvirt has 32 bits for it.
    if let value = UInt32(attribute.value) { return Int(value) }
    if isAnyBase, attribute.value.hasPrefix("0x"), let value = UInt32(attribute.value.dropFirst(2), radix: 16) {
      return Int(value)
    }
    throw invalid(attribute, " Expected non-negative integer value")
  }

  func invalid(_ attribute: XMLAttribute, _ expected: String = "") -> LibvirtError {
    LibvirtError(
      .xml, "Invalid value for attribute '\(attribute.name)' in element '\(element.name)': '\(attribute.value)'.\(expected)",
      attribute.valuePlace)
  }

  // MARK: The end

  /// Tells what nobody asked for: attributes, children, and words between children.
  func finish() {
    guard !isWhole else { return }
    for attribute in element.attributes
    where !asked.contains(attribute.name) && attribute.name != "xmlns" && !attribute.name.hasPrefix("xmlns:") {
      Unmodelled.tell(attribute: attribute, of: element, list)
    }
    var hasTaken = false
    for piece in element.content {
      switch piece {
      case .element(let child):
        hasTaken = true
        if let cursor = cursors[ObjectIdentifier(child)] { cursor.finish() } else { Unmodelled.tell(child, in: element, list) }
      case .text(let words, let place):
        // In an element of words alone they are its value.
        guard hasTaken || element.children.count > 0 else { continue }
        Unmodelled.tell(words: words, at: place, in: element, list)
      }
    }
  }
}
