/// What Swift's import of the C library leaves out.
#ifndef CMACHINE_H
#define CMACHINE_H

/// A file in memory without a name, of so many bytes, closed at exec; -1 where the system has none. Linux, memfd_create(2).
int machine_memory_file(const char *name, long size);

#endif
