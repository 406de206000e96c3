#pragma once
// Wide-character ncurses: the macro must be set before the header is read.
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
