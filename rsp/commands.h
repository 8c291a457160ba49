/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packet handlers: one a packet, called from the table in commands.c with the cursor behind
 * the packet's name. Each returns an enum rsp_error, RSP_UNKNOWN or RSP_SILENT. Runs in VMX root
 * and in user-space tests.
 */
#ifndef HVGDB_RSP_COMMANDS_H
#define HVGDB_RSP_COMMANDS_H

#include "parse.h"
#include "session.h"

/* stop.c */
int rsp_cmd_last_stop(struct rsp *rsp, struct rsp_in *in);

/* registers.c */
int rsp_cmd_read_registers(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_write_registers(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_read_register(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_write_register(struct rsp *rsp, struct rsp_in *in);

/* memory.c */
int rsp_cmd_read_memory(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_write_memory(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_write_binary(struct rsp *rsp, struct rsp_in *in);

/* breakpoints.c */
int rsp_cmd_insert_break(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_remove_break(struct rsp *rsp, struct rsp_in *in);

/* resume.c */
int rsp_cmd_continue(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_continue_signal(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_step(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_step_signal(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_vcont(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_vcont_query(struct rsp *rsp, struct rsp_in *in);

/* threads.c */
int rsp_cmd_set_thread(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_thread_alive(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_current_thread(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_first_threads(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_more_threads(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_thread_info(struct rsp *rsp, struct rsp_in *in);

/* query.c */
int rsp_cmd_supported(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_no_ack(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_offsets(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_attached(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_symbol(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_detach(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_kill(struct rsp *rsp, struct rsp_in *in);

/* xfer.c */
int rsp_cmd_xfer_features(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_event(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_records(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_xfer_exec_file(struct rsp *rsp, struct rsp_in *in);
int rsp_cmd_xfer_frame(struct rsp *rsp, struct rsp_in *in);

/* trace.c */
int rsp_cmd_trace(struct rsp *rsp, struct rsp_in *in);

/* monitor.c */
int rsp_cmd_monitor(struct rsp *rsp, struct rsp_in *in);

#endif
