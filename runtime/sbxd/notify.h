/* SPDX-License-Identifier: MIT */
/* What systemd is told, by the datagrams of sd_notify(3). Without systemd
 * nothing happens. */
#ifndef SBX_SBXD_NOTIFY_H
#define SBX_SBXD_NOTIFY_H

#include <stdint.h>

/* "READY=1" and the like. */
void notify(const char *text);

/* Nanoseconds between two "WATCHDOG=1" that are wanted; 0: none are. */
uint64_t notify_watchdog_ns(void);

#endif
