extension VirshShell {
  /// All commands that are modelled, with the options of virsh 9.0.
  static let commands: [VirshCommand] = domainCommands + monitorCommands + hostCommands + ownCommands

  private static let domainCommands: [VirshCommand] = [
    VirshCommand(
      "autostart", .domain, "mark a domain as one that starts with the host", [.domain, .flag("disable", "no longer")]
    ) { $0.autostart($1) },
    VirshCommand(
      "console", .domain, "see a domain's console",
      [
        .domain, .text("devname", "a character device's alias"), .flag("force", "end another's connection"),
        .flag("safe", "only if nobody else is connected"),
      ]
    ) { $0.console($1) },
    VirshCommand(
      "create", .domain, "start a domain that is gone when it stops, from XML",
      [
        .file, .flag("console", "see its console then"), .flag("paused", "its vCPUs stand"), .other("autodestroy"),
        .other("pass-fds", .text, isPositional: true), .other("validate"), .other("reset-nvram"),
      ]
    ) { $0.create($1) },
    VirshCommand("define", .domain, "keep a domain, from XML", [.file, .other("validate")]) { $0.define($1) },
    VirshCommand(
      "destroy", .domain, "stop a domain as if its power was cut",
      [.domain, .flag("graceful", "only by SIGTERM"), .other("remove-logs")]
    ) { $0.destroy($1) },
    VirshCommand("domid", .domain, "a domain's id", [.domain]) { $0.domid($1) },
    VirshCommand("domname", .domain, "a domain's name", [.domain]) { $0.domname($1) },
    VirshCommand("domuuid", .domain, "a domain's UUID", [.domain]) { $0.domuuid($1) },
    VirshCommand(
      "domxml-to-native", .domain, "the command line a domain's XML becomes",
      [
        .text("format", "qemu-argv", isRequired: true), .text("domain", "a domain that is kept", isPositional: false),
        .text("xml", "a file with the domain's XML"),
      ]
    ) { $0.domxmlToNative($1) },
    VirshCommand(
      "dumpxml", .domain, "a domain's XML",
      [
        .domain, .flag("inactive", "as it would be started"), .other("security-info"), .other("update-cpu"), .other("migratable"),
        .other("xpath", .text), .other("wrap"),
      ]
    ) { $0.dumpxml($1) },
    VirshCommand(
      "qemu-monitor-command", .domain, "a command for the monitor of a domain's QEMU",
      [
        .domain, .flag("hmp", "in the human monitor's language"), .flag("pretty", "in lines"),
        .flag("return-value", "what is returned, alone"),
        .other("pass-fds", .text), .rest("cmd", "the command", isRequired: true),
      ]
    ) { $0.qemuMonitorCommand($1) },
    VirshCommand("reboot", .domain, "ask a domain to begin anew", [.domain, .text("mode", "how: acpi")]) { $0.reboot($1) },
    VirshCommand("reset", .domain, "reset a domain as by its reset button", [.domain]) { $0.reset($1) },
    VirshCommand("resume", .domain, "let a domain's vCPUs run again", [.domain]) { $0.resume($1) },
    VirshCommand("shutdown", .domain, "ask a domain to turn itself off", [.domain, .text("mode", "how: acpi")]) {
      $0.shutdown($1)
    },
    VirshCommand(
      "start", .domain, "start a domain that is kept",
      [
        .domain, .flag("console", "see its console then"), .flag("paused", "its vCPUs stand"), .other("autodestroy"),
        .other("bypass-cache"),
        .other("force-boot"), .other("pass-fds", .text, isPositional: true), .other("reset-nvram"),
      ]
    ) { $0.start($1) },
    VirshCommand("suspend", .domain, "stop a domain's vCPUs", [.domain]) { $0.suspend($1) },
    VirshCommand("ttyconsole", .domain, "the terminal behind a domain's console", [.domain]) { $0.ttyconsole($1) },
    VirshCommand(
      "undefine", .domain, "no longer keep a domain",
      [
        .domain, .flag("managed-save", "with its saved state"), .other("storage", .text, isPositional: true),
        .other("remove-all-storage"),
        .other("delete-storage-volume-snapshots"), .other("wipe-storage"), .flag("snapshots-metadata", "with its snapshots"),
        .flag("checkpoints-metadata", "with its checkpoints"), .flag("nvram", "with its NVRAM"),
        .flag("keep-nvram", "without its NVRAM"),
        .other("tpm"), .other("keep-tpm"),
      ]
    ) { $0.undefine($1) },
    VirshCommand(
      "vcpucount", .domain, "how many vCPUs a domain has",
      [
        .domain, .flag("maximum", "at most"), .flag("active", "now"), .flag("live", "while it runs"),
        .flag("config", "at its next start"),
        .flag("current", "as it is"), .other("guest"),
      ]
    ) { $0.vcpucount($1) },
    VirshCommand("vcpuinfo", .domain, "what a domain's vCPUs do", [.domain, .flag("pretty", "with ranges of CPUs")]) {
      $0.vcpuinfo($1)
    },
  ]

