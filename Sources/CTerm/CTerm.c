#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "CTerm.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static SCREEN *screen; // not NULL between ct_open and ct_close
static WINDOW *input;
static struct termios saved_modes;
static int mouse_wanted, paste_wanted;
static int private_modes; // the terminal takes, or at least swallows, ESC [ ? n h
static int default_colours;
static int cursor_y = -1, cursor_x = -1;
static int frame_dirty;
static int away; // suspended, the terminal is the shell's

static const char *capability(const char *name) {
  const char *string = tigetstr(name);
  return string == (const char *)-1 ? NULL : string;
}

// MARK: Signals

// A handler may do next to nothing, so it only tells the event loop, which then leaves, resizes or suspends in
// its own time.
static const int screen_signals[] = {SIGWINCH, SIGCONT, SIGTSTP};
// All whose default is to end the program; of the real-time ones, see told_signals.
static const int end_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE,
                                  SIGXCPU, SIGXFSZ,
#ifdef SIGIO
                                  SIGIO,
#endif
#ifdef SIGPWR
                                  SIGPWR,
#endif
#ifdef SIGSTKFLT
                                  SIGSTKFLT,
#endif
};
// Swift traps by SIGILL on x86-64 and by SIGTRAP on arm64.
static const int crash_signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGSYS};

#define MOST_TOLD 80
static int told_signals[MOST_TOLD]; // those above, and from SIGRTMIN to SIGRTMAX
static int told_count;
static struct sigaction told_before[MOST_TOLD];
static struct sigaction crash_before[LENGTH(crash_signals)];
static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t told_to_leave;
static char crash_stack[64 * 1024]; // a stack overflow leaves no room for its own handler

// All that the crash handler needs is prepared beforehand, since almost no function may be called in it.
static volatile sig_atomic_t restore_on_crash;
static char restore_string[256];
static int restore_length;
static char crash_note[1024];
static FILE *stderr_held; // collects stderr while the screen is ours
static int stderr_held_fd = -1, stderr_real = -1;

static void tell_loop(int number, siginfo_t *info, void *context) {
  (void)context;
  // These two are ours if no one else sent them: a write that failed has said so to who wrote.
  if ((number == SIGPIPE || number == SIGXFSZ) && (info->si_pid == getpid() || info->si_code == SI_KERNEL)) return;
  int kept = errno;
  unsigned char byte = (unsigned char)number;
  if (number != SIGWINCH && number != SIGCONT && number != SIGTSTP) told_to_leave = 1;
  // A full pipe means that the loop has more than enough to wake up for.
  ssize_t written = write(signal_pipe[1], &byte, 1);
  (void)written;
  errno = kept;
}

