# SPDX-License-Identifier: GPL-2.0
# The only thing a newcomer types. `make help` lists the targets.

HEADERS := $(lastword $(sort $(wildcard /lib/modules/*/build)))
KDIR ?= $(HEADERS)
CC ?= gcc
BUILD := build
VM := qemu-tests/vm

.PHONY: all module ctl
all: module ctl

module:
	@test -n "$(KDIR)" || { echo "no kernel headers: apt-get install linux-headers-amd64 (or make KDIR=...)"; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) W=1 modules

ctl: kmod/ctl/hvgdbctl

kmod/ctl/hvgdbctl: kmod/ctl/hvgdbctl.c kmod/uapi/hvgdb.h
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -static -o $@ $<
