/// What an embedder imports: the machine and its RMM, the Host's software, libvirt, sessions and scripts, lessons, and tokens of any
/// machine.
@_exported import Attestation
@_exported import Basics
@_exported import Host
@_exported import Lessons
@_exported import Libvirt
@_exported import Machine
@_exported import Session
