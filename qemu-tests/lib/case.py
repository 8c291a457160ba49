# SPDX-License-Identifier: GPL-2.0
"""What a test case is written with: machines, gdb, and checks whose failure reads as a sentence.

    from lib.case import VM, check
    vm = VM(cpus=2)
    out = vm.gdb('info threads')
    check('Thread 2' in out, 'gdb does not see the second CPU', out)
    vm.dmesg_clean()

A case is a script in qemu-tests/cases; it has passed when it ends normally. `TIME_LIMIT = seconds` in it changes
the limit of 120 s; skip('reason') ends it without a verdict. Its machines go down with it. HVGDB_TEST_PATIENCE=3
makes every limit three times as long, for a machine that is slow or busy.
"""

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from lib import assets, bochs, cache, guest, machine

SKIPPED = 77
PREFIX = os.environ.get('HVGDB_TEST_PREFIX', f'case-{os.getpid()}')

# What a healthy kernel never says.
COMPLAINTS = re.compile(r'WARNING:|BUG:|\bOops\b|general protection|page fault|Call Trace|stall|soft lockup|hard LOCKUP|'
                        r'blocked for more than|unchecked MSR|unknown reason|Kernel panic|bad page|refcount_t|'
                        r'clocksource.*unstable|irq \d+: nobody cared', re.I)

GDB_SETTINGS = ['set pagination off', 'set confirm off', 'set width 0', 'set height 0', 'set style enabled off',
                'set architecture i386:x86-64', 'set remotetimeout 30', 'set tcp connect-timeout 30']

_machines = []


class Failed(Exception):
    """A check that did not hold."""


def check(condition, sentence, *evidence):
    """`sentence` says what is wrong when the condition does not hold; the evidence is printed below it."""
    if not condition:
        raise Failed('\n'.join([sentence, *map(str, evidence)]))


def equal(found, wanted, what):
    check(found == wanted, f'{what}: {found!r} instead of {wanted!r}')


def match(text, pattern, what):
    """The match of a regular expression that has to be in the text."""
    found = re.search(pattern, text, re.M)
    check(found, f'{what}: no /{pattern}/ in:', text)
    return found


def until(condition, timeout, sentence):
    """Waits until condition() holds and returns its value."""
    deadline = time.monotonic() + timeout * machine.PATIENCE
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < deadline, f'{sentence} (after {timeout:g} s)')
        time.sleep(0.05)


def symbol(program, name):
    """Address of a symbol of one of the programs in qemu-tests/guest."""
    listing = cache.run('nm', guest.program_with_symbols(program))
    return int(match(listing, rf'^([0-9a-f]+) \w {name}$', f'symbols of {program}').group(1), 16)


def skip(reason):
    print(reason)
    sys.exit(SKIPPED)