  private static let monitorCommands: [VirshCommand] = [
    VirshCommand(
      "domblklist", .monitor, "a domain's disks",
      [.domain, .flag("inactive", "of its next start"), .flag("details", "with types")]
    ) { $0.domblklist($1) },
    VirshCommand("domcontrol", .monitor, "whether a domain's monitor is free", [.domain]) { $0.domcontrol($1) },
    VirshCommand("domiflist", .monitor, "a domain's interfaces", [.domain, .flag("inactive", "of its next start")]) {
      $0.domiflist($1)
    },
    VirshCommand("dominfo", .monitor, "what there is to say of a domain", [.domain]) { $0.dominfo($1) },
    VirshCommand("domstate", .monitor, "a domain's state", [.domain, .flag("reason", "and why")]) { $0.domstate($1) },
    VirshCommand(
      "list", .monitor, "all domains that run",
      [
        .flag("inactive", "those that do not run"), .flag("all", "those, too"), .flag("transient", "those that are not kept"),
        .flag("persistent", "those that are kept"), .flag("with-snapshot", "none"), .flag("without-snapshot", "all"),
        .flag("with-checkpoint", "none"), .flag("without-checkpoint", "all"), .flag("state-running", "those that run"),
        .flag("state-paused", "those that are paused"), .flag("state-shutoff", "those that are off"),
        .flag("state-other", "none"),
        .flag("autostart", "those that start with the host"), .flag("no-autostart", "the others"),
        .flag("with-managed-save", "none"),
        .flag("without-managed-save", "all"), .flag("uuid", "UUIDs"), .flag("name", "names"), .flag("id", "ids"),
        .flag("table", "a table"),
        .flag("managed-save", "mark those with a saved state"), .flag("title", "with titles"),
      ]
    ) { $0.list($1) },
  ]

  private static let hostCommands: [VirshCommand] = [
    VirshCommand(
      "domcapabilities", .host, "what domains can have",
      [
        .text("virttype", "kvm or qemu"), .text("emulatorbin", "the emulator"), .text("arch", "the architecture"),
        .text("machine", "the machine type"),
      ]
    ) { $0.domcapabilities($1) },
    VirshCommand("hostname", .host, "the host's name") { shell, _ in shell.say(shell.daemon.hostname) },
    VirshCommand("maxvcpus", .host, "how many vCPUs a domain can have", [.text("type", "kvm or qemu")]) { shell, invocation in
      if let type = invocation["type"], !["kvm", "qemu"].contains(type.lowercased()) {
        return shell.fail(nil, LibvirtError(.argument, "unknown type '\(type)'"))
      }
      return shell.say("\(EmulatorCapabilities.mostVCPUs)")
    },
    VirshCommand("uri", .host, "the hypervisor's URI") { shell, _ in shell.say("qemu:///system") },
    VirshCommand("version", .host, "versions", [.other("daemon")]) { $0.version($1) },
  ]

  private static let ownCommands: [VirshCommand] = [
    VirshCommand("cd", .virsh, "go to another folder", [.text("dir", "the folder")]) { $0.change(to: $1["dir"] ?? "/") },
    VirshCommand(
      "echo", .virsh, "print words",
      [
        .flag("shell", "quoted for a shell"), .flag("xml", "escaped for XML"), .other("split"), .flag("err", "as an error"),
        .rest("string", "the words"),
      ]
    ) { $0.echo($1) },
    VirshCommand("exit", .virsh, "end virsh") { shell, _ in shell.quit() },
    VirshCommand(
      "help", .virsh, "what commands there are, or what one does", [.text("command", "the command, or a group of them")]
    ) { $0.help($1) },
    VirshCommand("pwd", .virsh, "the folder") { shell, _ in shell.say(shell.folder) },
    VirshCommand("quit", .virsh, "end virsh") { shell, _ in shell.quit() },
  ]

