// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile use of /dev/hvgdb: wrong sizes, pointers, numbers and versions, many threads on one file,
 * closing in mid-call, fork, dup, mappings of every kind. What it may not do is break anything; it
 * prints how many calls were made. User space, as root. Usage: ioctl-fuzz SEED SECONDS | rights
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICE	"/dev/hvgdb"
#define THREADS 4
#define FILES	4
#define NUMBERS 12

static volatile int files[FILES];
static volatile int done;
static unsigned long calls;
static uint8_t *readable, *read_only, *edge;

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A page that may be written, and behind it none. */
static void map_memory(void)
{
	readable = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	read_only = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(edge + 4096, 4096);
}

static uint64_t pointer(uint64_t *state)
{
	switch (next(state) % 10) {
	case 0:
		return 0;
	case 1:
		return next(state);
	case 2:
		return 0xffffffff81000000ULL + next(state) % (1 << 20);
	case 3:
		return (uintptr_t)read_only;
	case 4:
		return (uintptr_t)edge + 4096 - next(state) % 128;
	case 5:
		return 0x7ffffffff000ULL - next(state) % 4096;
	default:
		return (uintptr_t)readable + 32768 + next(state) % 4096;
	}
}

static uint32_t number(uint64_t *state)
{
	static const uint32_t interesting[] = { 0,	    1,		2,	   8,	  1024,
						1025,	    4096,	4097,	   32768, 0x2f8,
						0x7fffffff, 0x80000000, 0xffffffff };

	return next(state) % 3 ? interesting[next(state) % (sizeof(interesting) / 4)] : next(state);
}

/* A structure that is nearly right: its size, then numbers and pointers. */
static void fill(uint8_t *at, uint32_t size, uint64_t *state)
{
	uint64_t value;
	uint32_t i;

	for (i = 0; i < 512; i += 8) {
		value = next(state) % 2 ? pointer(state)
					: number(state) | (uint64_t)number(state) << 32;
		if (next(state) % 4 == 0)
			value = 0;
		memcpy(at + i, &value, sizeof(value));
	}
	memcpy(at, &size, sizeof(size));
}

/* Lines that commands and gdb would send, and noise. */
static void fill_text(uint64_t *state)
{
	static const char *const texts[] = {
		"events",
		"!exception ud",
		"!dr pid 1",
		"events c all",
		"!exception pf pid 0n99999",
		"$qSupported:swbreak+#00",
		"$g#67",
		"$m0,4000#2b",
		"$?#3f\003\003",
		"output",
		"events d all",
		"event",
		"$vCont;c#a8\003",
		"$D#44",
	};
	const char *text = texts[next(state) % (sizeof(texts) / sizeof(texts[0]))];
	uint32_t i;

	for (i = 0; i < 4096; i += 8)
		*(uint64_t *)(readable + 36864 + i) = next(state);
	if (next(state) % 4)
		strcpy((char *)readable + 32768 + next(state) % 64, text);
}

/*
 * The line of the harness's own is not to be armed: noise there would halt the guest. Nor registers
 * of other devices: reading them has effects.
 */
static void fill_attach(uint8_t *at, uint64_t *state)
{
	static const uint64_t places[] = { 0, 0, 0, 0x1000, 0x100000, 1ULL << 45, ~0ULL };
	uint64_t place = places[next(state) % (sizeof(places) / sizeof(places[0]))];
	uint16_t port = place ? 0 : 0x3220;

	if (next(state) % 8)
		memcpy(at + 8, &port, sizeof(port));
	memcpy(at + 64, &place, sizeof(place));
	if (next(state) % 2)
		memset(at + 72, 0, 8);
}

static void one_call(uint64_t *state)
{
	/* The sizes that the structures have, and their neighbours. */
	static const uint32_t sizes[] = { 0,  4,  8,  12, 16,  24,  32,	  40,
					  56, 60, 64, 68, 80, 104, 112, 260, 504, 4096, 65536 };
	uint32_t size = sizes[next(state) % (sizeof(sizes) / sizeof(sizes[0]))];
	unsigned long request = next(state) % NUMBERS | 'H' << 8 | (size & 0x3fff) << 16;
	uint8_t local[512];

	if (next(state) % 8)
		request |= (unsigned long)3 << 30;
	fill(local, next(state) % 4 ? size : number(state), state);
	if ((request & 0xff) == 1)
		fill_attach(local, state);
	if (next(state) % 16 == 0)
		ioctl(files[next(state) % FILES], request, pointer(state));
	else
		ioctl(files[next(state) % FILES], request, local);
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
}

