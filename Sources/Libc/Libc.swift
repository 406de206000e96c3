// The C library, by one name on every platform.
#if canImport(Glibc)
  @_exported import Glibc

  /// SOCK_STREAM as `socket` takes it.
  package let streamSocket = Int32(SOCK_STREAM.rawValue)
#elseif canImport(Musl)
  @_exported import Musl

  package let streamSocket = SOCK_STREAM
#else
  @_exported import Darwin

  package let streamSocket = SOCK_STREAM
#endif
