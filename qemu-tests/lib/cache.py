# SPDX-License-Identifier: GPL-2.0
"""Where the harness keeps what it downloads and builds, with the locks that let several runs share it."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
TOP = TESTS.parent


class Failure(Exception):
    """What went wrong, in a sentence for the user."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def root():
    """The cache's folder; it can be removed at any time when no machine is up."""
    explicit = os.environ.get('HVGDB_CACHE')
    base = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    path = pathlib.Path(explicit).absolute() if explicit else pathlib.Path(base) / 'hvgdb'
    path.mkdir(parents=True, exist_ok=True)
    return path


def folder(*names):
    path = root().joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def lock(name, shared=False, wait=True):
    """Holds the lock `name`; with wait=False yields False when somebody else has it."""
    with open(folder('locks') / name, 'w') as handle:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(handle, mode | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def once(path, make):
    """Returns the folder `path`; calls make(temporary folder) to fill it if it is not there yet."""
    if path.exists():
        return path
    with lock('make-' + path.parent.name + '-' + path.name):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = pathlib.Path(tempfile.mkdtemp(prefix='.new-', dir=path.parent))
            try:
                make(temporary)
                temporary.chmod(0o755)
                temporary.rename(path)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return path


def prune(where, keep):
    """Keeps the `keep` most recently used folders of `where`; what somebody uses right now stays."""
    folders = sorted((p for p in where.iterdir() if not p.name.startswith('.')),
                     key=lambda p: p.stat().st_mtime, reverse=True)
    for old in folders[keep:]:
        with lock('use-' + old.name, wait=False) as free:
            if free:
                shutil.rmtree(old, ignore_errors=True)


def run(*command, stdin=subprocess.DEVNULL, **options):
    """Runs a program and returns its output; a Failure carries what it printed."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, errors='replace', **options)
    except FileNotFoundError:
        raise Failure(f'{command[0]} is not installed (qemu-tests/install-deps installs it)') from None
    if done.returncode:
        raise Failure(f"'{' '.join(command)}' failed:\n{done.stdout.strip()}")
    return done.stdout
