# SPDX-License-Identifier: GPL-2.0
"""Downloads Debian packages into the cache without touching the system's package lists.

The mirrors are those of the system's own apt sources; only the list of suites is ours.
"""

import pathlib
import re

from lib import cache

APT = pathlib.Path('/etc/apt')
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'


def system_sources():
    """(URI, suite) pairs of the system's apt sources, both file formats."""
    pairs = []
    for path in [APT / 'sources.list', *sorted((APT / 'sources.list.d').glob('*.list'))]:
        if path.exists():
            pairs += re.findall(r'^\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)', path.read_text(), re.M)
    for path in sorted((APT / 'sources.list.d').glob('*.sources')):
        for stanza in re.split(r'\n\s*\n', re.sub(r'^#.*\n', '', path.read_text(), flags=re.M)):
            fields = dict(re.findall(r'^([\w-]+):[ \t]*(.*)$', stanza, re.M))
            if fields.get('Enabled', 'yes') != 'no' and 'deb' in fields.get('Types', '').split():
                pairs += [(uri, suite) for uri in fields.get('URIs', '').split()
                          for suite in fields.get('Suites', '').split()]
    return pairs


def os_release(name, otherwise):
    match = re.search(rf'^{name}="?(\w+)', pathlib.Path('/etc/os-release').read_text(), re.M)
    return match.group(1) if match else otherwise


def codename():
    return os_release('VERSION_CODENAME', 'bookworm')


def release():
    return os_release('VERSION_ID', '12')


def our_sources():
    """The contents of our sources.list: this release with its updates and backports, and trixie for Bochs 3.0."""
    release = codename()
    found = {suite: uri for uri, suite in reversed(system_sources())}
    if release not in found:
        raise cache.Failure(f"no mirror for Debian {release} in the system's apt sources ({APT})")
    suites = {release: found[release], release + '-updates': found[release],
              release + '-backports': found[release], 'trixie': found[release]}
    for suite in (release + '-security', 'trixie-security'):
        security = found.get(release + '-security')
        if security:
            suites[suite] = security
    return ''.join(f'deb [signed-by={KEYRING}] {uri} {suite} main\n' for suite, uri in suites.items())


def options():
    where = cache.folder('apt')
    cache.folder('apt', 'lists', 'partial')
    cache.folder('apt', 'archives', 'partial')
    pairs = {'Dir::Etc::SourceList': where / 'sources.list', 'Dir::Etc::SourceParts': '-',
             'Dir::State::Lists': where / 'lists', 'Dir::Cache::Archives': where / 'archives',
             'Dir::Cache::pkgcache': '', 'Dir::Cache::srcpkgcache': '',
             # The cache may lie where apt's own unprivileged user may not write.
             'APT::Sandbox::User': 'root', 'Acquire::Languages': 'none', 'Acquire::Retries': '3'}
    return [word for key, value in pairs.items() for word in ('-o', f'{key}={value}')]


def update():
    cache.say('fetch: package lists')
    (cache.folder('apt') / 'sources.list').write_text(our_sources())
    # A suite that a mirror does not have (backports) is no error as long as the package is found.
    try:
        cache.run('apt-get', *options(), '-q', 'update')
        return ''
    except cache.Failure as failure:
        return str(failure)


def names(prefix):
    """The names of all packages that begin like this."""
    with cache.lock('apt'):
        if not (cache.folder('apt') / 'sources.list').exists():
            update()
        return set(cache.run('apt-cache', *options(), 'pkgnames', prefix).split())


def download(packages, into):
    """Downloads packages ('name' or 'name/suite') into the folder `into`."""
    with cache.lock('apt'):
        trouble = '' if (cache.folder('apt') / 'sources.list').exists() else update()
        try:
            cache.run('apt-get', *options(), '-q', 'download', *packages, cwd=into)
        except cache.Failure:
            trouble = update()
            try:
                cache.run('apt-get', *options(), '-q', 'download', *packages, cwd=into)
            except cache.Failure as failure:
                reason = '\n'.join(re.findall(r'^[EW]: .*', f'{failure}\n{trouble}', re.M))
                raise cache.Failure(f"apt-get cannot download {' '.join(packages)}:\n{reason or failure}") from None
    return sorted(into.glob('*.deb'))
