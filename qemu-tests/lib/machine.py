# SPDX-License-Identifier: GPL-2.0
"""A running machine as its user sees it: start, deliver files, run commands, look at the line, end it."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from lib import assets, backends, bochs, build, cache, guest, qemu

DISK_SIZE = 512 << 20       # sparse; the largest delivery
MODULE = build.PRODUCT
CONTROLLER = cache.TOP / 'kmod/ctl/hvgdbctl'
BOOT_ATTEMPTS = 3
COMMAND_TIMEOUT = 60
# Which build of hvgdb the machines get that name none (lib/build.py).
BUILD = os.environ.get('HVGDB_TEST_BUILD', '')
# On a machine that is slow, or busy with something else, all waiting is longer by this factor.
PATIENCE = float(os.environ.get('HVGDB_TEST_PATIENCE', '1'))


class Late(cache.Failure):
    """A command in the guest that had to be killed."""


class Refused(cache.Failure):
    """The module did not load or the controller did not attach; the machine itself is up."""


def machines():
    return [Machine(path.name) for path in sorted(cache.folder('vms').iterdir()) if not path.name.startswith('.')]


def configure(backend='auto', cpus=1, cpu=None, kernel=None, memory=256, append='', cmdline='quick', gdb_port=0,
              vmx_off=False, switches=None, strict_msrs=False):
    """The description of a machine that the other functions take, with all defaults filled in."""
    backend = backends.choose(backend)
    if backend == 'bochs':
        cpu = cpu or bochs.DEFAULT_CPU
    elif vmx_off:
        raise cache.Failure('--vmx-off needs the Bochs backend')
    kernel = kernel or assets.default_kernel()
    return {'backend': backend, 'cpus': cpus, 'cpu': cpu, 'kernel': kernel, 'memory': memory, 'gdb_port': gdb_port,
            'cmdline': backends.cmdline(cmdline, cpu, append), 'vmx_off': vmx_off,
            'strict_msrs': strict_msrs,
            'build': BUILD if switches is None else switches}


class Machine:
    def __init__(self, name='default'):
        if not re.fullmatch(r'[\w-][\w.-]*', name):
            raise cache.Failure(f"'{name}' is no name for a machine: letters, digits, '-', '_' and '.' only")
        self.name = name
        self.folder = cache.folder('vms') / name

    # Start and end

    def start(self, config, fresh=False):
        """Boots or restores the guest and returns once it answers. Nothing is delivered yet."""
        if self.folder.exists():
            if self.alive():
                raise cache.Failure(f"machine '{self.name}' is already up (vm down --name {self.name} ends it)")
            self.down()
        if config['backend'] != 'bochs':
            self.create(config, lambda: qemu.prepare(config, self.folder))
        elif fresh and not config['vmx_off'] and not config['strict_msrs']:
            self.create(config, lambda: bochs.prepare(config, self.folder))
        else:
            self.restore(config)

    def restore(self, config):
        name = bochs.snapshot_name(config)
        with cache.lock('use-' + name, shared=True):
            snapshot = cache.once(cache.folder('snapshots') / name, lambda into: take_snapshot(self.name + '-snapshot', config, into))
            os.utime(snapshot)
            self.create({**config, 'snapshot': name},
                        lambda: bochs.prepare_restored(config, self.folder, snapshot))
        cache.prune(cache.folder('snapshots'), bochs.KEEP_SNAPSHOTS)

    def create(self, config, prepare):
        self.folder.mkdir(parents=True)
        (self.folder / 'vm.json').write_text(json.dumps({**config, 'started': time.time()}))
        make_disk(self.folder / 'disk.img')
        prepare()
        with open(self.folder / 'daemon.log', 'wb') as log:
            daemon = subprocess.Popen([sys.executable, cache.TESTS / 'lib/daemon.py', self.folder],
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.wait_for_daemon(daemon)
        self.checked(do='ready', timeout=boot_timeout(config))

    def wait_for_daemon(self, daemon):
        while not (self.folder / 'control').exists():
            if daemon.poll() is not None:
                raise cache.Failure('the machine did not start: ' + (self.folder / 'daemon.log').read_text().strip())
            time.sleep(0.01)

    def alive(self):
        """Whether its background process is there, running emulator or not."""
        try:
            self.request(do='status')
            return True
        except cache.Failure:
            return False

    def down(self):
        """Ends the machine and removes its folder."""
        if not self.folder.exists():
            raise cache.Failure(f"there is no machine '{self.name}'")
        try:
            self.request(do='stop')
        except cache.Failure:
            self.kill()
        # The background process goes by itself after its answer.
        with contextlib.suppress(OSError, ValueError):
            wait_gone(json.loads((self.folder / 'daemon.json').read_text())['pid'])
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        """For a background process that does not answer: ends exactly the processes that were started for it."""
        with contextlib.suppress(OSError, ValueError):
            recorded = json.loads((self.folder / 'daemon.json').read_text())
            for pid in (recorded['emulator'], recorded['pid']):
                # The number may belong to somebody else by now.
                if os.readlink(f'/proc/{pid}/cwd') == str(self.folder) or str(self.folder) in arguments(pid):
                    os.kill(pid, signal.SIGKILL)

    # Requests to the background process

    def request(self, **fields):
        """Asks the background process; the answer's own 'error' is left to the caller."""
        if not self.folder.exists():
            raise cache.Failure(f"there is no machine '{self.name}' (vm up --name {self.name} starts it)")
        try:
            descriptor = os.open(self.folder, os.O_PATH)
            with socket.socket(socket.AF_UNIX) as sock:
                try:
                    sock.connect(f'/proc/self/fd/{descriptor}/control')
                finally:
                    os.close(descriptor)
                sock.sendall(json.dumps(fields).encode() + b'\n')
                answer = b''.join(iter(lambda: sock.recv(65536), b''))
            return json.loads(answer)
        except (OSError, ValueError) as problem:
            raise cache.Failure(f"the background process of machine '{self.name}' does not answer ({problem})\n"
                                + self.last_words()) from None

    def checked(self, **fields):
        answer = self.request(**fields)
        if answer.get('error'):
            raise cache.Failure(f"machine '{self.name}': {answer['error']}\n{self.last_words()}".strip())
        return answer

    def last_words(self):
        log = self.folder / 'emulator.out'
        return bochs.last_words(self.folder) or (log.read_text(errors='replace')[-1500:] if log.exists() else '')

    @property
    def config(self):
        return json.loads((self.folder / 'vm.json').read_text())

    @property
    def module(self):
        """The path of the hvgdb.ko that goes into it."""
        return build.module(self.config['kernel'], self.config['build'])

    @property
    def gdb_port(self):
        return json.loads((self.folder / 'daemon.json').read_text())['gdb_port']

    @property
    def console_port(self):
        """The other end of the guest's ttyS0."""
        return json.loads((self.folder / 'daemon.json').read_text())['console_port']

    # Work in the guest

    def sh(self, command, timeout=COMMAND_TIMEOUT):
        """(output, status) of a shell command; a Failure when the guest does not answer or the command is late."""
        answer = self.request(do='sh', command=command, timeout=timeout * PATIENCE)
        output = answer.get('output', '').encode('latin-1').decode(errors='replace')
        if answer.get('error'):
            raise cache.Failure(f"machine '{self.name}': {answer['error']}\n{output}"
                                + ('' if answer.get('late') else self.last_words()))
        if answer['late']:
            raise Late(f"machine '{self.name}': the command was killed after {timeout:g} seconds; "
                       f"its output so far:\n{output}")
        return output, answer['status']

    def must(self, command, timeout=COMMAND_TIMEOUT):
        """The output of a command that has to succeed."""
        output, status = self.sh(command, timeout)
        if status:
            raise cache.Failure(f"'{command}' failed in the guest with status {status}:\n{output}")
        return output

    def deliver(self, delivery):
        """Unpacks an archive in the guest, by way of a disk: hundreds of times faster than a serial port."""
        data = delivery.finish()
        if len(data) > DISK_SIZE:
            raise cache.Failure(f'{len(data)} bytes are more than the delivery disk holds ({DISK_SIZE})')
        with cache.lock('deliver-' + self.name):
            with open(self.folder / 'disk.img', 'r+b') as disk:
                disk.write(data)
            # Past the page cache, because the guest may have read the disk before; tar stops at the archive's end.
            megabytes = (len(data) >> 20) + 1
            self.must(f'dd if=/dev/sda iflag=direct bs=1M count={megabytes} 2>/dev/null | tar x -C /')

    def put(self, path, destination, mode=None):
        if not os.path.exists(path):
            raise cache.Failure(f'{path} does not exist')
        delivery = guest.Delivery()
        delivery.add(path, destination, mode)
        self.deliver(delivery)

    def deliver_everything(self, share=None, hvgdb=True):
        """The test programs, the module and the controller to /hvgdb, the contents of `share` to /share."""
        delivery = guest.Delivery()
        for name, path in guest.workloads().items():
            delivery.add(path, 'hvgdb/' + name, 0o755)
        if hvgdb:
            delivery.add_bytes(assets.stripped(self.module.read_bytes(), keep_symbols=True), 'hvgdb/' + MODULE.name)
            delivery.add(CONTROLLER, 'hvgdb/' + CONTROLLER.name, 0o755)
        if share:
            delivery.add(share, 'share')
        self.deliver(delivery)

    def load(self, parameters=''):
        """Loads the module and attaches the controller to the gdb line."""
        if 'exec_file=' not in parameters:
            parameters += f' exec_file={assets.symbols(self.config["kernel"])}'
        output, status = self.sh(f'insmod /hvgdb/hvgdb.ko {parameters}')
        if status:
            reason = self.sh('dmesg | grep -i hvgdb | tail -n 8')[0] or self.sh('dmesg | tail -n 5')[0]
            raise Refused(f'the module did not load: {output.strip()}\n{reason.strip()}')
        output, status = self.sh('hvgdbctl attach ttyS1 --baud 115200 >/tmp/hvgdbctl.log 2>&1 </dev/null & '
                                 'pid=$!; until grep -q "is the debug line" /tmp/hvgdbctl.log; do '
                                 'kill -0 $pid 2>/dev/null || { cat /tmp/hvgdbctl.log; exit 1; }; usleep 10000; done')
        if status:
            raise Refused(f'the controller did not attach: {output.strip()}')

    def modprobe(self, *names):
        """Loads modules of the guest's own kernel with all that they depend on."""
        found = assets.modules_with_dependencies(self.config['kernel'], names)
        delivery = guest.Delivery()
        for name, contents in found.items():
            delivery.add_bytes(assets.stripped(contents), f'tmp/modules/{name}.ko')
        self.deliver(delivery)
        for name in found:
            loaded = f'grep -q "^{name.replace("-", "_")} " /proc/modules'
            self.must(f'{loaded} || insmod /tmp/modules/{name}.ko')

    def insert(self, name, parameters=''):
        """Loads a module of qemu-tests/modules."""
        delivery = guest.Delivery()
        delivery.add_bytes(build.test_module(name, self.config['kernel']), f'tmp/modules/{name}.ko')
        self.deliver(delivery)
        self.must(f'insmod /tmp/modules/{name}.ko {parameters}')

    def console(self):
        path = self.folder / 'console.log'
        if not path.exists():
            raise cache.Failure(f"there is no machine '{self.name}'")
        return path.read_text(errors='replace').replace('\r', '')


