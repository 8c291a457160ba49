// SPDX-License-Identifier: GPL-2.0
/*
 * Noise and mutated packets, a bounded amount of the same sequence each time. What must hold is in
 * fake_suffer(): whole packets only, none while the guest runs, and a new gdb is always served.
 */
#include "check.h"

static const char *const seeds[] = {
	"qSupported:swbreak+;hwbreak+;error-message+",
	"qSupported",
	"QStartNoAckMode",
	"?",
	"g",
	"p10",
	"P10=0100000000000000",
	"mffffffff81000000,10",
	"mffff888000001000,2000",
	"Mffff888000001000,2:abcd",
	"Xffff888000001000,4:}\x03!!!",
	"Z0,ffffffff81000000,1",
	"z0,ffffffff81000000,1",
	"Z2,ffff888000001000,8",
	"Z4,0,100;X3,220027",
	"Z0,ffffffff81000000,1;X3,220127X1,27;cmds:1,X1,27X2,2827",
	"QTinit",
	"QTDP:1:ffffffff81000000:E:0:0:X3,220127-",
	"QTDP:-1:ffffffff81000000:R3SM7,0,8X3,220127-",
	"QTDPsrc:1:ffffffff81000000:cmd:0:3:666f6f",
	"QTDV:1:7:0:6e",
	"QTro:10,20:30,40",
	"QTStart",
	"QTStop",
	"QTEnable:1:10",
	"QTBuffer:size:-1",
	"QTNotes:user:6d65;notes:6e;",
	"QTFrame:1",
	"QTFrame:range:1:2",
	"qTStatus",
	"qTP:3:20",
	"qTV:1",
	"qTfV",
	"qTsP",
	"qTBuffer:0,100",
	"qXfer:traceframe-info:read::0,100",
	"c",
	"s",
	"C0b",
	"S0b;1000",
	"vCont?",
	"vCont;c",
	"vCont;s:1;c",
	"vCont;C0b:2;r10,20:1;c:-1",
	"Hg2",
	"Hc-1",
	"T3",
	"qfThreadInfo",
	"qsThreadInfo",
	"qThreadExtraInfo,2",
	"qC",
	"qAttached",
	"qOffsets",
	"qXfer:features:read:target.xml:0,1000",
	"qXfer:exec-file:read::0,100",
	"qSymbol::",
	"qRcmd,68656c70",
	"qRcmd,776879",
	"qRcmd,68656c6c6f",
	"qRcmd,666c6f6f64",
	"D",
	"k",
	"vKill;1",
	"vMustReplyEmpty",
};

static void test_noise(void **state)
{
	static const char likely[] = "$$$##+-}*\x03:;,0123456789abcdefgGpPmMXcCsSvZzHTDkq?";
	u8 bytes[64];
	int round;
	size_t i;

	(void)state;
	srand(2);
	for (round = 0; round < 5000; round++) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = rand() % 4 ? likely[rand() % (sizeof(likely) - 1)] : rand();
		fake_suffer(bytes, sizeof(bytes));
	}
}

static size_t mutate(char *packet, size_t len)
{
	size_t at = rand() % (len + 1), end = rand() % (len + 1);

	switch (rand() % 6) {
	case 0:
		packet[at] = rand();
		return at == len ? len + 1 : len;
	case 1:
		return at;
	case 2:
		memmove(packet, packet + at, len - at);
		return len - at;
	case 3:
		memmove(packet + at + 1, packet + at, len - at);
		packet[at] = "0f;:,-"[rand() % 6];
		return len + 1;
	case 4:
		if (at < end)
			memset(packet + at, 'f', end - at);
		return len;
	default:
		return len;
	}
}

/* The sum is right, so that the handlers see it. */
static size_t mutated_frame(char *to)
{
	const char *seed = seeds[rand() % ARRAY_SIZE(seeds)];
	size_t len = strlen(seed);
	char packet[128];

	memcpy(packet, seed, len);
	len = mutate(packet, len);
	if (rand() % 4 == 0)
		len = mutate(packet, len);
	return fake_frame(to, packet, len);
}

static void test_mutated_packets(void **state)
{
	static char line[16 * 256];
	size_t len;
	int round, i;

	(void)state;
	srand(3);
	for (round = 0; round < 12500; round++) {
		len = 0;
		for (i = 0; i < 16; i++) {
			len += mutated_frame(line + len);
			if (rand() % 16 == 0)
				line[len++] = "+-\x03$"[rand() % 4];
		}
		fake_suffer((u8 *)line, len);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_noise),
	cmocka_unit_test(test_mutated_packets),
};

CHECK_MAIN(tests)