// Async-signal-safe, since the crash handler uses it. The descriptor may be non-blocking: it shares that with
// every process on this terminal.
static int write_fully(int fd, const char *bytes, int64_t count) {
  while (count > 0) {
    ssize_t n = write(fd, bytes, (size_t)count);
    if (n >= 0) {
      bytes += n;
      count -= n;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      struct pollfd out = {fd, POLLOUT, 0};
      if (poll(&out, 1, -1) > 0 && out.revents & (POLLERR | POLLHUP | POLLNVAL)) return -1;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return 0;
}

int ct_write_all(const void *bytes, int64_t count) { return write_fully(STDOUT_FILENO, bytes, count); }

static void show_held_stderr(void) {
  if (stderr_real < 0) return;
  dup2(stderr_real, STDERR_FILENO);
  lseek(stderr_held_fd, 0, SEEK_SET);
  char part[512];
  ssize_t n;
  while ((n = read(stderr_held_fd, part, sizeof part)) > 0) write_fully(STDERR_FILENO, part, n);
}

static void crashed(int number) {
  if (restore_on_crash) {
    restore_on_crash = 0;
    write_fully(STDOUT_FILENO, restore_string, restore_length);
    // Flushes the input too: the shell should not read mouse reports.
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_modes);
    show_held_stderr();
    write_fully(STDERR_FILENO, crash_note, (int64_t)strlen(crash_note));
  }
  // Every signal is blocked in here, so this one takes effect on return, at the instruction that crashed: the
  // core dump and the exit status are those of the crash.
  signal(number, SIG_DFL);
  raise(number);
}

static void list_told_signals(void) {
  told_count = 0;
  for (int i = 0; i < LENGTH(screen_signals); i++) told_signals[told_count++] = screen_signals[i];
  for (int i = 0; i < LENGTH(end_signals); i++) told_signals[told_count++] = end_signals[i];
#ifdef SIGRTMIN
  for (int number = SIGRTMIN; number <= SIGRTMAX && told_count < MOST_TOLD; number++) told_signals[told_count++] = number;
#endif
}

static int install_signals(void) {
  if (pipe(signal_pipe) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
    fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
  }
  // SA_RESTART spares ncurses' reads and writes; poll() comes back with EINTR all the same.
  struct sigaction action = {.sa_sigaction = tell_loop, .sa_flags = SA_RESTART | SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  list_told_signals();
  for (int i = 0; i < told_count; i++) {
    int number = told_signals[i];
    sigaction(number, NULL, &told_before[i]);
    // Who started us with a signal ignored (nohup, a shell without job control) wants it ignored. The two that
    // are ignored by default are a matter of the screen alone; the two that this program ignores itself, of writes.
    int always = number == SIGWINCH || number == SIGCONT || number == SIGPIPE || number == SIGXFSZ;
    if (always || told_before[i].sa_handler != SIG_IGN) sigaction(number, &action, NULL);
  }

  stack_t stack = {.ss_sp = crash_stack, .ss_size = sizeof crash_stack};
  sigaltstack(&stack, NULL);
  action.sa_handler = crashed; // without SA_SIGINFO
  action.sa_flags = SA_ONSTACK;
  // Blocking everything also lets tcsetattr through when we crash in the background, where SIGTTOU would stop us.
  sigfillset(&action.sa_mask);
  for (int i = 0; i < LENGTH(crash_signals); i++) sigaction(crash_signals[i], &action, &crash_before[i]);
  return 0;
}

static void remove_signals(void) {
  for (int i = 0; i < told_count; i++) sigaction(told_signals[i], &told_before[i], NULL);
  for (int i = 0; i < LENGTH(crash_signals); i++) sigaction(crash_signals[i], &crash_before[i], NULL);
  for (int i = 0; i < 2; i++) close(signal_pipe[i]);
  signal_pipe[0] = signal_pipe[1] = -1;
}

int ct_next_signal(void) {
  unsigned char number;
  return signal_pipe[0] >= 0 && read(signal_pipe[0], &number, 1) == 1 ? number : 0;
}

void ct_set_crash_note(const char *text) {
  snprintf(crash_note, sizeof crash_note, "%s", text ? text : "");
}

// MARK: Modes

static void append_restore(const char *string) {
  for (const char *p = string; p && *p && restore_length < LENGTH(restore_string); p++) {
    // Delays in terminfo strings, "$<5>", are for the library that prints them.
    const char *delay_end = p[0] == '$' && p[1] == '<' ? strchr(p, '>') : NULL;
    if (delay_end) p = delay_end;
    else restore_string[restore_length++] = *p;
  }
}

static void prepare_restore(void) {
  restore_length = 0;
  if (private_modes) append_restore("\033[?2026l\033[?2004l");
  if (capability("kmous")) append_restore("\033[?1006l\033[?1000l");
  static const char *const names[] = {"rmir", "rmacs", "sgr0", "rmkx", "cnorm"};
  for (int i = 0; i < LENGTH(names); i++) append_restore(capability(names[i]));
  // Resetting the scroll region homes the cursor: leaving the alternate screen puts it back, and where there is
  // none the last line is the place.
  if (capability("csr")) append_restore("\033[r");
  append_restore(capability("rmcup") ? capability("rmcup") : "\033[999;1H\r\n");
}

static void mouse(int on) {
  if (mouse_wanted) {
    mmask_t presses = BUTTON1_PRESSED | BUTTON2_PRESSED | BUTTON3_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED;
    mousemask(on ? presses : 0, NULL);
  }
}

// ncurses 6.4 does not know bracketed paste.
static void paste(int on) {
  if (paste_wanted && private_modes) ct_write_all(on ? "\033[?2004h" : "\033[?2004l", 8);
}

static int actual_size(int *columns, int *rows) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return 0;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return 1;
}

void ct_size(int *columns, int *rows) {
  *columns = 80;
  *rows = 24;
  if (!actual_size(columns, rows) && screen) getmaxyx(stdscr, *rows, *columns);
}

void ct_resized(void) {
  int columns, rows;
  if (!screen) return;
  if (actual_size(&columns, &rows) && is_term_resized(rows, columns)) resizeterm(rows, columns);
  clearok(curscr, TRUE);
  frame_dirty = 1;
}

static int in_background(void) {
  pid_t foreground = tcgetpgrp(STDIN_FILENO);
  return foreground >= 0 && foreground != getpgrp();
}

void ct_redraw(void) {
  // "kill %1" continues a stopped job so that it can leave; reaching for the terminal would stop it again.
  if (!screen || (told_to_leave && in_background())) return;
  away = 0;
  restore_on_crash = 1;
  // Somebody else may have used the terminal: a shell while we were stopped, a program that wrote to it.
  reset_prog_mode();
  mouse(0);
  mouse(1);
  paste(1);
  ct_resized();
}

// MARK: Keys

// Our own codes in ncurses' tree of key sequences, beyond the last one that terminfo could bring in.
enum { SEQUENCE_KEY = 0x2000, PASTE_BEGIN = 0x3000, PASTE_END };

static mbstate_t partial; // of a character of which not all bytes have come
static int held_key;      // read ahead, to be read next; ERR for none
static int pasting;
static int gone;       // the terminal can no more be read
static int unread;     // bytes that were there and were not read, last time
static int more_input; // ncurses may have read more from the terminal than it has handed out

// Terminals send sequences which their terminfo entry does not have: other cursor key modes, TERM=screen with
// ctrl-arrows, PuTTY's function keys. These mean the same everywhere.
static void define_keys(void) {
  static const struct { char letter; int key; } letters[] = {
      {'A', CT_KEY_UP}, {'B', CT_KEY_DOWN}, {'C', CT_KEY_RIGHT},
      {'D', CT_KEY_LEFT}, {'H', CT_KEY_HOME}, {'F', CT_KEY_END}};
  enum { F1 = CT_KEY_F1 };
  static const int numbers[] = { // ESC [ n ~, with the gaps that the VT220 keyboard left
      [1] = CT_KEY_HOME, CT_KEY_INSERT, CT_KEY_DELETE, CT_KEY_END, CT_KEY_PAGE_UP, CT_KEY_PAGE_DOWN,
      [7] = CT_KEY_HOME, CT_KEY_END, [11] = F1, F1 + 1, F1 + 2, F1 + 3, F1 + 4,
      [17] = F1 + 5, F1 + 6, F1 + 7, F1 + 8, F1 + 9, [23] = F1 + 10, F1 + 11};
  char sequence[16];
  for (int i = 0; i < LENGTH(letters); i++)
    for (const char *introducer = "[O"; *introducer; introducer++) {
      snprintf(sequence, sizeof sequence, "\033%c%c", *introducer, letters[i].letter);
      define_key(sequence, SEQUENCE_KEY + letters[i].key);
    }
  for (int i = 0; i < LENGTH(numbers); i++) {
    snprintf(sequence, sizeof sequence, "\033[%d~", i);
    if (numbers[i]) define_key(sequence, SEQUENCE_KEY + numbers[i]);
  }
  define_key("\033[Z", SEQUENCE_KEY + CT_KEY_BACKTAB);
  define_key("\033[1;2D", SEQUENCE_KEY + CT_KEY_SHIFT_LEFT);
  define_key("\033[1;2C", SEQUENCE_KEY + CT_KEY_SHIFT_RIGHT);
  define_key("\033[1;5D", SEQUENCE_KEY + CT_KEY_CTRL_LEFT);
  define_key("\033[1;5C", SEQUENCE_KEY + CT_KEY_CTRL_RIGHT);
  // Extended capabilities have no fixed key codes; rxvt has sequences of its own here.
  if (capability("kLFT5")) define_key(capability("kLFT5"), SEQUENCE_KEY + CT_KEY_CTRL_LEFT);
  if (capability("kRIT5")) define_key(capability("kRIT5"), SEQUENCE_KEY + CT_KEY_CTRL_RIGHT);
  define_key("\033[200~", PASTE_BEGIN);
  define_key("\033[201~", PASTE_END);
}

static int key_for(int code) {
  static const struct { int code, key; } known[] = {
      {KEY_UP, CT_KEY_UP}, {KEY_DOWN, CT_KEY_DOWN}, {KEY_LEFT, CT_KEY_LEFT}, {KEY_RIGHT, CT_KEY_RIGHT},
      {KEY_HOME, CT_KEY_HOME}, {KEY_FIND, CT_KEY_HOME}, {KEY_A1, CT_KEY_HOME}, {KEY_PPAGE, CT_KEY_PAGE_UP},
      {KEY_A3, CT_KEY_PAGE_UP}, {KEY_END, CT_KEY_END}, {KEY_SELECT, CT_KEY_END}, {KEY_C1, CT_KEY_END},
      {KEY_NPAGE, CT_KEY_PAGE_DOWN}, {KEY_C3, CT_KEY_PAGE_DOWN}, {KEY_IC, CT_KEY_INSERT}, {KEY_DC, CT_KEY_DELETE},
      {KEY_BACKSPACE, CT_KEY_BACKSPACE}, {KEY_BTAB, CT_KEY_BACKTAB}, {KEY_SLEFT, CT_KEY_SHIFT_LEFT},
      {KEY_SRIGHT, CT_KEY_SHIFT_RIGHT}};
  if (code >= SEQUENCE_KEY && code < PASTE_BEGIN) return code - SEQUENCE_KEY;
  if (code >= KEY_F(1) && code <= KEY_F(12)) return CT_KEY_F1 + code - KEY_F(1);
  for (int i = 0; i < LENGTH(known); i++)
    if (known[i].code == code) return known[i].key;
  return 0; // among them KEY_RESIZE, which resizeterm leaves in the queue
}

static int read_key(void) {
  int key = held_key;
  held_key = ERR;
  return key != ERR ? key : wgetch(input);
}

// wgetch and this, not get_wch: that one loses a character whose bytes arrive one by one.
static int decode(int byte, int32_t *scalar) {
  char c = (char)byte;
  wchar_t wide = 0;
  size_t n = mbrtowc(&wide, &c, 1, &partial);
  if (n == (size_t)-1) {
    memset(&partial, 0, sizeof partial); // what was begun is lost, but this byte may begin anew
    n = mbrtowc(&wide, &c, 1, &partial);
    if (n == (size_t)-1) memset(&partial, 0, sizeof partial);
  }
  *scalar = (int32_t)wide;
  return n <= 1;
}

static int fill(struct ct_event *event, int kind, int32_t code) {
  event->kind = kind;
  event->code = code;
  return 1;
}

// An Esc that did not begin a key sequence: alone, with Alt's character, or before a sequence nobody knows,
// which must not arrive as typed text.
static int read_escape(struct ct_event *event) {
  int key = read_key();
  if (key == ERR || key == 27 || key > 255) {
    held_key = key;
    return fill(event, CT_CHAR, 27);
  }
  if (key == '[' || key == 'O') {
    int next = read_key();
    if (next == ERR) return fill(event, CT_ALT, key);
    while (key == '[' && next >= ' ' && next < '@') next = read_key(); // parameters, up to the letter that ends it
    if (next > 255 || next < ' ') held_key = next;
    return 0;
  }
  if (key == ']') { // what the terminal says of itself, later than it was waited for: up to BEL or ST
    int next = read_key(), before = 0;
    if (next == ERR) return fill(event, CT_ALT, key);
    while (next != ERR && next != 7 && !(before == 27 && next == '\\') && next <= 255) {
      before = next;
      next = read_key();
    }
    return 0;
  }
  int32_t scalar;
  while (!decode(key, &scalar))
    if ((key = read_key()) == ERR || key > 255) {
      held_key = key;
      return 0;
    }
  return fill(event, CT_ALT, scalar);
}

static int read_mouse(struct ct_event *event) {
  static const struct { mmask_t pressed; int32_t button; } buttons[] = {
      {BUTTON1_PRESSED, CT_BUTTON_LEFT}, {BUTTON2_PRESSED, CT_BUTTON_MIDDLE}, {BUTTON3_PRESSED, CT_BUTTON_RIGHT},
      {BUTTON4_PRESSED, CT_WHEEL_UP}, {BUTTON5_PRESSED, CT_WHEEL_DOWN}};
  MEVENT report;
  if (getmouse(&report) != OK) return 0;
  for (int i = 0; i < LENGTH(buttons); i++)
    if (report.bstate & buttons[i].pressed) {
      event->x = report.x;
      event->y = report.y;
      event->buttons = buttons[i].button;
      return fill(event, CT_MOUSE, 0);
    }
  return 0;
}

// Whether the terminal says that there is something to read, and gives nothing. A program in the background that no shell
// looks after is refused like that; POLLHUP tells of other ends.
static int gives_nothing(void) {
  struct pollfd in = {STDIN_FILENO, POLLIN, 0};
  int waiting = 0, before = unread;
  unread = 0;
  if (poll(&in, 1, 0) <= 0 || !(in.revents & POLLIN)) return 0;
  if (ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0 || waiting == 0) return 1;
  // Bytes that came just now are read the next time; only those that stay tell something.
  unread = waiting;
  if (waiting != before) return 0;
  unsigned char byte;
  ssize_t count = read(STDIN_FILENO, &byte, 1);
  if (count == 1) ungetch(byte);
  return count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN);
}

