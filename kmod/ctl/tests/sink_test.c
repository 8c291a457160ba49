// SPDX-License-Identifier: GPL-2.0
/* Tests of outputs: what is put in arrives or is told of as lost, whatever the receiver does. User
 * space. */
#include "kmod/ctl/sink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/sink-test-XXXXXX";
static struct hvgdb_output_status status;
static struct format_clock clock_;

static struct hvgdb_output output_at(enum hvgdb_output_kind kind, const char *name,
				     enum hvgdb_output_format format)
{
	struct hvgdb_output output = { .kind = kind, .format = format, .open = 1, .serial = 7 };

	snprintf(output.address, sizeof(output.address), "%s/%s", folder, name);
	return output;
}

static void end(struct sink *sink)
{
	sink_commit(sink);
	sink_tell_end(sink);
	sink_end(sink);
}

static __u64 sent(void)
{
	return status.progress[status.progress_at & 1].sent;
}

static void put(struct sink *sink, int number)
{
	char line[32];

	sink_put(sink, line, snprintf(line, sizeof(line), "line %d\n", number));
	sink_commit(sink);
}

static char *content(const char *path)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	return text;
}

static int setup(void **state)
{
	(void)state;
	memset(&status, 0, sizeof(status));
	format_set_clock(&clock_, 1000000);
	return 0;
}

static void file(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "file", HVGDB_FORMAT_TEXT);
	struct sink *sink = sink_open(&output, &status, &clock_);

	(void)state;
	put(sink, 1);
	put(sink, 2);
	sink_put_loss(sink, "gap\n", 4, 5);
	put(sink, 3);
	end(sink);
	assert_string_equal(content(output.address), "line 1\nline 2\ngap\nline 3\n");
	assert_int_equal(status.taken, 8);
	assert_int_equal(sent(), 3);
	assert_int_equal(status.lost, 5);
	assert_int_equal(status.state, HVGDB_STATE_CLOSED);
}

/* The account goes on, and what the first controller had taken with it is told of. */
static void after_a_kill(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "killed", HVGDB_FORMAT_JSON);
	struct sink *sink;

	(void)state;
	status = (struct hvgdb_output_status){
		.serial = 7, .taken = 100, .lost = 4, .progress = { { .sent = 90, .told = 4 } }
	};
	sink = sink_open(&output, &status, &clock_);
	put(sink, 1);
	end(sink);
	assert_int_equal(status.taken, 101);
	assert_int_equal(sent(), 91);
	assert_int_equal(status.lost, 10);
	assert_non_null(
		strstr(content(output.address), "\"type\":\"lost\",\"rule\":0,\"count\":6}\n"));
	/* Another output in the same place begins anew. */
	output.serial = 8;
	sink = sink_open(&output, &status, &clock_);
	end(sink);
	assert_int_equal(status.taken, 0);
}

/* It was killed while it wrote: what it did not count is not there, and is told of. */
static void torn(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "torn", HVGDB_FORMAT_TEXT);
	int fd = open(output.address, O_CREAT | O_WRONLY, 0600);
	struct sink *sink;

	(void)state;
	assert_int_equal(write(fd, "line 1\nline 2\nli", 16), 16);
	close(fd);
	status = (struct hvgdb_output_status){
		.serial = 7,
		.taken = 4,
		.progress_at = 1,
		.progress[1] = { .sent = 1, .end = 7, .intended = 28 },
	};
	sink = sink_open(&output, &status, &clock_);
	put(sink, 5);
	end(sink);
	assert_memory_equal(content(output.address), "line 1\n[", 8);
	assert_non_null(strstr(content(output.address), "] hvgdb: 3 lost here\nline 5\n"));
	assert_int_equal(status.taken, 5);
	assert_int_equal(sent(), 2);
	assert_int_equal(status.lost, 3);
}

/* Somebody else's file may have any length. */
static void not_torn(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "other", HVGDB_FORMAT_TEXT);
	int fd = open(output.address, O_CREAT | O_WRONLY, 0600);
	struct sink *sink;

	(void)state;
	assert_int_equal(write(fd, "line 1\nmore than we wrote\n", 26), 26);
	close(fd);
	status = (struct hvgdb_output_status){
		.serial = 7, .taken = 1, .progress[0] = { .sent = 1, .end = 7, .intended = 20 }
	};
	sink = sink_open(&output, &status, &clock_);
	put(sink, 2);
	end(sink);
	assert_string_equal(content(output.address), "line 1\nmore than we wrote\nline 2\n");
}

/* Nothing goes out before the caller has noted that it is taken. */
static void committed(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "batch", HVGDB_FORMAT_TEXT);
	struct sink *sink = sink_open(&output, &status, &clock_);

	(void)state;
	sink_put(sink, "a\n", 2);
	usleep(50000);
	assert_int_equal(sink_taken(sink), 1);
	assert_int_equal(status.taken, 0);
	assert_string_equal(content(output.address), "");
	sink_commit(sink);
	assert_int_equal(status.taken, 1);
	end(sink);
	assert_string_equal(content(output.address), "a\n");
}

/* Written in two goes, it is one array. */
static void trace(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "trace", HVGDB_FORMAT_TRACE);
	struct sink *sink;
	char *text;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		sink = sink_open(&output, &status, &clock_);
		sink_put(sink, ",\n{}", 4);
		end(sink);
	}
	text = content(output.address);
	assert_memory_equal(text, "[\n{", 3);
	assert_null(strchr(text + 1, '['));
	assert_string_equal(text + strlen(text) - strlen(",\n{},\n{}\n]\n"), ",\n{},\n{}\n]\n");
}

