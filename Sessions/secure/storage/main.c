/* Secure storage: what a client gives is sealed with a key that follows from the platform's and from who this application is, and the
   client keeps it. Command 0 seals parameter 0 into parameter 1, command 1 opens one that was sealed. */
#include "../app.h"
#include "seal.h"

static u64 count; /* how many were sealed: no two with the same key stream */

u64 application(u64 entry, u64 command, struct parameter *p) {
  if (entry != ENTRY_INVOKE) return TEE_SUCCESS;
  if (command > 1) return TEE_ERROR_NOT_SUPPORTED;
  if (p[0].type != 5 || p[1].type != 6) return TEE_ERROR_BAD_PARAMETERS;
  u8 key[32];
  application_key(key);
  u64 result = TEE_SUCCESS, room = p[1].size;
  if (command == 0) {
    p[1].size = p[0].size + SEAL_OVERHEAD;
    if (room < p[1].size) result = TEE_ERROR_SHORT_BUFFER;
    else seal(p[1].bytes, key, count++, p[0].bytes, p[0].size);
  } else if (p[0].size == 0) {
    result = TEE_ERROR_ITEM_NOT_FOUND;
  } else if (p[0].size < SEAL_OVERHEAD) {
    result = TEE_ERROR_CORRUPT_OBJECT;
  } else {
    p[1].size = p[0].size - SEAL_OVERHEAD;
    if (room < p[1].size) result = TEE_ERROR_SHORT_BUFFER;
    else if (!unseal(p[1].bytes, key, p[0].bytes, p[0].size)) result = TEE_ERROR_CORRUPT_OBJECT, p[1].size = 0;
  }
  for (u64 n = 0; n < sizeof key; n++) ((volatile u8 *)key)[n] = 0;
  return result;
}
