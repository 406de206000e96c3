import Basics
import Machine

/// What a person does with a guest that executes code: boots it, lets it run, says where it is to stop.
package enum GuestCommand: Sendable, Equatable {
  /// A fresh machine, a Realm (or another VM) built from an image, and its run; with `stands` it stays before its first instruction.
  case boot(GuestBoot, stands: Bool)
  /// Bytes for its console.
  case type([UInt8])
  case run(RunControl)
  case stop(Place)
  /// Stops after an instruction that wrote to one of so many bytes.
  case watch(Address, count: UInt64)
  /// No longer stops there; nil: nowhere.
  case delete(Place?)
  /// Names of its places come from an image; nil: the one it was booted from.
  case symbols(image: String?)

  /// How a guest is let run under a debugger, forward or back.
  package enum RunControl: Sendable, Equatable {
    /// Until something stops it, or about so many instructions.
    case `continue`(Int?)
    /// Until its console has said something, or time has gone on by so many ticks.
    case until([UInt8], within: Int?)
    case step(Int)
    /// As `step`, but a call with all it does is one.
    case over(Int)
    /// Until the vCPU leaves the Realm.
    case out
    case back(Int)
    /// Back to the place before that would have stopped it.
    case reverse
  }

  /// A name of the guest's ELF, or a number.
  package struct Address: Sendable, Equatable {
    package var text: String
    package var value: UInt64?
  }

  package enum Place: Sendable, Equatable {
    case code(Address)
    case event(DebugEvent)

    var text: String {
      switch self {
      case .code(let address): address.text
      case .event(let event): event.text
      }
    }
  }

  /// As a statement.
  var text: String {
    switch self {
    case .boot(let what, let stands): "\(stands ? "debug" : "boot") \(what.text)"
    case .type(let bytes): "type \(ConsoleText.quoted(bytes))"
    case .run(.until(let bytes, let within)):
      "until text:\(ConsoleText.quoted(bytes))" + (within.map { " within \($0)" } ?? "")
    case .run(.continue(let count)): count.map { "continue \($0)" } ?? "continue"
    case .run(.step(let count)): "step \(count)"
    case .run(.over(let count)): "over \(count)"
    case .run(.out): "out"
    case .run(.back(let count)): "back \(count)"
    case .run(.reverse): "reverse"
    case .stop(let place): "break \(place.text)"
    case .watch(let address, let count): "watch \(address.text) \(count)"
    case .delete(let place): place.map { "delete \($0.text)" } ?? "delete"
    case .symbols(let image): image.map { "symbols \($0)" } ?? "symbols"
    }
  }
}
