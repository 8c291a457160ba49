// SPDX-License-Identifier: GPL-2.0
/*
 * The controller is killed hundreds of times while it forwards, and started again: what a file has
 * and what it is told was lost are exactly what was recorded, each once and in order; a FIFO may
 * have some of what is told. The rings are made here, in a memory file in place of /dev/hvgdb.
 * User space.
 */
#include "kmod/ctl/forward.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>
#include <cmocka.h>

#define CPUS   2
#define SLOTS  4096
#define STRIDE (HVGDB_RING_HEADER + SLOTS * HVGDB_RECORD_SIZE)
#define OFFSET (1 << 20)
#define RINGS  (OFFSET + CPUS * STRIDE)
#define READER ((sizeof(struct hvgdb_reader) + 4095) & ~4095ul)
#define KILLS  200
#define BURST  400 /* records a kill */
#define LINES  (KILLS * BURST)

static int device;
static struct hvgdb_area *area;
static struct hvgdb_reader *reader;
static char folder[] = "/tmp/kill-test-XXXXXX", file[64], fifo[64];

/* In place of libc's: the device is the memory file, and makes everybody who asks the reader. */
int open(const char *path, int flags, ...)
{
	va_list arguments;
	int mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
	va_end(arguments);
	if (!strcmp(path, HVGDB_DEVICE))
		return dup(device);
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...)
{
	struct hvgdb_ring_claim *claim;
	va_list arguments;

	(void)fd;
	va_start(arguments, request);
	claim = va_arg(arguments, struct hvgdb_ring_claim *);
	va_end(arguments);
	assert_true(request == HVGDB_RING);
	claim->rings_size = RINGS;
	claim->reader_size = READER;
	return 0;
}

static struct hvgdb_ring *ring_at(int cpu)
{
	return (void *)((char *)area + OFFSET + cpu * STRIDE);
}

static void add_output(int number, enum hvgdb_output_kind kind, const char *path)
{
	struct hvgdb_output *output = &area->output[number];

	*output = (struct hvgdb_output){
		.kind = kind, .format = HVGDB_FORMAT_JSON, .open = 1, .serial = number + 1
	};
	strcpy(output->address, path);
}

static void make_rings(void)
{
	device = memfd_create("rings", 0);
	assert_int_equal(ftruncate(device, HVGDB_MAP_READER + READER), 0);
	area = mmap(NULL, RINGS, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
	reader = mmap(NULL, READER, PROT_READ | PROT_WRITE, MAP_SHARED, device, HVGDB_MAP_READER);
	assert_true(area != MAP_FAILED && reader != MAP_FAILED);
	*area = (struct hvgdb_area){
		.version = HVGDB_RING_VERSION,
		.record_size = HVGDB_RECORD_SIZE,
		.nr_rings = CPUS,
		.ring_offset = OFFSET,
		.ring_stride = STRIDE,
		.slots = SLOTS,
		.tsc_khz = 2000000,
		.nr_outputs = HVGDB_NR_OUTPUTS,
		.generation = 1,
	};
	add_output(0, HVGDB_OUTPUT_FILE, file);
	add_output(1, HVGDB_OUTPUT_PIPE, fifo);
}

/* As root does, but it waits for room. */
static void record_one(int cpu)
{
	struct hvgdb_ring *ring = ring_at(cpu);
	struct hvgdb_record *record;

	while (ring->head - __atomic_load_n(&reader->cursor[cpu].tail, __ATOMIC_ACQUIRE) >= SLOTS)
		usleep(100);
	record = (void *)((char *)ring + HVGDB_RING_HEADER +
			  (ring->head % SLOTS) * HVGDB_RECORD_SIZE);
	*record = (struct hvgdb_record){
		.sequence = ring->head,
		.tsc = __rdtsc(),
		.cpu = cpu,
		.type = HVGDB_RECORD_EVENT,
		.rule = 1,
		.outputs = 3,
		.event = { .vector = 6, .comm = "kill_test" },
	};
	__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
}

static bool nothing_shown(const struct format_clock *clock, const struct message *message)
{
	(void)clock;
	(void)message;
	return true;
}

static pid_t start_controller(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		forward_and_show(nothing_shown);
		_exit(0);
	}
	return child;
}

/* What a receiver makes of its lines. */
struct account {
	uint64_t events, told, torn, disorder;
	int64_t last[CPUS];
};

static long long number(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? atoll(at + strlen(name)) : -1;
}

static void take_line(struct account *account, const char *line)
{
	long long cpu = number(line, "\"cpu\":"), seq = number(line, "\"seq\":");
	size_t length = strlen(line);

	if (line[0] != '{' || length < 3 || strcmp(line + length - 2, "}\n")) {
		account->torn++;
	} else if (strstr(line, "\"type\":\"lost\"")) {
		account->told += number(line, "\"count\":");
	} else {
		account->events++;
		account->disorder += cpu < 0 || cpu >= CPUS || seq <= account->last[cpu];
		if (cpu >= 0 && cpu < CPUS)
			account->last[cpu] = seq;
	}
}

static void take_all(struct account *account, FILE *from)
{
	static __thread char line[4096];

	*account = (struct account){ .last = { -1, -1 } };
	while (fgets(line, sizeof(line), from) && strcmp(line, "end\n"))
		take_line(account, line);
}

static void *read_fifo(void *argument)
{
	FILE *from = fopen(fifo, "r+"); /* it does not end while there is no controller */

	take_all(argument, from);
	fclose(from);
	return NULL;
}

static bool all_is_settled(int output)
{
	volatile struct hvgdb_output_status *status = &reader->output[output];
	uint64_t sent = status->progress[status->progress_at & 1].sent;

	return status->taken == LINES && sent + status->lost == LINES;
}

static void end_fifo(void)
{
	int fd = open(fifo, O_WRONLY);

	assert_int_equal(write(fd, "end\n", 4), 4);
	close(fd);
}

static void killed(void **state)
{
	struct account of_file, of_fifo;
	pthread_t thread;
	pid_t child;
	FILE *from;
	int tries;

	(void)state;
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	make_rings();
	child = start_controller();
	assert_int_equal(pthread_create(&thread, NULL, read_fifo, &of_fifo), 0);
	srand(1);
	for (int kill_nr = 0; kill_nr < KILLS; kill_nr++) {
		for (int i = 0; i < BURST; i++)
			record_one(rand() % CPUS);
		usleep(rand() % 8000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		child = start_controller();
	}
	for (tries = 0; tries < 3000 && !(all_is_settled(0) && all_is_settled(1)); tries++)
		usleep(10000);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	end_fifo();
	pthread_join(thread, NULL);

	from = fopen(file, "r");
	take_all(&of_file, from);
	fclose(from);
	print_message("file: %lu events, %lu told as lost; FIFO: %lu, %lu\n", of_file.events,
		      of_file.told, of_fifo.events, of_fifo.told);
	assert_int_equal(reader->output[0].taken, LINES);
	assert_int_equal(of_file.torn, 0);
	assert_int_equal(of_file.disorder, 0);
	assert_int_equal(of_file.events + of_file.told, LINES);
	assert_int_equal(of_file.told, reader->output[0].lost);
	assert_true(of_file.told > 0 && of_file.events > LINES / 10);
	assert_int_equal(of_fifo.torn, 0);
	assert_int_equal(of_fifo.disorder, 0);
	assert_true(of_fifo.events + of_fifo.told >= LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(killed) };

	if (!mkdtemp(folder))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