class VM:
    """A machine that is up. load: module parameters, or None to leave hvgdb out; stalls: let RCU report them;
    other arguments as `vm up`."""

    def __init__(self, load='', share=None, fresh=False, stalls=False, **config):
        self.machine = machine.Machine(f'{PREFIX}-{len(_machines)}')
        _machines.append(self.machine)
        if load is not None:
            for path in (machine.MODULE, machine.CONTROLLER):
                check(path.exists(), f'{path} is not built')
        self.machine.start(machine.configure(**config), fresh)
        self.machine.deliver_everything(share, hvgdb=machine.MODULE.exists() and machine.CONTROLLER.exists())
        if not stalls:
            # The guest's clock goes on while gdb thinks, and RCU takes that for a stall.
            self.sh('echo 1 > /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress')
        if load is not None:
            self.machine.load(load)

    # In the guest

    def sh(self, command, timeout=machine.COMMAND_TIMEOUT):
        """The output of a command that has to succeed."""
        output, status = self.machine.sh(command, timeout)
        check(status == 0, f"'{command}' ended with status {status} in the guest:", output)
        return output

    def status(self, command, timeout=machine.COMMAND_TIMEOUT):
        """(output, exit status)."""
        return self.machine.sh(command, timeout)

    def background(self, command, timeout=machine.COMMAND_TIMEOUT):
        """Starts a command; wait() of what this returns gives (output, status)."""
        return Background(self.machine, command, timeout)

    def waiting(self, command, name='ready'):
        """(Background, pid) of a program like `faults` that says in the file READY that it is set up and waits for /tmp/go:
        setting up causes events of its own."""
        self.sh(f'rm -f /tmp/{name}')
        work = self.background(f'READY=/tmp/{name} {command}')
        return work, int(until(lambda: self.status(f'cat /tmp/{name} 2>/dev/null')[0].strip(), 20, f"'{command}' is not ready"))

    def put(self, path, destination):
        self.machine.put(path, destination)

    def load(self, parameters=''):
        self.machine.load(parameters)

    def halts(self):
        """How often hvgdb has halted the machine since it was loaded."""
        return int(match(self.sh('hvgdbctl status'), r'(\d+) halts', 'the counter of halts').group(1))

    def refuses(self, parameters=''):
        """The sentences with which hvgdb refuses to load, which it has to."""
        try:
            self.machine.load(parameters)
        except machine.Refused as refusal:
            return str(refusal)
        raise Failed('hvgdb loaded, but should have refused')

    def modprobe(self, *names):
        self.machine.modprobe(*names)

    def insert(self, name, parameters=''):
        """Loads a test module, from its source in qemu-tests/modules."""
        self.machine.insert(name, parameters)

    def console(self):
        return self.machine.console()

    def dmesg_clean(self, allow=None):
        """No warning, oops, stall or the like in the kernel's log; `allow` is a pattern of lines to overlook."""
        bad = [line for line in self.sh('dmesg').splitlines()
               if COMPLAINTS.search(line) and not (allow and re.search(allow, line))]
        check(not bad, 'the kernel complains:', *bad)

    # The line

    @property
    def gdb_port(self):
        return self.machine.gdb_port

    @property
    def console_port(self):
        return self.machine.console_port

    @property
    def symbols(self):
        return assets.symbols(self.machine.config['kernel'])

    def stats(self, reset=False):
        return self.machine.checked(do='stats', reset=reset)

    def fault(self, action, count=1, packets=False, skip=0, direction='to-guest'):
        """action 'corrupt' or 'drop': hits the next `count` bytes or packets after `skip` others."""
        self.machine.checked(do='fault', direction=direction, action=action, what='packet' if packets else 'byte',
                             count=count, skip=skip)

    def pause_line(self, direction='both'):
        self.machine.checked(do='pause', direction=direction)

    def resume_line(self, direction='both'):
        self.machine.checked(do='resume', direction=direction)

    # gdb

    def gdb_prologue(self, symbols, attach):
        # hvgdb tells gdb where vmlinux is: without symbols it must not be found there.
        return (GDB_SETTINGS + ([] if symbols else ['set sysroot /nowhere'])
                + ([f'target remote localhost:{self.gdb_port}'] if attach else []))

    def gdb(self, commands, timeout=60, symbols=True, attach=True):
        """Runs stock gdb in batch mode on the commands (a text) and returns all that it printed."""
        lines = [*self.gdb_prologue(symbols, attach), commands]
        with tempfile.NamedTemporaryFile('w', suffix='.gdb') as script:
            script.write('\n'.join(lines) + '\n')
            script.flush()
            argv = ['gdb', '-nx', '-q', '-batch', '-x', script.name, *([str(self.symbols)] if symbols else [])]
            try:
                return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      errors='replace', timeout=timeout * machine.PATIENCE).stdout
            except subprocess.TimeoutExpired as late:
                output = (late.stdout or b'').decode(errors='replace')
                raise Failed(f'gdb did not end within {timeout:g} s; it printed:\n{output}') from None

    def gdb_python(self, code, timeout=60, **options):
        """Runs Python inside an attached gdb and returns its variable `result`."""
        session = self.gdb_session(**options)
        session.begin_python(code)
        result = session.finish_python(timeout)
        session.quit()
        return result

    def gdb_session(self, symbols=True, attach=True):
        """A gdb that stays, for tests that do something in the guest between two of its commands."""
        session = GdbSession(self.symbols if symbols else None)
        for line in self.gdb_prologue(symbols, attach):
            session.run(line)
        return session

    def down(self):
        if self.machine.folder.exists():
            self.machine.down()


class Background:
    def __init__(self, target, command, timeout):
        self.result = self.problem = None
        self.thread = threading.Thread(target=self.work, args=(target, command, timeout), daemon=True)
        self.thread.start()

    def work(self, target, command, timeout):
        try:
            self.result = target.sh(command, timeout)
        except cache.Failure as problem:
            self.problem = problem

    def running(self):
        return self.thread.is_alive()

    def wait(self):
        self.thread.join()
        if self.problem:
            raise self.problem
        return self.result