  func say(_ line: String) -> Bool {
    put(line + "\n")
    return true
  }

  /// Commands of virsh 9.0 that are not modelled.
  static let otherCommands = Set(
    """
    allocpages attach-device attach-disk attach-interface backup-begin backup-dumpxml blkdeviotune blkiotune blockcommit blockcopy blockjob \
    blockpull blockresize capabilities change-media checkpoint-create checkpoint-create-as checkpoint-delete checkpoint-dumpxml \
    checkpoint-edit checkpoint-info checkpoint-list checkpoint-parent connect cpu-baseline cpu-compare cpu-models cpu-stats create-as desc \
    detach-device detach-device-alias detach-disk detach-interface dom-fd-associate domblkerror domblkinfo domblkstat domblkthreshold \
    domdirtyrate-calc domdisplay domdisplay-reload domfsfreeze domfsinfo domfsthaw domfstrim domhostname domif-getlink domif-setlink \
    domifaddr domifstat domiftune domjobabort domjobinfo domlaunchsecinfo domsetlaunchsecstate dommemstat domname-set dompmsuspend \
    dompmwakeup domrename domsetmem domstats domtime domxml-from-native dump edit emulatorpin event find-storage-pool-sources \
    find-storage-pool-sources-as freecell freepages get-user-sshkeys guest-agent-timeout guestinfo guestvcpus hypervisor-cpu-baseline \
    hypervisor-cpu-compare iface-begin iface-bridge iface-commit iface-define iface-destroy iface-dumpxml iface-edit iface-list iface-mac \
    iface-name iface-rollback iface-start iface-unbridge iface-undefine inject-nmi iothreadadd iothreaddel iothreadinfo iothreadpin \
    iothreadset managedsave managedsave-define managedsave-dumpxml managedsave-edit managedsave-remove memtune metadata migrate \
    migrate-compcache migrate-getmaxdowntime migrate-getspeed migrate-postcopy migrate-setmaxdowntime migrate-setspeed net-autostart \
    net-create net-define net-destroy net-dhcp-leases net-dumpxml net-edit net-event net-info net-list net-name net-port-create \
    net-port-delete net-port-dumpxml net-port-list net-start net-undefine net-update net-uuid node-memory-tune nodecpumap nodecpustats \
    nodedev-autostart nodedev-create nodedev-define nodedev-destroy nodedev-detach nodedev-dumpxml nodedev-event nodedev-info nodedev-list \
    nodedev-reattach nodedev-reset nodedev-start nodedev-undefine nodeinfo nodememstats nodesevinfo nodesuspend numatune nwfilter-binding-create \
    nwfilter-binding-delete nwfilter-binding-dumpxml nwfilter-binding-list nwfilter-define nwfilter-dumpxml nwfilter-edit nwfilter-list \
    nwfilter-undefine perf pool-autostart pool-build pool-capabilities pool-create pool-create-as pool-define pool-define-as pool-delete \
    pool-destroy pool-dumpxml pool-edit pool-event pool-info pool-list pool-name pool-refresh pool-start pool-undefine pool-uuid \
    qemu-agent-command qemu-attach qemu-monitor-event restore save save-image-define save-image-dumpxml save-image-edit schedinfo screenshot \
    secret-define secret-dumpxml secret-event secret-get-value secret-list secret-set-value secret-undefine send-key send-process-signal \
    set-lifecycle-action set-user-password set-user-sshkeys setmaxmem setmem setvcpu setvcpus snapshot-create snapshot-create-as \
    snapshot-current snapshot-delete snapshot-dumpxml snapshot-edit snapshot-info snapshot-list snapshot-parent snapshot-revert sysinfo \
    update-device update-memory-device vcpupin vncdisplay vol-clone vol-create vol-create-as vol-create-from vol-delete vol-download \
    vol-dumpxml vol-info vol-key vol-list vol-name vol-path vol-pool vol-resize vol-upload vol-wipe
    """.split(separator: " ").map(String.init))
}
