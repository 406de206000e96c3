// Swift's driver hands the linker what stands in this section of every object file, in the order of the objects, before the libraries of
// the toolchain. A library that a dependency imports and nothing here calls (Foundation, and with it 40 MB of ICU) is then not loaded at
// each start: a quarter of the time that `workbench --version` takes.
#if defined(__ELF__)
__attribute__((used, section(".swift1_autolink_entries"))) static const char as_needed[] = "-Wl,--as-needed";
#endif
