import Basics

/// How a VMM comes to the files its command line names.
package struct GuestFiles {
  /// Why a file is not there.
  package struct Unreadable: Error, Equatable {
    package let message: String

    package init(message: String) {
      self.message = message
    }
  }

  /// The bytes of a file.
  package let load: (String) throws(Unreadable) -> [UInt8]

  package init(_ load: @escaping (String) throws(Unreadable) -> [UInt8]) {
    self.load = load
  }

  /// - Parameter words: what the program says when it cannot have it.
  package func bytes(_ name: String, _ program: VMMRefusal.Program, orSay words: String) throws(VMMRefusal) -> [UInt8] {
    do throws(Unreadable) {
      return try load(name)
    } catch {
      throw VMMRefusal(program, words, advice: error.message)
    }
  }
}
