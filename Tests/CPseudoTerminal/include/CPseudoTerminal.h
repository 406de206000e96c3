// Starts a program in a pseudo-terminal of its own: what Swift cannot do for want of fork.
#pragma once
#include <sys/types.h>

/// Returns the child's process id, or -1. `primary` and `replica` are the two ends of the terminal.
pid_t pt_start(const char *program, char *const argv[], char *const envp[], int columns, int rows, int *primary, int *replica);

/// Lets files of a program grow to so many bytes and no more, as a full disk does; -1 lets them grow again.
int pt_limit_files(pid_t pid, long long bytes);

/// Lets the stack of a program grow no further.
int pt_limit_stack(pid_t pid);