int ct_next_event(struct ct_event *event) {
  memset(event, 0, sizeof *event);
  if (!screen || away) return 0; // reading would turn the keypad on, and stop us in the background
  more_input = 1;
  for (int key; (key = read_key()) != ERR;) {
    int32_t scalar;
    if (key == PASTE_BEGIN) {
      pasting = 1;
    } else if (key == PASTE_END) {
      if (!pasting) continue;
      pasting = 0;
      return fill(event, CT_PASTE_END, 0);
    } else if (key > 255) {
      memset(&partial, 0, sizeof partial);
      if (key == KEY_MOUSE) {
        if (read_mouse(event) && !pasting) return 1;
      } else if (key == KEY_ENTER) {
        return fill(event, pasting ? CT_PASTE_CHAR : CT_CHAR, 13);
      } else if (!pasting && key_for(key)) {
        return fill(event, CT_KEY, key_for(key));
      }
    } else if (decode(key, &scalar)) {
      if (pasting && scalar == 3) { // a paste whose end never came must not lock the keyboard
        pasting = 0;
        held_key = key;
        return fill(event, CT_PASTE_END, 0);
      }
      if (pasting) return fill(event, CT_PASTE_CHAR, scalar);
      if (scalar == 8 || scalar == 127) return fill(event, CT_KEY, CT_KEY_BACKSPACE);
      if (scalar != 27) return fill(event, CT_CHAR, scalar);
      if (read_escape(event)) return 1;
    }
  }
  more_input = 0;
  memset(event, 0, sizeof *event);
  if (gives_nothing()) gone = 1;
  return 0;
}

