# SPDX-License-Identifier: GPL-2.0
"""hvgdb.ko for any kernel of the guests, and its test-only builds: made out of tree, kept in the cache by contents.

A build is a line of make's switches: '' is what users get, 'CHECKING=1' asserts before every entry, 'FAULTS=1' takes
faults to inject (docs/qemu-tests.md).
"""

import os
import pathlib
import re
import shutil

from lib import apt, assets, cache, guest

PRODUCT = cache.TOP / 'hvgdb.ko'
FOLDERS = ['kmod', 'vmx', 'rsp', 'events']
KEEP = 24


def headers(version):
    """The folder to build modules for the kernel in: the system's own, or one unpacked in the cache."""
    installed = pathlib.Path('/lib/modules') / version / 'build'
    if installed.exists():
        return installed

    def make(into):
        cache.say(f'fetch: headers of {version} (12 MB)')
        wanted = ['linux-headers-' + version]
        deb, = apt.download(wanted, into)
        depends = cache.run('dpkg-deb', '-f', deb, 'Depends')
        wanted += re.findall(r'\b(?:linux-headers-[^ ,]+-common|linux-kbuild-[^ ,]+)', depends)
        for deb in apt.download(wanted, into):
            cache.run('dpkg-deb', '-x', deb, into)
            deb.unlink()
        # The packages name each other by absolute paths.
        makefile = into / 'usr/src' / wanted[0] / 'Makefile'
        makefile.write_text(makefile.read_text().replace('/usr/src/', '../'))
    return cache.once(cache.folder('headers') / version, make) / 'usr/src' / ('linux-headers-' + version)


def sources():
    """What the module is made from, relative to the top folder."""
    found = [pathlib.Path('Makefile'), pathlib.Path('Kbuild')]
    for folder in FOLDERS:
        for path in sorted((cache.TOP / folder).rglob('*.[chS]')):
            relative = path.relative_to(cache.TOP)
            if 'tests' not in relative.parts and not path.name.endswith('.mod.c'):
                found.append(relative)
    return found


def module(version, build=''):
    """The path of hvgdb.ko for that kernel; the product of `make` where that is what is asked for."""
    if not build and version == assets.default_kernel():
        if not PRODUCT.exists():
            raise cache.Failure(f'{PRODUCT} is not built: make')
        return PRODUCT
    contents = {path: (cache.TOP / path).read_bytes() for path in sources()}
    name = guest.digest(version, build, *(part for item in contents.items() for part in item))
    where = cache.folder('modules')

    def make(into):
        cache.say(f'build: hvgdb for {version} {build}'.rstrip())
        for path, text in contents.items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_bytes(text)
        # A make that may be above us has its own flags and jobs.
        environment = {key: value for key, value in os.environ.items() if key not in ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS')}
        said = cache.run('make', '-s', f'-j{os.cpu_count()}', 'module', f'KDIR={headers(version)}', *build.split(),
                         cwd=into, env=environment)
        complaints = [line for line in said.splitlines() if 'warning:' in line]
        if complaints:
            raise cache.Failure('\n'.join([f'hvgdb for {version} does not build cleanly:', *complaints[:20]]))
        for path in into.iterdir():
            if path.name != PRODUCT.name:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    built = cache.once(where / name, make)
    os.utime(built)
    cache.prune(where, KEEP)
    return built / PRODUCT.name


def test_module_file(name, version):
    """The kernel module of qemu-tests/modules/NAME.c with its symbols; it may include what hvgdb's halves share."""
    source = cache.TESTS / 'modules' / (name + '.c')
    shared = [cache.TOP / path for path in
              ('qemu-tests/modules/run_param.h', 'vmx/hypercall.h', 'rsp/rsp.h', 'rsp/base.h')]

    def make(into):
        for path in (source, shared[0]):
            shutil.copy(path, into)
        (into / 'Kbuild').write_text(f'obj-m := {name}.o\nccflags-y := -I{cache.TOP}/vmx -I{cache.TOP}/rsp\n')
        cache.run('make', '-s', '-C', headers(version), f'M={into}', 'modules')
    contents = [path.read_bytes() for path in (source, *shared)]
    return cache.once(cache.folder('programs') / guest.digest(name, version, *contents), make) / (name + '.ko')


def test_module(name, version):
    """The contents of that module, as small as it can be loaded."""
    return assets.stripped(test_module_file(name, version).read_bytes())
