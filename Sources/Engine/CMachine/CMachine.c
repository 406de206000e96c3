#define _GNU_SOURCE
#include "CMachine.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>

int machine_memory_file(const char *name, long size) {
  int file = memfd_create(name, MFD_CLOEXEC);
  if (file >= 0 && ftruncate(file, size) != 0) {
    close(file);
    return -1;
  }
  return file;
}
#else
int machine_memory_file(const char *name, long size) {
  (void)name;
  (void)size;
  return -1;
}
#endif
