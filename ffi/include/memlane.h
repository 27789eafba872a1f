/* memlane: messages between processes on one host, through shared memory.
 * SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef MEMLANE_H
#define MEMLANE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What this header belongs to. Compare with what the functions below say. */
#define MEMLANE_VERSION "0.1.0"
#define MEMLANE_LAYOUT_MAJOR 1

/* The library's version: a string with static lifetime, never null. */
const char *memlane_version(void);

/* Major version of the file layout that the library reads and writes. */
uint16_t memlane_layout_major(void);

#ifdef __cplusplus
}
#endif

#endif