def boot_timeout(config):
    """In seconds. Four emulated CPUs boot in 20 to 60, plainly configured ones in twice that."""
    return PATIENCE * (60 + 45 * config['cpus'] * (1 if 'nowatchdog' in config['cmdline'] else 2))


def take_snapshot(name, config, into):
    """Fills the folder with the saved state of a freshly booted guest."""
    cache.say(f"snapshot: booting {config['kernel']} with {config['cpus']} CPU(s), {config['cpu']} (only this time)")
    # Once in a while, with several CPUs, a boot in Bochs 3.0 takes many times its normal time.
    for attempt in range(1, BOOT_ATTEMPTS + 1):
        machine = Machine(name)
        try:
            machine.create(config, lambda: bochs.prepare(config, machine.folder))
            save_snapshot(machine, into)
            return
        except cache.Failure as failure:
            if attempt == BOOT_ATTEMPTS:
                raise cache.Failure(f'{failure}\n--- console:\n{machine.console()[-2000:]}') from None
            cache.say(f'snapshot: {str(failure).splitlines()[0]}; trying again')
        finally:
            machine.down()


def save_snapshot(machine, into):
    saved = machine.folder / 'saved'
    saved.mkdir()
    bochs.save(machine.folder / 'bochs.log', saved)
    for path in saved.iterdir():
        path.rename(into / path.name)
    (machine.folder / 'boot.iso').rename(into / 'boot.iso')
    # Bochs saved the empty delivery disk with all its zeroes, and would copy them at each restore.
    make_disk(into / 'hard_drive.0.drive0.image')


def make_disk(path):
    with open(path, 'wb') as disk:
        disk.truncate(DISK_SIZE)


def arguments(pid):
    return pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().decode(errors='replace').split('\0')


def wait_gone(pid):
    for _ in range(200):
        try:
            if pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] == 'Z':
                return
        except OSError:
            return
        time.sleep(0.01)
