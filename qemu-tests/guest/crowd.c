// SPDX-License-Identifier: GPL-2.0
/*
 * crowd COUNT: a process with a second thread, and a child that is process 1 of a pid namespace of its own. Writes "PID
 * CHILD", as everybody else sees them, to /tmp/crowd, waits for /tmp/go; then each of the three executes UD2 COUNT times.
 * Prints "crowd: M T C" with what each was told of, status 0 if that is all; the child checks that its pid is 1. User space.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static __thread volatile int told;
static int count;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	told++;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

static void wait_for_go(void)
{
	while (access("/tmp/go", F_OK))
		usleep(20000);
}

static int cause(void)
{
	for (int n = 0; n < count; n++)
		asm volatile("ud2" ::: "memory");
	return told;
}

static void *thread(void *result)
{
	wait_for_go();
	*(int *)result = cause();
	return NULL;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int main_told, thread_told = 0, status = 0;
	pthread_t second;
	pid_t child;
	FILE *file;

	count = argc > 1 ? atoi(argv[1]) : 1;
	sigaction(SIGILL, &action, NULL);
	/* Afterwards there can be no more threads. */
	if (pthread_create(&second, NULL, thread, &thread_told) || unshare(CLONE_NEWPID)) {
		perror("crowd");
		return 2;
	}
	child = fork();
	if (!child) {
		wait_for_go();
		_exit(getpid() == 1 ? cause() : 255);
	}
	file = fopen("/tmp/crowd", "w");
	fprintf(file, "%d %d\n", getpid(), child);
	fclose(file);
	wait_for_go();
	main_told = cause();
	pthread_join(second, NULL);
	waitpid(child, &status, 0);
	printf("crowd: %d %d %d\n", main_told, thread_told, WEXITSTATUS(status));
	return main_told != count || thread_told != count || WEXITSTATUS(status) != count;
}
