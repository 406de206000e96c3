import Engine
@main struct W { static func main() { var m = Machine(MachineConfiguration()); print(m.digest()) } }
