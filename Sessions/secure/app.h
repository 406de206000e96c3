/* What an application has of the TEE. */
#pragma once
#include "abi.h"

u64 application(u64 entry, u64 command, struct parameter *parameters);
void log_text(const char *text, u64 length);
void application_key(u8 key[32]);

#define LOG(text) log_text(text, sizeof text - 1)
