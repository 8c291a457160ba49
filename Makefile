# SPDX-License-Identifier: GPL-2.0
# The only thing a newcomer types. `make help` lists the targets.

SHELL := /bin/bash
CC ?= gcc
CLANG ?= clang
PYTHON := python3
BUILD := build
JOBS := $(shell nproc)

# Kernel headers: those of the running kernel, or else the newest that are installed. The virtual machines
# run the newest cloud kernel that there are headers for (lib/assets.py), and tests need a module for that.
installed = $(shell ls -d /lib/modules/*/build 2>/dev/null | sort -V)
test_headers = $(lastword $(or $(filter %-cloud-amd64/build,$(installed)),$(installed)))
KDIR ?= $(or $(filter /lib/modules/$(shell uname -r)/build,$(installed)),$(test_headers))

DESTDIR ?=
SBINDIR ?= /usr/sbin
DATADIR ?= /usr/share/hvgdb
MANDIR ?= /usr/share/man
COMPLETIONDIR ?= /usr/share/bash-completion/completions
UNITDIR ?= /lib/systemd/system

CTL := kmod/ctl/hvgdbctl

.PHONY: all
all: module ctl ## hvgdb.ko and hvgdbctl (KDIR=... for other kernel headers)

.PHONY: module
module:
	@test -d "$(KDIR)" || { echo "no kernel headers: run 'make deps', or give KDIR=..." >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) W=1 CONFIG_DEBUG_INFO_BTF_MODULES= CHECKING=$(CHECKING) FAULTS=$(FAULTS) modules

.PHONY: ctl
ctl: $(CTL)

# Events are put in words by root's own functions.
$(CTL): $(wildcard kmod/ctl/*.[ch] kmod/uapi/*.h) events/event.c events/event.h rsp/text.c
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Irsp -Ievents -Ikmod -static -pthread -o $@ $(filter %.c,$^)

.PHONY: install
install: all ## into /lib/modules/VERSION/updates, /usr/sbin and /usr/share/hvgdb (DESTDIR=...)
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates CONFIG_MODULE_SIG_ALL= modules_install
	$(if $(DESTDIR),,depmod $(notdir $(patsubst %/build,%,$(KDIR))))
	install -D -m 755 $(CTL) $(DESTDIR)$(SBINDIR)/hvgdbctl
	install -D -m 644 kmod/ctl/hvgdbctl.8 $(DESTDIR)$(MANDIR)/man8/hvgdbctl.8
	install -D -m 644 kmod/ctl/hvgdbctl.completion $(DESTDIR)$(COMPLETIONDIR)/hvgdbctl
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|/usr/sbin|$(SBINDIR)|' 'kmod/ctl/hvgdb@.service' >'$(DESTDIR)$(UNITDIR)/hvgdb@.service'
	install -d $(DESTDIR)$(DATADIR)
	install -m 644 $(wildcard gdbinit/*.gdb gdbinit/*.py) $(DESTDIR)$(DATADIR)
	chmod 755 $(DESTDIR)$(DATADIR)/hvsplit.py

.PHONY: deps
deps: ## install the Debian packages that all this needs (as root; quick when they are there)
	@qemu-tests/install-deps make libcmocka-dev $(if $(installed),,linux-headers-cloud-amd64)

# Targets that begin with `deps` do the rest in a second make, which sees what has been installed.

.PHONY: demo
demo: deps ## a guided tour: a virtual machine, hvgdb in it, stock gdb attached
	@$(MAKE) -s test-module
	@qemu-tests/demo

.PHONY: bench
bench: deps ## bytes and round trips on the line, instructions in root, events, a record; beside KGDB, QEMU and ftrace
	@$(MAKE) -s test-module
	@qemu-tests/bench
	@qemu-tests/bench-tracing
	@qemu-tests/bench-output

.PHONY: bench-proof
bench-proof: deps ## 100,000 expressions against gdb's values, a million misses, 100,000 system calls traced (long)
	@$(MAKE) -s test-module
	@$(PYTHON) events/tests/expr_differential.py 100000
	@qemu-tests/bench-tracing --prove

.PHONY: check
check: deps ## all tests; the last line is "N passed, N failed"
	@$(MAKE) -s check-everything

.PHONY: check-unit
check-unit: deps ## tests that need no virtual machine: the protocol, the pure core, root's objects
	@$(MAKE) -s run-unit

.PHONY: check-vm
check-vm: deps ## tests in virtual machines, with stock gdb (CASES='pattern...' for some)
	@$(MAKE) -s run-vm

# A module for the kernel of the virtual machines, with one line instead of the compiler's talk.
.PHONY: test-module
test-module:
	@echo "building hvgdb for $(notdir $(patsubst %/build,%,$(test_headers)))"
	@mkdir -p $(BUILD)
	@$(MAKE) -s all KDIR=$(test_headers) >$(BUILD)/module.log 2>&1 || { cat $(BUILD)/module.log; exit 1; }

# Unit tests: DIR/tests/NAME_test.c is a cmocka program of the folder's sources, built in user space with the
# address and undefined-behaviour sanitizers. Helpers in DIR/tests are linked to each.

UNIT := $(BUILD)/unit
UNIT_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -fsanitize=address,undefined -fno-sanitize-recover=all \
	-I. -Irsp -Ivmx -Ivmx/pure -Ievents -Ikmod
rsp_sources := $(wildcard rsp/*.c)
vmx_sources := $(wildcard vmx/pure/*.c)
# Texts are written with the protocol's own functions.
events_sources := $(wildcard events/*.c) rsp/text.c

# User space itself; main() is the test's.
kmod/ctl_sources := $(filter-out kmod/ctl/main.c,$(wildcard kmod/ctl/*.c)) events/event.c rsp/text.c
$(UNIT)/kmod/ctl/%.o: UNIT_CFLAGS += -D_GNU_SOURCE

helpers = $(filter-out %_test.c $(1)/tests/fuzz_% $(1)/tests/stub_server.c,$(wildcard $(1)/tests/*.c))
unit_tests :=
unit_objects :=

define unit_folder
unit_tests += $(patsubst %.c,$(UNIT)/%,$(wildcard $(1)/tests/*_test.c))
unit_objects += $(patsubst %.c,$(UNIT)/%.o,$($(1)_sources) $(wildcard $(1)/tests/*.c))
$(patsubst %.c,$(UNIT)/%,$(wildcard $(1)/tests/*_test.c)): $(patsubst %.c,$(UNIT)/%.o,$($(1)_sources) $(call helpers,$(1)))
endef
$(foreach folder,rsp vmx events kmod/ctl,$(eval $(call unit_folder,$(folder))))

$(UNIT)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(unit_tests): %: %.o
	@$(CC) $(UNIT_CFLAGS) -o $@ $^ -lcmocka

-include $(unit_objects:.o=.d)

# Each run leaves its output in NAME.log and "PASSED FAILED" in NAME.ran (.ci/run-test).
sessions := $(wildcard rsp/tests/*_session_test.py events/tests/*_differential.py gdbinit/tests/*_test.py)
unit_runs := $(unit_tests:=.ran) $(sessions:%.py=$(UNIT)/%.ran) $(UNIT)/vmx/tests/root-objects.ran

$(unit_tests:=.ran): %.ran: %
	@.ci/run-test $* $<
$(sessions:%.py=$(UNIT)/%.ran): $(UNIT)/%.ran: %.py
	@.ci/run-test $(UNIT)/$* $(PYTHON) $<
$(UNIT)/vmx/tests/root-objects.ran: vmx/tests/root-objects
	@.ci/run-test $(basename $@) $<

.PHONY: unit-runs
unit-runs: $(unit_runs)

# Prints "N passed, N failed"; a program that could not be built has no .ran and counts as failed.
.PHONY: run-unit
run-unit: test-module
	@echo "building and running $(words $(unit_runs)) unit-test programs"
	@rm -f $(unit_runs)
	@$(MAKE) -s -k -j$(JOBS) --output-sync=target unit-runs || true
	@cat $(unit_runs) 2>/dev/null | awk -v programs=$(words $(unit_runs)) \
		'{passed += $$1; failed += $$2} END {failed += programs - NR; \
		printf "%d passed, %d failed\n", passed, failed; exit failed > 0}' | tee $(UNIT)/total; exit $${PIPESTATUS[1]}

.PHONY: run-vm
run-vm: test-module
	@echo "running the cases of qemu-tests/cases"
	@qemu-tests/run-tests $(CASES) | tee $(BUILD)/vm-tests.log; exit $${PIPESTATUS[0]}

# Kernels, CPU models, numbers of CPUs: an hour or two. A slice of it is part of `make check`.
.PHONY: check-matrix
check-matrix: deps ## kernels, CPU models, 1 to 8 CPUs, KPTI: a boot for each; writes docs/matrix.md
	@$(MAKE) -s test-module
	@qemu-tests/matrix --write --keep $(BUILD)/matrix.json

.PHONY: check-selftests
check-selftests: deps ## the kernel's own self-tests without and with hvgdb; writes docs/selftests.md
	@qemu-tests/install-deps make gcc-multilib
	@$(MAKE) -s test-module
	@qemu-tests/selftests --write

LONG_MINUTES ?= 60
EVENTS_MINUTES ?= 10
.PHONY: check-long
check-long: deps ## hours: guest time under load with gdb coming and going (LONG_MINUTES=60), rules (EVENTS_MINUTES=10), faults of the load
	@$(MAKE) -s test-module
	@qemu-tests/long-run --minutes $(LONG_MINUTES)
	@qemu-tests/events-load $(EVENTS_MINUTES)
	@HVGDB_TEST_EVERYTHING=1 HVGDB_TEST_PATIENCE=4 qemu-tests/run-tests '^faults-load$$'

# The cases with the build that asserts the rules of VM entries before each of them.
.PHONY: check-checking
check-checking: deps ## the tests in virtual machines with the checking build (CASES='pattern...')
	@$(MAKE) -s test-module
	@HVGDB_TEST_BUILD=CHECKING=1 qemu-tests/run-tests $(CASES)

# Some of them in each run: what halts, plants, injects, and comes and goes.
checked_cases := ^(hidden-breakpoints|hotplug|nmi|events-exceptions|injected-vectors|stepping)$$
.PHONY: run-checking
run-checking: test-module
	@echo "running some cases with the checking build (make check-checking runs all)"
	@HVGDB_TEST_BUILD=CHECKING=1 qemu-tests/run-tests '$(checked_cases)' | tee $(BUILD)/checking.log; exit $${PIPESTATUS[0]}

.PHONY: run-slice
run-slice: test-module
	@echo "running a slice of the matrix (make check-matrix runs all)"
	@qemu-tests/matrix --slice | tee $(BUILD)/matrix-slice.log; exit $${PIPESTATUS[0]}

# Each part runs whatever becomes of the others; one that came to no total counts as a failure.
.PHONY: check-everything
check-everything:
	@rm -f $(UNIT)/total $(BUILD)/vm-tests.log $(BUILD)/checking.log $(BUILD)/matrix-slice.log
	@$(MAKE) -s run-unit; unit=$$?; $(MAKE) -s run-vm; vm=$$?; $(MAKE) -s run-checking; checking=$$?; \
	$(MAKE) -s run-slice; slice=$$?; \
	{ tail -qn 1 $(UNIT)/total; tail -qn 1 $(BUILD)/vm-tests.log; tail -qn 1 $(BUILD)/checking.log; \
	tail -qn 1 $(BUILD)/matrix-slice.log; } 2>/dev/null | awk -v bad=$$((unit + vm + checking + slice)) '/^[0-9]+ passed, [0-9]+ failed/ {parts++; passed += $$1; failed += $$3} \
		END {failed += 4 - parts; if (!failed && bad) failed = 1; \
		printf "%d passed, %d failed\n", passed, failed; exit failed > 0}'

# Fuzzing: libFuzzer on DIR/tests/fuzz_NAME.c; what it finds stays in build/fuzz.
FUZZ := $(BUILD)/fuzz
FUZZ_SECONDS ?= 60
fuzzers := $(patsubst %.c,$(FUZZ)/%,$(wildcard rsp/tests/fuzz_*.c events/tests/fuzz_*.c vmx/tests/fuzz_*.c))

.PHONY: fuzz
fuzz: ## random input to the protocol for FUZZ_SECONDS=60 (needs clang)
	@qemu-tests/install-deps make clang libclang-rt-dev
	@for fuzzer in $(fuzzers); do $(MAKE) -s $$fuzzer && $(MAKE) -s run-fuzzer FUZZER=$$fuzzer || exit 1; done

fuzz_folder = $(firstword $(subst /, ,$(1)))
$(fuzzers): $(FUZZ)/%: %.c FORCE
	@mkdir -p $(@D)
	@$(CLANG) -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -Irsp -Ivmx -Ivmx/pure \
		-Ievents -Ikmod -o $@ $< $($(call fuzz_folder,$*)_sources) $(call helpers,$(call fuzz_folder,$*))

.PHONY: run-fuzzer
run-fuzzer:
	@echo "$(FUZZER) for $(FUZZ_SECONDS) s"
	@mkdir -p $(FUZZER).corpus
	@cd $(dir $(FUZZER)) && ./$(notdir $(FUZZER)) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=40000 \
		$(notdir $(FUZZER)).corpus 2>&1 | grep -vE 'NEW|REDUCE|pulse|Uses:|dictionary|^INFO'; exit $${PIPESTATUS[0]}

.PHONY: clean
clean: ## remove what was built (not what was downloaded)
	rm -rf $(BUILD) $(CTL)
	@if [ -d "$(KDIR)" ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) clean; fi

.PHONY: help
help: ## this list
	@awk -F': .*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: FORCE
FORCE:
