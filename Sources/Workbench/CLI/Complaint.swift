import ArgumentParser
import Engine

/// What ends a command: words for standard error, and the exit code.
protocol Complaint: Error {
  var message: String { get }
  var exitCode: ExitCode { get }
}

extension TokenFile.Failure: Complaint {
  var exitCode: ExitCode { ExitCode(code) }
}

extension NewFile.Failure: Complaint {
  var exitCode: ExitCode { code }
}

extension SessionLoader.Failure: Complaint {
  var exitCode: ExitCode { ExitCode(code) }
}

/// Runs something that reads or writes a file; what goes wrong is said and ends the program with its code.
func orComplain<T, Failure: Complaint>(_ body: () throws(Failure) -> T) throws -> T {
  do throws(Failure) {
    return try body()
  } catch {
    complain(error.message)
    throw error.exitCode
  }
}
