# SPDX-License-Identifier: GPL-2.0
"""What is downloaded: Bochs with its libraries, Debian's kernels and their symbols. All of it unpacked in the cache."""

import lzma
import pathlib
import re
import subprocess
import tempfile

from lib import apt, cache

BOCHS = ['bochs', 'bochsbios', 'vgabios', 'libc6', 'libstdc++6', 'libgcc-s1', 'libltdl7', 'libasound2t64',
         'libreadline8t64', 'libtinfo6', 'libncurses6', 'libsamplerate0']


def bochs():
    """The root of an unpacked Bochs 3.0. Bookworm's own 2.7 has no working monitor trap flag and loses NMIs."""
    def make(into):
        cache.say('fetch: Bochs 3.0 (8 MB)')
        debs = apt.download([name + '/trixie' for name in BOCHS], into)
        for deb in debs:
            if deb.name.startswith('bochs_'):
                (into / 'version').write_text(deb.name.split('_')[1])
            cache.run('dpkg-deb', '-x', deb, into)
            deb.unlink()
    return cache.once(cache.root() / 'bochs', make)


def bochs_version():
    return (bochs() / 'version').read_text()


def kernel(version):
    """The unpacked linux-image package: boot/vmlinuz-VERSION and lib/modules/VERSION."""
    def make(into):
        cache.say(f'fetch: kernel {version}')
        for deb in apt.download(['linux-image-' + version], into):
            cache.run('dpkg-deb', '-x', deb, into)
            deb.unlink()
    return cache.once(cache.folder('kernels') / version, make)


def modules_folder(tree, version):
    usr = tree / 'usr/lib/modules' / version
    return usr if usr.exists() else tree / 'lib/modules' / version


def symbols(version):
    """The path of vmlinux with debugging information."""
    name = 'vmlinux-' + version

    def make(into):
        cache.say(f'fetch: symbols of {version} (about 300 MB, then half a minute to unpack)')
        deb, = apt.download([f'linux-image-{version}-dbg'], into)
        with subprocess.Popen(['dpkg-deb', '--fsys-tarfile', str(deb)], stdout=subprocess.PIPE) as tar:
            cache.run('tar', '-x', '-C', into, '--transform', 's,.*/,,', '--wildcards', '*/boot/' + name,
                      stdin=tar.stdout)
        deb.unlink()
    return cache.once(cache.folder('symbols') / version, make) / name


def default_kernel():
    """The version that the module is built for: the newest cloud headers, or else whatever can be built against."""
    built = [p.parent.name for p in pathlib.Path('/lib/modules').glob('*/build') if p.exists()]
    built += [p.name.removeprefix('linux-headers-') for p in pathlib.Path('/usr/src').glob('linux-headers-*-amd64')]
    if not built:
        raise cache.Failure('no kernel headers are installed here: name the kernel with --kernel VERSION')
    return max(built, key=lambda v: ('cloud' in v, [int(n) for n in re.findall(r'\d+', v)]))


def newest(series, flavour):
    """The newest kernel of a series ('6.12') and flavour ('amd64', 'cloud-amd64') that there is a module, symbols and
    all for: the installed headers' or one in the cache rather than one to be downloaded."""
    here = {path.name for path in (cache.root() / 'symbols').glob('*')} | {default_kernel()}
    # Those of a later release are built by its compiler.
    pattern = re.compile(rf'{re.escape(series)}\.\d+(?:\+deb{apt.release()})?(?:-\d+)?-{flavour}')
    found = [version for version in here if pattern.fullmatch(version)]
    if not found:
        names = apt.names(f'linux-image-{series}.')
        found = [version for version in (name.removeprefix('linux-image-') for name in names)
                 if pattern.fullmatch(version) and f'linux-image-{version}-dbg' in names]
    if not found:
        raise cache.Failure(f'the mirrors have no kernel {series} ({flavour}) with symbols')
    return max(found, key=lambda version: [int(number) for number in re.findall(r'\d+', version)])


def kernel_config(version):
    return (kernel(version) / 'boot' / ('config-' + version)).read_text()


def module_file(version, name):
    """The contents of one kernel module, or None when it is built in."""
    base = modules_folder(kernel(version), version)
    wanted = re.compile(r'.*/' + re.sub('[-_]', '[-_]', name) + r'\.ko(\.xz)?')
    for path in base.rglob('*.ko*'):
        if wanted.fullmatch(str(path)):
            return lzma.decompress(path.read_bytes()) if path.suffix == '.xz' else path.read_bytes()
    if any(wanted.fullmatch(line) for line in (base / 'modules.builtin').read_text().splitlines()):
        return None
    raise cache.Failure(f'kernel {version} has no module {name}')


def modules_with_dependencies(version, names, known=None):
    """{name: contents} of the modules `names` and of all that they depend on, in the order in which to load them."""
    known = {} if known is None else known
    for name in names:
        contents = None if name in known else module_file(version, name)
        if contents:
            depends = re.search(rb'\0depends=([^\0]*)\0', contents).group(1).decode()
            modules_with_dependencies(version, filter(None, depends.split(',')), known)
            known[name] = contents
    return known


def stripped(module, keep_symbols=False):
    """A smaller module: the emulated kernel takes many seconds to hash and copy what it does not need."""
    with tempfile.NamedTemporaryFile(suffix='.ko') as copy:
        copy.write(module)
        copy.flush()
        cache.run('strip', '--strip-debug' if keep_symbols else '--strip-unneeded', copy.name)
        return pathlib.Path(copy.name).read_bytes()
