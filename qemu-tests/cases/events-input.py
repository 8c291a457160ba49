# SPDX-License-Identifier: GPL-2.0
"""Lines that are wrong get one line of error that points at the word and shows the usage, and change nothing. Rules are
disabled, enabled and cleared by id and all, effective at once, and go when gdb detaches."""

from lib.case import VM, check, equal, match

# Line, the word it is about, part of the sentence.
BAD = [
    ('!exception 20', '20', 'exceptions have the vectors 0 to 0x1f'),
    ('!exception bogus', 'bogus', 'no such parameter or exception'),
    ('!exception ud gp', 'gp', 'a second vector'),
    ('!exception ud pid', 'pid', 'is to be followed by a process id'),
    ('!exception ud pid 12z', '12z', 'is not a process id'),
    ('!exception ud pid 1 pid 2', 'pid', 'twice'),
    ('!exception ud core 7', '7', 'not online'),
    ('!exception ud cpl 4', '4', 'a ring'),
    ('!exception ud rip 2000 1000', '1000', 'ends before it begins'),
    ('!exception ud addr 1000 2000', 'addr', 'only page faults'),
    ('!exception pf pfec 1 2', '2', 'the mask has not'),
    ('!exception bp skip on', 'skip', 'only faults'),
    ('!exception ud skip maybe', 'maybe', 'on or off'),
    ('!exception ud reg 1', 'reg', 'only !dr'),
    ('!exception ud stage middle', 'middle', 'pre, post or all'),
    ('!exception ud stage post sc on', 'sc', 'only stage pre'),
    ('!exception ud script { pause();', '{', 'not closed'),
    ('!exception ud script', 'script', 'followed by {'),
    ('!exception ud }', '}', 'a brace without a parameter'),
    ('!exception ud condition { 90 }', 'condition', 'unsafe_code=1'),
    ('!interrupt', '!interrupt', 'a vector is missing'),
    ('!interrupt 1f', '1f', '0x20 to 0xff'),
    ('!interrupt 100', '100', '0x20 to 0xff'),
    ('!interrupt 20 skip on', 'skip', 'only !exception'),
    ('!dr 7', '7', 'no such parameter'),
    ('!dr reg 8', '8', '0 to 7'),
    ('!dr access x', 'x', 'r, w or rw'),
    ('events x', 'x', 'is not e, d, c or sc'),
    ('events d', 'd', 'the id of a rule, or all'),
    ('events c 1 2', '2', 'nothing was to follow'),
    ('events sc maybe', 'maybe', 'on or off'),
    ('event now', 'now', 'nothing was to follow'),
]


def states(session):
    return [line.split()[1] for line in session.run('monitor events').splitlines() if 'hits' in line]


def refused(session, line, word, sentence):
    """One line of error, at the word's place."""
    answer = session.run(f'monitor {line}')
    equal(len(answer.splitlines()), 1, f'lines of the answer to "{line}"')
    found = match(answer, r'^at character (\d+), "(.*?)": (.*); usage: \S', f'the answer to "{line}"')
    place = int(found.group(1)) - 1
    equal((found.group(2), line[place:place + len(word)]), (word, word), f'the word that is wrong in "{line}"')
    check(sentence in found.group(3), f'the sentence about "{line}":', answer)


vm = VM(cpus=2)
session = vm.gdb_session()
equal(session.run('monitor events'), 'no rules', 'the list without rules')
for text in ('!exception ud', '!dr reg 6 access r', 'INTERRUPT 0n32 core 1'):
    match(session.run(f'monitor {text}'), r'^rule 0x\d: ', text)
before = session.run('monitor events')
for line, word, sentence in BAD:
    refused(session, line, word, sentence)
answer = session.run('monitor !exception ' + 'x' * 3000)
match(answer, '^at character 12, "x{32}\\.{3}": no such parameter', 'the answer to a long word')
match(session.run('monitor events d 77'), r'\b(no|rule)\b', 'an id that nobody has')
match(session.run('monitor events sc on'), 'no event is held', 'sc without an event')
equal(session.run('monitor events'), before, 'rules after all this')

equal(states(session), ['enabled'] * 3, 'states')
session.run('monitor events d 2')
equal(states(session), ['enabled', 'disabled', 'enabled'], 'states after d 2')
session.run('monitor events d all')
equal(states(session), ['disabled'] * 3, 'states after d all')
session.run('monitor events e 1')
equal(states(session), ['enabled', 'disabled', 'disabled'], 'states after e 1')
session.run('monitor events c 3')
equal(states(session), ['enabled', 'disabled'], 'states after c 3')

# Effective at once: a rule enabled or disabled in a halt decides about the very next instruction.
session.run('monitor events c all')
equal(session.run('monitor events'), 'no rules', 'the list after c all')
rule = match(session.run('monitor !exception ud'), r'^rule 0x(\w+)', 'a rule').group(1)
session.run(f'monitor events d {rule}')
session.begin('continue')
equal(vm.status('touch /tmp/go; faults ud 3')[1], 0, 'a program under a disabled rule')
session.interrupt()
match(session.finish(), 'SIGINT', 'a disabled rule stopped gdb')
session.run(f'monitor events e {rule}')
session.begin('continue')
work = vm.background('faults ud 3')
match(session.finish(), 'SIGILL', 'the enabled rule')
session.run(f'monitor events d {rule}')
session.begin('continue')
equal(work.wait()[1], 0, 'a program whose rule was disabled behind the first of three')
session.interrupt()
match(session.finish(), 'SIGINT', 'a disabled rule stopped gdb again')
match(session.run('monitor events'), r'disabled  monitor  hits 1 ', 'hits of the rule')

# Rules go at detach.
session.run('monitor events e all')
session.run('detach')
session.quit()
equal(vm.status('faults ud 3')[1], 0, 'a program after detach')
second = vm.gdb_session()
equal(second.run('monitor events'), 'no rules', 'the list of the next gdb')
second.quit()
vm.dmesg_clean()