int ct_wait(int timeout_ms, int extra_fd) {
  // poll() ignores negative descriptors.
  struct pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {signal_pipe[0], POLLIN, 0}, {extra_fd, POLLIN, 0}};
  if (gone) return CT_HANGUP;
  int found = more_input ? CT_INPUT : 0;
  if (poll(watched, 3, more_input ? 0 : timeout_ms) <= 0) return found;
  if (watched[0].revents & POLLIN) found |= CT_INPUT;
  // A terminal that is gone stays readable for ever: without this the loop would spin.
  if (watched[0].revents & (POLLHUP | POLLERR | POLLNVAL)) found |= CT_HANGUP;
  if (watched[1].revents) found |= CT_SIGNAL;
  if (watched[2].revents) found |= CT_EXTRA;
  return found;
}

// MARK: Drawing

// A palette number plus one, so that the terminal's own colour fits in. Pairs are never given up: a screen that
// uses all of them is rare, and taking one back would recolour cells that are still shown.
static uint16_t pair_of[257][257];
static int pairs_used;

static void forget_pairs(void) {
  memset(pair_of, 0, sizeof pair_of);
  pairs_used = 0;
}

// TERM=xterm-direct takes numbers from 8 up for 0xRRGGBB.
static int direct_colour(int number) {
  static const int bright[] = {0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
  static const int steps[] = {0, 95, 135, 175, 215, 255};
  if (number < 8) return number;
  if (number < 16) return bright[number - 8];
  if (number >= 232) return (8 + 10 * (number - 232)) * 0x010101;
  number -= 16;
  return steps[number / 36] << 16 | steps[number / 6 % 6] << 8 | steps[number % 6];
}

static int usable_colour(int number, int otherwise) {
  if (number < 0 || number > 255 || number >= COLORS) return default_colours ? -1 : otherwise;
  return COLORS > 256 ? direct_colour(number) : number;
}

static int pair_for(int fg, int bg) {
  if (!has_colors()) return 0;
  if (fg < 0 || fg > 255) fg = -1;
  if (bg < 0 || bg > 255) bg = -1;
  if (fg < 0 && bg < 0) return 0;
  uint16_t *pair = &pair_of[fg + 1][bg + 1];
  if (*pair == 0 && pairs_used + 1 < COLOR_PAIRS && pairs_used < UINT16_MAX &&
      init_extended_pair(pairs_used + 1, usable_colour(fg, COLOR_WHITE), usable_colour(bg, COLOR_BLACK)) == OK)
    *pair = (uint16_t)++pairs_used;
  return *pair;
}

// What would change the terminal's state, or the order of the text around it, instead of showing.
static int is_unprintable(wchar_t c) {
  int turns_text =
      c == 0x61c || (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return c == 0 || turns_text || wcwidth(c) < 0;
}

void ct_put(int y, int x, const uint32_t *text, int count, int fg, int bg, int attributes) {
  if (!screen || y < 0 || x < 0) return;
  attr_t style = 0;
  if (attributes & CT_BOLD) style |= A_BOLD;
  if (attributes & CT_DIM) style |= A_DIM;
  if (attributes & CT_UNDERLINE) style |= A_UNDERLINE;
  if (attributes & CT_REVERSE) style |= A_REVERSE;
  if (attributes & CT_ITALIC) style |= A_ITALIC;
  int pair = pair_for(fg, bg);

  cchar_t cells[256];
  for (int i = 0; i < count;) {
    int filled = 0, columns = 0;
    while (i < count && filled < LENGTH(cells)) {
      wchar_t cell[CCHARW_MAX] = {(wchar_t)text[i++]};
      // Visible, where ncurses would leave a hole: this is also what non-ASCII looks like without UTF-8.
      if (is_unprintable(cell[0]) || wcwidth(cell[0]) == 0) cell[0] = L'?';
      int marks = 1;
      for (; i < count && wcwidth((wchar_t)text[i]) == 0 && !is_unprintable((wchar_t)text[i]); i++)
        if (marks < CCHARW_MAX - 1) cell[marks++] = (wchar_t)text[i];
      if (setcchar(&cells[filled], cell, style, 0, &pair) != OK) continue;
      columns += wcwidth(cell[0]) == 2 ? 2 : 1;
      filled++;
    }
    // It leaves the cursor alone, so even the last cell of the screen cannot make it scroll.
    mvadd_wchnstr(y, x, cells, filled);
    x += columns;
  }
  frame_dirty = 1;
}

void ct_cursor(int y, int x) {
  if (y == cursor_y && x == cursor_x) return;
  cursor_y = y;
  cursor_x = x;
  frame_dirty = 1;
}

void ct_flush(void) {
  if (!screen || away || !frame_dirty) return; // nothing to show costs no bytes
  frame_dirty = 0;
  // ncurses writes at each jump of the cursor, some 80 times a frame; the terminal should show the last state only.
  int synchronized = private_modes && COLORS >= 256;
  int shown = cursor_y >= 0 && cursor_x >= 0;
  if (synchronized) ct_write_all("\033[?2026h", 8);
  else curs_set(0);
  if (move(shown ? cursor_y : 0, shown ? cursor_x : 0) == ERR) shown = 0;
  refresh();
  curs_set(shown);
  if (synchronized) ct_write_all("\033[?2026l", 8);
}

int ct_colors(void) {
  if (!screen || !has_colors()) return 0;
  return COLORS > 256 ? 256 : COLORS;
}

int ct_truecolor(void) {
  const char *value = getenv("COLORTERM");
  return value && (strcmp(value, "truecolor") == 0 || strcmp(value, "24bit") == 0);
}

int ct_utf8(void) { return strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }

void ct_bell(void) {
  if (screen) beep();
}

// MARK: What the terminal is

// Terminals whose descriptions are not on every machine, and which all understand what xterm does.
static int is_like_xterm(const char *term) {
  static const char *const families[] = {"xterm", "kitty", "alacritty", "foot", "wezterm", "ghostty", "contour",
                                         "rio", "konsole", "vte", "gnome", "iterm2", "tmux"};
  for (int i = 0; i < LENGTH(families); i++)
    if (strncmp(term, families[i], strlen(families[i])) == 0) return 1;
  return 0;
}

static int is_stand_in;

int ct_stand_in(void) { return is_stand_in; }

static unsigned char typed_ahead[64]; // while the terminal was asked
static int typed_ahead_count;

// The value of up to four hexadecimal digits, as a share of the most they can say.
static double share(const char **text) {
  double value = 0, most = 0;
  for (; isxdigit((unsigned char)**text); ++*text) {
    int c = tolower((unsigned char)**text);
    value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    most = most * 16 + 15;
  }
  return most > 0 ? value / most : 0;
}

// Whether the answer to OSC 11 says that the background is light.
static int is_light(const char *answer) {
  const char *colour = strstr(answer, "]11;rgb:");
  if (!colour) return -1;
  colour += strlen("]11;rgb:");
  double luminance = 0, weights[] = {0.2126, 0.7152, 0.0722}; // ITU-R BT.709
  for (int i = 0; i < 3; i++) {
    luminance += weights[i] * share(&colour);
    if (i < 2 && *colour++ != '/') return -1;
  }
  return luminance > 0.5;
}

int ct_background(int timeout_ms) {
  const char *term = getenv("TERM"), *hint = getenv("COLORFGBG");
  if (hint && strrchr(hint, ';')) { // rxvt, konsole: foreground;background
    int background = atoi(strrchr(hint, ';') + 1);
    return background == 7 || background == 15;
  }
  struct termios before, asking;
  if (screen || !term || !is_like_xterm(term) || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return -1;
  if (tcgetattr(STDIN_FILENO, &before) != 0) return -1;
  asking = before;
  asking.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  if (tcsetattr(STDIN_FILENO, TCSANOW, &asking) != 0) return -1;
  // Every terminal answers what it is, also one that does not know the first question.
  static const char question[] = "\033]11;?\033\\\033[c";
  char answer[256];
  size_t count = 0;
  const char *end = NULL;
  if (write(STDOUT_FILENO, question, sizeof question - 1) == sizeof question - 1)
    while (!end && count < sizeof answer - 1) {
      struct pollfd in = {STDIN_FILENO, POLLIN, 0};
      if (poll(&in, 1, timeout_ms) <= 0) break;
      ssize_t got = read(STDIN_FILENO, answer + count, sizeof answer - 1 - count);
      if (got <= 0) break;
      count += (size_t)got;
      answer[count] = 0;
      end = strstr(answer, "\033[?");
      if (end) end = strchr(end, 'c');
    }
  answer[count] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  // What is no answer was typed: keys before it, and after it.
  const char *first = strchr(answer, 27);
  size_t early = first ? (size_t)(first - answer) : count, late = end ? count - (size_t)(end + 1 - answer) : 0;
  if (early + late <= sizeof typed_ahead) {
    memcpy(typed_ahead, answer, early);
    if (late) memcpy(typed_ahead + early, end + 1, late);
    typed_ahead_count = (int)(early + late);
  }
  return is_light(answer);
}

// MARK: Opening and closing

int ct_open(int want_mouse, int want_paste) {
  static int closes_at_exit;
  if (screen) return CT_OK;
  setlocale(LC_ALL, "");
  setlocale(LC_NUMERIC, "C"); // no decimal commas in what C code formats for files
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return CT_NOT_A_TTY;
  if (tcgetattr(STDIN_FILENO, &saved_modes) != 0) return CT_NOT_A_TTY;
  const char *term = getenv("TERM");
  if (!term || !*term) return CT_TERM_UNKNOWN;

  // Before newterm, which installs handlers of its own where it finds the default. And never initscr: it prints
  // and exits when it does not like TERM.
  if (install_signals() != 0) return CT_TERM_UNKNOWN;
  away = told_to_leave = 0;
  screen = newterm(NULL, stdout, stdin);
  is_stand_in = !screen && is_like_xterm(term);
  if (is_stand_in) screen = newterm("xterm-256color", stdout, stdin);
  if (!screen) {
    remove_signals();
    return CT_TERM_UNKNOWN;
  }
  // newterm is content with a terminal that can do nothing.
  if (!capability("cup") || !capability("clear")) {
    ct_close();
    return CT_TERM_DUMB;
  }
  // The descriptions without an alternate screen are those of the plain ones: vt100, linux, ansi, sun.
  private_modes = capability("smcup") != NULL;
  mouse_wanted = want_mouse;
  paste_wanted = want_paste;
  prepare_restore();
  restore_on_crash = 1;
  if (!closes_at_exit) closes_at_exit = atexit(ct_close) == 0;

  raw();
  noecho();
  nonl();
  typeahead(-1); // a key must not cut a frame in two
  if (!getenv("ESCDELAY")) set_escdelay(25); // a very slow line can ask for more
  curs_set(0);
  cursor_y = cursor_x = -1;
  if (has_colors()) {
    start_color();
    default_colours = use_default_colors() == OK;
  }
  // Keys are read by a window of their own, and a pad: reading by one that can show would first refresh it.
  input = newpad(1, 1);
  keypad(input, TRUE);
  nodelay(input, TRUE);
  define_keys();
  held_key = ERR;
  pasting = more_input = unread = gone = 0;
  memset(&partial, 0, sizeof partial);
  more_input = typed_ahead_count > 0;
  for (; typed_ahead_count > 0; typed_ahead_count--) ungetch(typed_ahead[typed_ahead_count - 1]);
  mouseinterval(0); // else each click waits for a second one
  mouse(1);
  paste(1);
  ct_resized(); // LINES and COLUMNS in the environment may have told ncurses otherwise

  if (isatty(STDERR_FILENO) && (stderr_held = tmpfile())) {
    stderr_held_fd = fileno(stderr_held);
    fcntl(stderr_held_fd, F_SETFD, FD_CLOEXEC);
    int real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (real >= 0) dup2(stderr_held_fd, STDERR_FILENO);
    stderr_real = real;
  }
  return CT_OK;
}

static void leave_terminal(int when) {
  if (away) return;
  away = 1;
  mouse(0);
  paste(0);
  endwin();
  tcsetattr(STDIN_FILENO, when, &saved_modes);
  restore_on_crash = 0;
}

void ct_close(void) {
  if (!screen) return;
  // In the background our own clean-up would stop us.
  sigset_t terminal_output, mask_before;
  sigemptyset(&terminal_output);
  sigaddset(&terminal_output, SIGTTOU);
  sigprocmask(SIG_BLOCK, &terminal_output, &mask_before);
  // With a mouse there may be reports on their way which the shell should not read as typed.
  leave_terminal(mouse_wanted ? TCSAFLUSH : TCSADRAIN);
  show_held_stderr();
  if (stderr_real >= 0) close(stderr_real);
  if (stderr_held) fclose(stderr_held);
  stderr_held = NULL;
  stderr_held_fd = stderr_real = -1;
  if (input) delwin(input);
  input = NULL;
  delscreen(screen);
  screen = NULL;
  default_colours = mouse_wanted = paste_wanted = 0;
  forget_pairs();
  remove_signals();
  sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

void ct_suspend(void) {
  struct sigaction stop_before, continue_before;
  sigaction(SIGTSTP, NULL, &stop_before);
  if (!screen || stop_before.sa_handler == SIG_IGN) return; // nobody there who could continue us
  signal(SIGTSTP, SIG_DFL);
  sigaction(SIGCONT, NULL, &continue_before);
  signal(SIGCONT, SIG_DFL); // what it would tell the loop is done below
  leave_terminal(TCSADRAIN);
  // The whole job, as the terminal itself would do on ^Z: a wrapper that waits for us has to stop as well.
  // Without a shell that controls jobs the kernel drops the signal, and we go on at once.
  kill(0, SIGTSTP);
  sigaction(SIGTSTP, &stop_before, NULL);
  sigaction(SIGCONT, &continue_before, NULL);
  // The user may have changed the modes meanwhile; continued in the background, we would see the shell's.
  if (!in_background() && tcgetattr(STDIN_FILENO, &saved_modes) == 0) def_shell_mode();
  ct_redraw();
  ct_flush();
}
