/* Where things are: in a Realm of the workbench, or (-DQEMU) on QEMU's virt machine. For C and for assembly. */
#ifdef QEMU
#define RAM 0x40000000
#define UART 0x09000000
#define GICD 0x08000000
#define GICR 0x080a0000
#define FIRMWARE hvc
#else
#define RAM 0x80000000
#define UART 0x101000000 /* bit 32: shared with the Host, which emulates what is there */
#define GICD 0x13fff0000
#define GICR 0x13fef0000
#define FIRMWARE smc
#endif
