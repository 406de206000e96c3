#define _GNU_SOURCE
#include "CPseudoTerminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

pid_t pt_start(const char *program, char *const argv[], char *const envp[], int columns, int rows, int *primary, int *replica) {
  *primary = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*primary < 0 || grantpt(*primary) != 0 || unlockpt(*primary) != 0) return -1;
  char name[128];
  if (ptsname_r(*primary, name, sizeof name) != 0) return -1;
  *replica = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*replica < 0) return -1;
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  ioctl(*primary, TIOCSWINSZ, &size);
  fcntl(*primary, F_SETFL, O_NONBLOCK);
  pid_t pid = fork();
  if (pid != 0) return pid;
  // The thread that forks may have signals blocked, which a child would inherit.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);
  setsid();
  int terminal = open(name, O_RDWR);
  if (terminal < 0) _exit(126);
  for (int descriptor = 0; descriptor < 3; descriptor++) dup2(terminal, descriptor);
  if (terminal > 2) close(terminal);
  execve(program, argv, envp);
  _exit(127);
}

int pt_limit_files(pid_t pid, long long bytes) {
  struct rlimit limit = {bytes < 0 ? RLIM_INFINITY : (rlim_t)bytes, RLIM_INFINITY};
  return prlimit(pid, RLIMIT_FSIZE, &limit, NULL);
}

int pt_limit_stack(pid_t pid) {
  struct rlimit limit = {1, RLIM_INFINITY};
  return prlimit(pid, RLIMIT_STACK, &limit, NULL);
}
