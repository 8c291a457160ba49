/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conditions, commands and tracepoints for the fake target, with the real interpreter and trace
 * buffer of events/. User space only.
 */
#ifndef HVGDB_RSP_STUB_AGENT_H
#define HVGDB_RSP_STUB_AGENT_H

#include "fake_target.h"

void stub_agent_install(struct fake *f);

#endif