static void rotate(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "log", HVGDB_FORMAT_TEXT);
	struct sink *sink = sink_open(&output, &status, &clock_);
	char aside[300];
	int tries;

	(void)state;
	put(sink, 1);
	for (tries = 0; tries < 500 && !*(volatile __u64 *)&status.progress[0].sent &&
			!*(volatile __u64 *)&status.progress[1].sent;
	     tries++)
		usleep(10000);
	sink_rotate(sink, true);
	snprintf(aside, sizeof(aside), "%s.1", output.address);
	for (tries = 0; tries < 500 && access(aside, F_OK); tries++)
		usleep(10000);
	put(sink, 2);
	end(sink);
	assert_string_equal(content(aside), "line 1\n");
	assert_string_equal(content(output.address), "line 2\n");
}

/* Nobody reads: nobody waits, and the count is right. */
static void full(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_PIPE, "pipe", HVGDB_FORMAT_TEXT);
	struct sink *sink = sink_open(&output, &status, &clock_);
	int i, count = 200000;

	(void)state;
	for (i = 0; i < count; i++)
		put(sink, i);
	end(sink);
	assert_int_equal(status.taken, count);
	assert_true(sent() > 0);
	assert_true(status.lost > 0);
	assert_int_equal(sent() + status.lost, count);
}

/* Not there, and then it is. */
static void late(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_FILE, "sub/file", HVGDB_FORMAT_TEXT);
	struct sink *sink = sink_open(&output, &status, &clock_);
	char path[300];
	int tries;

	(void)state;
	put(sink, 1);
	for (tries = 0; tries < 500 && !*(volatile __u64 *)&status.error; tries++)
		usleep(10000);
	assert_int_equal(status.state, HVGDB_STATE_WAITING);
	snprintf(path, sizeof(path), "%s/sub", folder);
	mkdir(path, 0700);
	for (tries = 0; tries < 500 && !*(volatile __u64 *)&status.progress[0].sent &&
			!*(volatile __u64 *)&status.progress[1].sent;
	     tries++)
		usleep(10000);
	end(sink);
	assert_string_equal(content(output.address), "line 1\n");
}

static int listen_at(struct sockaddr *address, socklen_t length)
{
	int on = 1, fd = socket(address->sa_family, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, address, length), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Reads until a line has come that is known; false: the connection ended. */
static bool receive_until(int fd, const char *last)
{
	static char text[1 << 20];
	size_t length = 0;
	ssize_t n;

	while (!length || !strstr(text, last)) {
		n = read(fd, text + length, sizeof(text) - 1 - length);
		if (n <= 0)
			return false;
		length += n;
		text[length] = 0;
	}
	return true;
}

static void wait_until_sent(uint64_t count)
{
	for (int tries = 0; tries < 1000 && sent() < count; tries++)
		usleep(10000);
	assert_int_equal(sent(), count);
}

/* A receiver takes some, dies, and another one comes: it gets what the first did not. */
static void comes_back(struct hvgdb_output *output, struct sockaddr *address, socklen_t length)
{
	struct sink *sink = sink_open(output, &status, &clock_);
	int listener = listen_at(address, length), fd;

	put(sink, 1);
	fd = accept(listener, NULL, NULL);
	assert_true(receive_until(fd, "line 1\n"));
	wait_until_sent(1);
	close(fd);
	close(listener);
	if (output->kind == HVGDB_OUTPUT_UNIX)
		unlink(output->address);
	for (int tries = 0; tries < 500 && status.state != HVGDB_STATE_WAITING; tries++)
		usleep(10000);
	assert_int_equal(status.state, HVGDB_STATE_WAITING);
	put(sink, 2);
	listener = listen_at(address, length);
	fd = accept(listener, NULL, NULL);
	assert_true(receive_until(fd, "line 2\n"));
	put(sink, 3);
	assert_true(receive_until(fd, "line 3\n"));
	wait_until_sent(3);
	end(sink);
	assert_int_equal(status.lost, 0);
	close(fd);
	close(listener);
}

static void tcp(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_TCP, "", HVGDB_FORMAT_TEXT);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = listen_at((struct sockaddr *)&address, length);

	(void)state;
	getsockname(fd, (struct sockaddr *)&address, &length);
	close(fd);
	snprintf(output.address, sizeof(output.address), "localhost:%d", ntohs(address.sin_port));
	comes_back(&output, (struct sockaddr *)&address, sizeof(address));
}

static void local_socket(void **state)
{
	struct hvgdb_output output = output_at(HVGDB_OUTPUT_UNIX, "socket", HVGDB_FORMAT_TEXT);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	strcpy(address.sun_path, output.address);
	comes_back(&output, (struct sockaddr *)&address, sizeof(address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(file, setup),
		cmocka_unit_test_setup(after_a_kill, setup),
		cmocka_unit_test_setup(trace, setup),
		cmocka_unit_test_setup(rotate, setup),
		cmocka_unit_test_setup(full, setup),
		cmocka_unit_test_setup(late, setup),
		cmocka_unit_test_setup(torn, setup),
		cmocka_unit_test_setup(not_torn, setup),
		cmocka_unit_test_setup(committed, setup),
		cmocka_unit_test_setup(tcp, setup),
		cmocka_unit_test_setup(local_socket, setup),
	};

	if (!mkdtemp(folder))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