static void one_mapping(uint64_t *state)
{
	static const uint64_t offsets[] = { 0,		4096,	  1ULL << 40, (1ULL << 40) + 4096,
					    1ULL << 50, ~0xfffULL };
	size_t size = 4096ULL << next(state) % 12;
	int protection = next(state) % 8;
	volatile uint8_t *at =
		mmap(NULL, size, protection, next(state) % 2 ? MAP_SHARED : MAP_PRIVATE,
		     files[next(state) % FILES], offsets[next(state) % 6]);

	if (at == MAP_FAILED)
		return;
	mprotect((void *)at, size, next(state) % 8);
	if (next(state) % 2)
		madvise((void *)at, size, MADV_DONTNEED);
	munmap((void *)at, size);
}

static void reopen(uint64_t *state)
{
	int slot = next(state) % FILES, old = files[slot];

	files[slot] = next(state) % 3 ? open(DEVICE, O_RDWR) : dup(files[next(state) % FILES]);
	if (old >= 0)
		close(old);
}

/* A child with the same files, that dies in the middle of its calls. */
static void fork_once(uint64_t *state)
{
	uint64_t theirs = next(state);
	pid_t child = fork();

	if (!child) {
		for (;;)
			one_call(&theirs);
	}
	usleep(next(state) % 5000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void *work(void *argument)
{
	uint64_t state = (uintptr_t)argument * 0x9e3779b97f4a7c15ULL | 1;
	unsigned int round;

	for (round = 1; !done; round++) {
		fill_text(&state);
		one_call(&state);
		if (round % 64 == 0)
			reopen(&state);
		if (round % 32 == 0)
			one_mapping(&state);
		if (round % 512 == 0)
			fork_once(&state);
	}
	return NULL;
}

static const char *result_of(const void *mapping)
{
	return mapping == MAP_FAILED ? strerrorname_np(errno) : "mapped";
}

/* The reader of the rings cannot write them, nor make the mapping writable later. */
static void show_mappings(void)
{
	struct {
		uint32_t size, version, holder, reserved;
		uint64_t rings_size, reader_size;
	} claim = { .size = sizeof(claim), .version = 2 };
	int device = open(DEVICE, O_RDWR);
	void *rings;

	if (ioctl(device, _IOC(_IOC_READ | _IOC_WRITE, 'H', 5, sizeof(claim)), &claim)) {
		printf("no reader: %s\n", strerrorname_np(errno));
		return;
	}
	printf("rings to be written: %s\n",
	       result_of(mmap(NULL, claim.rings_size, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0)));
	rings = mmap(NULL, claim.rings_size, PROT_READ, MAP_SHARED, device, 0);
	printf("rings to be read: %s\n", result_of(rings));
	printf("rings made writable: %s\n",
	       mprotect(rings, claim.rings_size, PROT_READ | PROT_WRITE) ? strerrorname_np(errno) : "yes");
	munmap(rings, claim.rings_size);
	close(device);
}

/* Who may open the device: errno for root without CAP_SYS_RAWIO, and for somebody else. */
static int show_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	show_mappings();
	syscall(SYS_capget, &header, data);
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	syscall(SYS_capset, &header, data);
	printf("without the capability: %s\n",
	       open(DEVICE, O_RDWR) < 0 ? strerrorname_np(errno) : "opened");
	if (setuid(65534))
		return 1;
	printf("another user: %s\n", open(DEVICE, O_RDWR) < 0 ? strerrorname_np(errno) : "opened");
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	uintptr_t seed;
	int i;

	if (argc == 2 && !strcmp(argv[1], "rights"))
		return show_rights();
	if (argc != 3)
		return 2;
	seed = strtoul(argv[1], NULL, 0);
	map_memory();
	for (i = 0; i < FILES; i++)
		files[i] = open(DEVICE, O_RDWR);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(seed + i));
	sleep(atoi(argv[2]));
	done = 1;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%lu calls\n", calls);
	return 0;
}