class GdbSession:
    """gdb on a pipe. run() gives a command's output; begin() and finish() do it in two steps."""

    def __init__(self, symbols):
        self.process = subprocess.Popen(['gdb', '-nx', '-q', *([str(symbols)] if symbols else [])], text=True, bufsize=1,
                                        errors='replace', stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        atexit.register(self.kill)
        self.text = ''
        self.commands = 0
        self.resumes = False  # the last command lets the machine run
        self.news = threading.Condition()
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while True:
            text = os.read(self.process.stdout.fileno(), 65536).decode(errors='replace')
            with self.news:
                self.text = self.text + text if text else self.text + '\n[gdb has ended]\n'
                self.news.notify_all()
            if not text:
                return

    def marker(self):
        return f'[command {self.commands} done]'

    def begin(self, command):
        """Gives gdb a command without waiting for its end (continue, say)."""
        self.commands += 1
        self.resumes = command.split()[0] in ('continue', 'signal')
        self.process.stdin.write(f'{command}\necho {self.marker()}\\n\n')

    def finish(self, timeout=60):
        """Waits until the command given last is done; returns what gdb printed since the last finish()."""
        deadline = time.monotonic() + timeout * machine.PATIENCE
        with self.news:
            while self.marker() not in self.text:
                check('[gdb has ended]' not in self.text, 'gdb has ended:', self.text)
                if not self.news.wait(max(0, deadline - time.monotonic())):
                    raise Failed(f'gdb is not done after {timeout:g} s; it printed:\n{self.text}')
            output, self.text = self.text.split(self.marker(), 1)
        return output.replace('(gdb) ', '').strip()

    def run(self, command, timeout=60):
        self.begin(command)
        return self.finish(timeout)

    def begin_python(self, code):
        """Python inside gdb: finish_python() returns its variable `result`."""
        script = tempfile.NamedTemporaryFile('w', suffix='.py', delete=False)
        atexit.register(os.unlink, script.name)
        script.write('import gdb, json\n' + code + '\nprint("RESULT " + json.dumps(result))\n')
        script.close()
        self.begin(f'source {script.name}')

    def finish_python(self, timeout=60):
        return json.loads(match(self.finish(timeout), r'RESULT (.*)$', 'the script in gdb failed').group(1))

    def interrupt(self):
        """Ctrl-C. One that comes before gdb has begun to continue would end that command instead."""
        deadline = time.monotonic() + 20 * machine.PATIENCE
        with self.news:
            while self.resumes and 'Continuing' not in self.text and self.marker() not in self.text:
                if not self.news.wait(max(0, deadline - time.monotonic())):
                    break
        self.process.send_signal(signal.SIGINT)

    def halt_again(self, times):
        """Continue and Ctrl-C, so often."""
        for _ in range(times):
            self.begin('continue')
            until(lambda: 'Continuing' in self.text, 20, 'gdb does not continue')
            self.interrupt()
            match(self.finish(), 'SIGINT', 'Ctrl-C')

    def quit(self):
        """Ends gdb the orderly way (detaches)."""
        self.process.stdin.write('quit\n')
        self.process.wait(30)

    def kill(self):
        """Ends gdb in mid-sentence."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _report(target):
    print(f"--- machine {target.name} ---")
    for title, text in (('console', target.console), ('emulator', lambda: bochs.last_words(target.folder)),
                        ('gdb line', lambda: str(target.request(do='stats', reset=False))),
                        ('hvgdbctl.log', lambda: target.sh('cat /tmp/hvgdbctl.log 2>/dev/null', 5)[0]),
                        ('dmesg', lambda: target.sh('dmesg | tail -n 25', 5)[0])):
        try:
            shown = '\n'.join(text().splitlines()[-25:])
        except cache.Failure as problem:
            shown = str(problem).splitlines()[0]
        if shown:
            print(f'--- {title}:\n{shown}')


def _explain(kind, problem, trace):
    """Replaces the interpreter's own words: a failed check is shown by its place and its sentence."""
    if issubclass(kind, (Failed, cache.Failure)):
        while trace.tb_next and trace.tb_next.tb_frame.f_code.co_filename == trace.tb_frame.f_code.co_filename:
            trace = trace.tb_next
        print(f'{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}: {problem}')
    else:
        sys.__excepthook__(kind, problem, trace)
    for target in _machines:
        if target.folder.exists():
            _report(target)


def _clean_up():
    for target in _machines:
        if target.folder.exists():
            target.down()


sys.excepthook = _explain
atexit.register(_clean_up)
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
