// CTerm: the terminal, as far as Swift cannot reach it by itself. Wide ncurses drives the screen and the
// keyboard; signal handlers, crash handlers and suspending have to be C.
//
// One terminal per process, all calls from the main thread. Nothing here keeps a pointer it was given, and
// nothing needs to be freed.
#pragma once
#include <stdint.h>

// What ct_open answers.
#define CT_OK 0
#define CT_NOT_A_TTY -1    // stdin or stdout is a file or a pipe
#define CT_TERM_UNKNOWN -2 // TERM is unset, or has no description
#define CT_TERM_DUMB -3    // the terminal cannot move its cursor or clear its screen

// What ct_wait answers, a set.
#define CT_INPUT 1
#define CT_SIGNAL 2
#define CT_HANGUP 4
#define CT_EXTRA 8

// Kinds of event. They are numbers by macro, not an enum, because those arrive in Swift as Int32.
#define CT_CHAR 1       // code: a Unicode scalar; control characters as themselves (3 is ^C, 27 a lone Esc)
#define CT_KEY 2        // code: one of CT_KEY_… below
#define CT_ALT 3        // code: the scalar that was typed with Alt
#define CT_MOUSE 4      // x, y: the cell, from 0; buttons: one of CT_BUTTON_…
#define CT_PASTE_CHAR 5 // code: a scalar of pasted text; line ends arrive as 13
#define CT_PASTE_END 6

#define CT_KEY_UP 1
#define CT_KEY_DOWN 2
#define CT_KEY_LEFT 3
#define CT_KEY_RIGHT 4
#define CT_KEY_HOME 5
#define CT_KEY_END 6
#define CT_KEY_PAGE_UP 7
#define CT_KEY_PAGE_DOWN 8
#define CT_KEY_INSERT 9
#define CT_KEY_DELETE 10
#define CT_KEY_BACKSPACE 11
#define CT_KEY_BACKTAB 12
#define CT_KEY_SHIFT_LEFT 13
#define CT_KEY_SHIFT_RIGHT 14
#define CT_KEY_CTRL_LEFT 15
#define CT_KEY_CTRL_RIGHT 16
#define CT_KEY_F1 101 // F1 + n, up to F12 = 112
#define CT_KEY_F12 112

#define CT_BUTTON_LEFT 1
#define CT_BUTTON_MIDDLE 2
#define CT_BUTTON_RIGHT 3
#define CT_WHEEL_UP 4
#define CT_WHEEL_DOWN 5

// Attributes for ct_put, a set.
#define CT_BOLD 1
#define CT_DIM 2
#define CT_UNDERLINE 4
#define CT_REVERSE 8
#define CT_ITALIC 16

struct ct_event {
  int32_t kind;
  int32_t code;
  int32_t x, y;
  int32_t buttons;
};

/// 1 for a terminal with a light background, 0 for a dark one, -1 if it does not say so within `timeout_ms`. To be asked before ct_open.
int ct_background(int timeout_ms);
/// Takes the terminal. While it is ours, text written to a stderr that is a terminal is held back; ct_close, or
/// a crash, shows it: that is where the Swift runtime says why it traps. ct_close runs at exit by itself.
int ct_open(int want_mouse, int want_paste);
/// Gives the terminal back as it was found. May be called at any time and more than once; ct_open works again.
void ct_close(void);
/// Text (at most 1023 bytes, copied) to write to stderr after a crash has given the terminal back.
void ct_set_crash_note(const char *text);

/// Whether TERM has no description here, and the terminal was taken for an xterm, which all of its family are like.
int ct_stand_in(void);
void ct_size(int *columns, int *rows);
/// For SIGWINCH: takes over the present size; the next flush repaints everything.
void ct_resized(void);
/// 0 for none, else how many palette colours there are, at most 256.
int ct_colors(void);
int ct_truecolor(void);
int ct_utf8(void);

/// Waits for keys, signals and `extra_fd` (-1 for none), at most `timeout_ms` (-1 for ever). 0 is a timeout.
int ct_wait(int timeout_ms, int extra_fd);
/// The next signal that came in, or 0: SIGWINCH (call ct_resized), SIGTSTP (call ct_suspend), SIGCONT (call ct_redraw); any
/// other is one that ends a program (leave).
int ct_next_signal(void);
/// 1 and the next event, or 0 if there is none.
int ct_next_event(struct ct_event *event);
/// For ^Z: gives the terminal to the shell, stops the whole job, and takes the terminal again afterwards.
void ct_suspend(void);

/// Draws a run of scalars in one style; `fg` and `bg` are palette numbers or -1 for the terminal's own. A scalar
/// of width 2 takes two columns, one of width 0 joins the one before it; what runs over the edge is clipped.
void ct_put(int y, int x, const uint32_t *text, int count, int fg, int bg, int attributes);
/// Where the cursor shows after the next flush; -1, -1 hides it.
void ct_cursor(int y, int x);
/// Brings the screen up to date. Blocks as long as the terminal is slow.
void ct_flush(void);
/// For ^L and SIGCONT: takes the terminal's modes once more; the next flush repaints everything.
void ct_redraw(void);
/// Writes past ncurses, for who presents by themselves. 0, or -1 if the terminal is gone.
int ct_write_all(const void *bytes, int64_t count);
void ct_bell(void);
