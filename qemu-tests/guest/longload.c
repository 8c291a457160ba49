// SPDX-License-Identifier: GPL-2.0
/*
 * longload SECONDS: forks, page faults, queued signals, a timer and a disk, all at once, each counting what it did and
 * what of it was right, for so long or until SIGTERM comes to the process that /tmp/longload.pid names. Prints
 * "longload: NAME: R of N right" for each; status 0 if nothing was lost. User space.
 *
 * The disk is the one on which the harness delivers files, far behind what it uses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	   4096L
#define DISK	   "/dev/sda"
#define DISK_START (400L << 20)
#define DISK_SPAN  (64L << 20)
#define BLOCK	   (64L << 10)
#define PERIOD_NS  10000000L

static double end;
static volatile bool *over; /* shared by all */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static bool goes_on(void)
{
	return !*over && now() < end;
}

static void on_term(int number)
{
	(void)number;
	*over = true;
}

static int report(const char *name, long right, long count)
{
	printf("longload: %s: %ld of %ld right\n", name, right, count);
	fflush(stdout);
	return right != count || !count;
}

static int forks(void)
{
	long right = 0, count = 0;

	for (; goes_on(); count++) {
		int status = 0;
		pid_t pid = fork();

		if (!pid)
			_exit(count % 100);
		right += pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == count % 100;
	}
	return report("forks", right, count);
}

static int faults(void)
{
	long right = 0, count = 0;

	for (; goes_on(); count++) {
		long good = 0, nr = 64, i;
		char *map = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED)
			continue;
		for (i = 0; i < nr; i++)
			*(long *)(map + i * PAGE) = count + i;
		for (i = 0; i < nr; i++)
			good += *(long *)(map + i * PAGE) == count + i && !*(long *)(map + i * PAGE + 8);
		munmap(map, nr * PAGE);
		right += good == nr;
	}
	return report("page faults", right, count);
}

/* Each signal carries its number: in order, none twice, none lost. Told to go on every 16, for a queue has an end. */
static void receive_signals(int go_on)
{
	sigset_t set;
	siginfo_t info;
	long expected = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	while (sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == expected) {
		expected++;
		if (expected % 16 == 0 && write(go_on, "", 1) != 1)
			break;
	}
	_exit(1);
}

static int signals(void)
{
	long right = 0, count = 0;
	int pipes[2], status;
	sigset_t set;
	char byte;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (pipe(pipes))
		return 1;
	pid = fork();
	if (!pid) {
		close(pipes[0]);
		receive_signals(pipes[1]);
	}
	close(pipes[1]);
	while (goes_on()) {
		for (int i = 0; i < 16; i++)
			sigqueue(pid, SIGRTMIN, (union sigval){ .sival_int = count++ });
		if (read(pipes[0], &byte, 1) != 1)
			break;
		right += 16;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return report("signals", right, count);
}

/* Expirations and overruns together are the time that has passed. */
static int timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec period = { { 0, PERIOD_NS }, { 0, PERIOD_NS } };
	long count = 0, expected, tries = 100;
	double begin;
	timer_t timer;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return 1;
	begin = now();
	timer_settime(timer, 0, &period, NULL);
	/* Past the end until no halt has come between a signal and the look at the clock. */
	do {
		if (sigwaitinfo(&set, NULL) == SIGRTMIN)
			count += 1 + timer_getoverrun(timer);
		expected = (now() - begin) * 1e9 / PERIOD_NS;
	} while (goes_on() || (labs(expected - count) > 1 && tries-- > 0));
	return report("timer periods", count, labs(expected - count) > 1 ? expected : count);
}

static int disk(void)
{
	int fd = open(DISK, O_RDWR | O_DIRECT);
	uint32_t *wrote = aligned_alloc(PAGE, BLOCK), *read_back = aligned_alloc(PAGE, BLOCK);
	long right = 0, count = 0;

	if (fd < 0 || !wrote || !read_back)
		return report("disk blocks", 0, 1);
	srand(1);
	for (; goes_on(); count++) {
		off_t place = DISK_START + rand() % (DISK_SPAN / BLOCK) * BLOCK;

		for (long i = 0; i < BLOCK / 4; i++)
			wrote[i] = count * 2654435761u + i;
		if (pwrite(fd, wrote, BLOCK, place) == BLOCK && pread(fd, read_back, BLOCK, place) == BLOCK)
			right += !memcmp(wrote, read_back, BLOCK);
	}
	return report("disk blocks", right, count);
}

int main(int argc, char **argv)
{
	int (*const works[])(void) = { forks, faults, signals, timers, disk };
	int bad = 0, status;

	struct sigaction action = { .sa_handler = on_term, .sa_flags = SA_RESTART };
	FILE *file = fopen("/tmp/longload.pid", "w");

	over = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!file || over == MAP_FAILED)
		return 2;
	fprintf(file, "%d\n", getpid());
	fclose(file);
	sigaction(SIGTERM, &action, NULL);
	end = now() + (argc > 1 ? atof(argv[1]) : 10);
	for (unsigned int i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (!fork())
			_exit(works[i]());
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}
