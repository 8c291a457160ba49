// SPDX-License-Identifier: GPL-2.0
/* forker N: N children one after the other, each ends with a status of its own, every second one after exec. User space. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(const char *self, int status, int with_exec)
{
	char text[16];

	if (!with_exec)
		_exit(status);
	snprintf(text, sizeof(text), "%d", status);
	execl(self, "forker", "--child", text, NULL);
	_exit(255);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 100, good = 0;

	if (argc > 2 && !strcmp(argv[1], "--child"))
		return atoi(argv[2]);
	for (int i = 0; i < count; i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0)
			child("/proc/self/exe", i % 100, i & 1);
		if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == i % 100)
			good++;
	}
	printf("forker: %d of %d children right\n", good, count);
	return good != count;
}
