// SPDX-License-Identifier: GPL-2.0
/*
 * The event page. See page.h.
 *
 * Runs in VMX root and in user-space tests. Calls memset and rules_*().
 */
#include "page.h"

_Static_assert(sizeof(struct hvgdb_event_record) == 64, "gdb arms 64 bytes by one Z4");

/* Where the last record ends: what follows up to the page's end is nobody's. */
#define PAGE_BYTES (offsetof(struct hvgdb_events, dr) + sizeof(struct hvgdb_event_record))

/* The bytes from start on that [addr, addr + len) covers some of; wrapping around counts as far. */
static bool page_overlap(u64 addr, u64 len, u64 start, u64 size)
{
	if (addr >= start)
		return len && addr - start < size;
	return start - addr < len;
}

bool page_covers(const struct event_rules *rules, const struct event_rule *rule, u32 offset)
{
	return page_overlap(rule->z_addr, rule->z_len, rules->memory.page_address + offset,
			    sizeof(struct hvgdb_event_record));
}

u64 page_watch_address(const struct event_rules *rules, const struct event_rule *rule, u32 offset)
{
	return base_max(rule->z_addr, rules->memory.page_address + offset);
}

u32 page_record_offset(const struct event *event)
{
	if (event->kind == EVENT_EXCEPTION)
		return offsetof(struct hvgdb_events,
				exception[event->vector % EVENT_NR_EXCEPTIONS]);
	if (event->kind == EVENT_INTERRUPT)
		return offsetof(struct hvgdb_events, interrupt[event->vector]);
	return offsetof(struct hvgdb_events, dr);
}

static struct event_rule *page_find(struct event_rules *rules, unsigned int type, u64 addr, u64 len)
{
	struct event_rule *rule;
	u32 n;

	for (n = 0; (rule = rules_nth(rules, n)); n++)
		if (rule->origin == RULE_GDB && rule->z_type == type && rule->z_addr == addr &&
		    rule->z_len == len)
			break;
	return rule;
}

static int page_check(const struct event_rules *rules, unsigned int type, u64 addr, u64 len)
{
	if (!page_overlap(addr, len, rules->memory.page_address, PAGE_BYTES))
		return PAGE_NOT_OURS;
	return type == RSP_WATCH_READ || type == RSP_WATCH_ACCESS ? RSP_OK : RSP_EINVAL;
}

const char *page_refusal(unsigned int type)
{
	if (type == RSP_WATCH_WRITE)
		return "use awatch on the event page: gdb drops the hits of a watch whose value "
		       "has not changed";
	return "only watchpoints can be set on the event page";
}

static void page_text(unsigned int type, u64 addr, u64 len, struct rsp_text *out)
{
	rsp_text_add(out, type == RSP_WATCH_ACCESS ? "awatch 0x" : "rwatch 0x");
	rsp_text_hex(out, addr);
	rsp_text_add(out, ", ");
	rsp_text_dec(out, len);
	rsp_text_add(out, " bytes");
}

static int page_add(struct event_rules *rules, unsigned int type, u64 addr, u64 len)
{
	struct rule_spec spec = {
		.vector = RULES_NO_VECTOR,
		.stages = EVENT_STAGE_BIT(EVENT_PRE),
		.imm = true,
	};
	char buf[64];
	struct rsp_text text = { buf, 0, sizeof(buf) };
	struct event_rule *rule;
	u32 id;

	page_text(type, addr, len, &text);
	spec.text = (struct rule_span){ buf, text.len };
	if (rules_add(rules, &spec, RULE_GDB, &id))
		return RSP_EBREAKFULL;
	rule = rules_find(rules, id);
	rule->z_type = type;
	rule->z_addr = addr;
	rule->z_len = len;
	return RSP_OK;
}

int page_insert(struct event_rules *rules, unsigned int type, u64 addr, u64 len)
{
	int error = page_check(rules, type, addr, len);
	struct event_rule *rule;

	if (error)
		return error;
	rule = page_find(rules, type, addr, len);
	if (!rule)
		return page_add(rules, type, addr, len);
	rule->z_removed = false;
	return RSP_OK;
}

int page_remove(struct event_rules *rules, unsigned int type, u64 addr, u64 len)
{
	int error = page_check(rules, type, addr, len);
	struct event_rule *rule;

	if (error)
		return error;
	rule = page_find(rules, type, addr, len);
	if (rule)
		rule->z_removed = true;
	return RSP_OK;
}

void page_resume(struct event_rules *rules)
{
	struct event_rule *rule;
	u32 n = 0;

	while ((rule = rules_nth(rules, n))) {
		if (rule->origin == RULE_GDB && rule->z_removed)
			rules_remove(rules, rule->id);
		else
			n++;
	}
}

static struct hvgdb_event_record *page_record(struct hvgdb_events *events,
					      const struct event *event)
{
	if (event->kind == EVENT_EXCEPTION)
		return &events->exception[event->vector % EVENT_NR_EXCEPTIONS];
	if (event->kind == EVENT_INTERRUPT)
		return &events->interrupt[event->vector];
	return &events->dr;
}

void page_store(struct hvgdb_events *events, const struct event *event)
{
	struct hvgdb_event_record *record = page_record(events, event);

	__atomic_fetch_add(&record->count, 1, __ATOMIC_RELAXED);
	record->rip = event->rip;
	record->address = event->address;
	record->value = event->value;
	record->context = event_context(event);
	record->cpu = event->cpu;
	record->pid = event->pid;
	record->tid = event->tid;
	record->error = event->has_error ? event->error : 0;
	record->vector = event->vector;
	record->stage = event->stage;
	record->cpl = event->cpl;
	record->has_error = event->has_error;
	record->dr = event->dr;
	record->dr_read = event->dr_direction == EVENT_DR_READ;
	record->dr_gpr = event->dr_gpr;
}
