# SPDX-License-Identifier: GPL-2.0
"""What scripts do to the machine: each function, register and $ variable on a real CPU, compared with what gdb sees there;
and each kind of statement, compiled and run below the kernel."""

from lib.case import VM, check, equal, match

STATEMENTS = r'''
int sum(int a, int b) { return a + b; }
long fact(long n) { if (n < 2) { return 1; } return n * fact(n - 1); }
void tell(long x) { if (x == 0) { return; } printf("%lld ", x); }
x = 5; y = z = 2; x += 3; x -= 1; x *= 4; x /= 2; x %= 0n10; x <<= 4; x >>= 2; x &= ff; x |= 1; x ^= 2;
tell(x);
if (x == 5) { tell(1); } elsif (x == 0n19) { tell(2); } else { tell(3); }
for (i = 0; i < 3; i++) { if (i == 1) { continue; } tell(i + 1); }
while (1) { y--; if (y == 0) { break; } }
do { y++; } while (y < 3);
tell(y);
unsigned char c = 1ff; int v[2][2] = { { 1, 2 }, { 3, 4 } };
tell(c); tell(v[1][0]); p = &x; *p = 0n77; tell(x);
tell(sum(2, 3)); tell(fact(5)); .left = 1; .left++; ++.left; tell(.left);
tell(1 + 2 * 3 - 4 / 2); tell((ff & 0f | 30) ^ 1); tell(~0 & ff); tell(!0 + (1 && 0 || 1)); tell(-1 < 0);
tell((1 << 4) + (100 >> 4)); tell(5 != 5 || 5 >= 5 && 4 <= 5); tell(not(-2)); tell(neg(-3)); tell(+4 - -1);
print(0n10); formats(41); return; tell(0n99);
'''
TOLD = ('19 2 1 3 3 255 3 77 5 120 3 5 62 255 2 1 32 1 1 3 5 a\nhex 0x41\ndecimal 65\n')

vm = VM(cpus=2)
session = vm.gdb_session()
# A stop at an event of a program: then everything is there.
match(session.run('monitor !exception ud cpl 3'), '^rule 0x1: ', 'the rule')
session.begin('continue')
work = vm.background('touch /tmp/go; faults ud 1')
match(session.finish(), 'SIGILL', 'the stop')


def script(text):
    return session.run(f'monitor ? {text}')


def value(expression):
    return int(session.run(f'output/x (long)({expression})'), 16)


def gives(expression, wanted):
    """A script's expression has the value of one of gdb's, or this very number."""
    number = wanted if isinstance(wanted, int) else value(wanted)
    equal(script(f'printf("%llx", {expression});'), f'{number & (2 ** 64 - 1):x}', expression)


# Registers, whole and in parts.
for name in ('rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip',
             'cs', 'ss', 'ds', 'es', 'fs', 'gs', 'fs_base', 'gs_base'):
    gives(f'@{name}', f'${name}')
gives('@rflags', '$eflags & 0xffffffff')
gives('@eflags & ffff', '$eflags & 0xffff')
gives('@flags', '$eflags & 0xffff')
for part, wanted in (('eax', '$rax & 0xffffffff'), ('ax', '$rax & 0xffff'), ('al', '$rax & 0xff'), ('ah', '$rax >> 8 & 0xff'),
                     ('r8d', '$r8 & 0xffffffff'), ('r9w', '$r9 & 0xffff'), ('r10b', '$r10 & 0xff'), ('sil', '$rsi & 0xff'),
                     ('if', '$eflags >> 9 & 1'), ('zf', '$eflags >> 6 & 1'), ('cf', '$eflags & 1'), ('iopl', '$eflags >> 12 & 3')):
    gives(f'@{part}', wanted)
# Those that gdb does not show, by what every Linux has there: protection and paging, PAE, long mode, the IDT, the TSS.
gives('(@cr0 & 80000001) == 80000001 && (@cr4 & 20) && (@efer & 501) == 501 && @cr8 <= 1', 1)
gives('(@cr3 & fff) < 1000 && @cr3 != 0 && @tr == 40 && @ldtr == 0 && @dr6 == ffff0ff0 && @dr7 == 400', 1)
gives('@idtr', 0xfffffe0000000000)
gives('check_address(@gdtr) && @dr0 == 0 && @dr1 == 0 && @dr2 == 0 && @dr3 == 0', 1)
script('@r12 = 1234; @dr3 = 5678;')
gives('@r12 == 1234 && @dr3 == 5678', 1)
script('@dr3 = 0;')

# $ variables.
thread = int(match(session.run('info threads'), r'^\* (\d+)', 'threads').group(1))
gives('$core', thread - 1)
gives('$ip', '$rip')
gives('$context', 6)
gives('$event_id == 1 && $event_tag == 1000001 && $event_stage == 0', 1)
gives('$buffer', 0)
pid = int(script('printf("%lld", $pid);'))
task, leader = (int(script(f'print({name});'), 16) for name in ('$thread', '$proc'))
equal((value(f'((struct task_struct *){task})->pid'), value(f'((struct task_struct *){leader})->tgid'), int(script('printf("%lld", $tid);'))),
      (pid, pid, pid), 'pid and tid')
equal(script('printf("%s", $pname);'), 'faults', '$pname')
match(script('printf("%s %s", $date, $time);'), r'^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$', 'date and time')

# Memory, of the program and of the kernel, by linear and by physical addresses.
mine = value('((long)$rsp - 0x400) & ~0xf')
check(script(f'print(eq({mine:x}, 1122334455667788) + ed({mine + 8:x}, 99aabbcc) + eb({mine + 12:x}, 1dd));') == '3', 'writes')
equal((value(f'*(long *){mine}'), value(f'*(int *){mine + 8}') & 0xffffffff, value(f'*(unsigned char *){mine + 12}')),
      (0x1122334455667788, 0x99aabbcc, 0xdd), 'what scripts wrote')
for name, wanted in (('poi', 0x1122334455667788), ('dq', 0x1122334455667788), ('dd', 0x55667788), ('dw', 0x7788), ('db', 0x88),
                     ('low', 0x7788), ('hi', 0x5566)):
    gives(f'{name}({mine:x})', wanted)
    gives(f'{name}_pa(virtual_to_physical({mine:x}))', wanted)
gives(f'*{mine:x}', 0x1122334455667788)
physical = int(script(f'print(virtual_to_physical({mine:x}));'), 16)
script(f'eq_pa({physical:x}, 5); ed_pa({physical + 8:x}, 6); eb_pa({physical + 12:x}, 7);')
equal((value(f'*(long *){mine}'), value(f'*(int *){mine + 8}'), value(f'*(char *){mine + 12}')), (5, 6, 7), 'physical writes')
gives(f'dq(physical_to_virtual({physical:x}))', 5)
script(f'memcpy({mine + 16:x}, {mine:x}, 0d); memcpy_pa({physical + 32:x}, {physical + 8:x}, 5); *{mine + 64:x} = 8;')
equal((value(f'*(long *){mine + 16}'), value(f'*(int *){mine + 32}'), value(f'*(char *){mine + 36}'), value(f'*(long *){mine + 64}')),
      (5, 6, 7, 8), 'copies')
gives(f'memcmp({mine:x}, {mine + 16:x}, 0d)', 0)
gives(f'check_address({mine:x}) && !check_address(10) && !check_address(0deadbeefdeadbeef)', 1)
gives('eq(10, 5) + eb(ffffffffffffffff, 5) + virtual_to_physical(10)', 0)
banner = value('&linux_banner')
session.begin_python("result = len(gdb.parse_and_eval('(char *)&linux_banner').string())")
gives(f'strlen({banner:x})', session.finish_python())
gives(f'strcmp({banner:x}, "Linux") > 0 && strncmp({banner:x}, "Linux version", 0n13) == 0 && strcmp("a", "b") < 0', 1)
equal(script(f'printf("%.5s", {banner:x});'), 'Linux', 'a string of the kernel')
script(f'eq({mine:x}, 0063006200610000 >> 10); eq({mine + 8:x}, 0);')
gives(f'wcslen({mine:x}) == 3 && wcscmp({mine:x}, L"abc") == 0 && wcsncmp({mine:x}, L"abx", 2) == 0', 1)
script(f'eq({mine + 8:x}, 6200000061); eq({mine + 16:x}, 63);')
equal(script(f'printf("%ws|%ls", {mine:x}, {mine + 8:x});'), 'abc|abc', 'strings of wide characters, of two bytes and of four')
equal(script('printf("%s %d %i %u %x %X %o %c %p %5lld %%", 10, -1, -2, 3, 0ab, 0ab, 8, 41, 1000, 0n42);'),
      '<cannot read 0x10> -1 -2 3 ab AB 10 A 0x1000    42 %', 'printf')

# Atomic, on the program's memory; locks.
script(f'eq({mine:x}, 5);')
for call, wanted in (('increment(%s)', 6), ('decrement(%s)', 5), ('exchange(%s, 7)', 5), ('exchange_add(%s, 2)', 7),
                     ('compare_exchange(%s, 20, 9)', 9), ('compare_exchange(%s, 30, 9)', 0x20)):
    gives('interlocked_' + call % f'{mine:x}', wanted)
script(f'eq({mine:x}, 0); spinlock_lock({mine:x});')
equal(value(f'*(int *){mine}'), 1, 'a lock')
match(script(f'spinlock_lock_custom_wait({mine:x}, 10);'), 'not free', 'a lock that is held')
script(f'spinlock_unlock({mine:x});')
equal(value(f'*(int *){mine}'), 0, 'a lock that is free')

# Code and time.
gives('disassemble_len(@rip)', 2)
gives(f'disassemble_len64({value("&schedule"):x}) > 0 && disassemble_len32(@rip) == 2', 1)
gives('rdtscp() - rdtsc() < 10000', 1)
script('.since = rdtsc(); microsleep(0n500); .took = rdtsc() - .since;')
took = int(script('printf("%lld", .took);'))
check(5000 < took < 5000000, '500 us take as many ticks:', took)

equal(script(STATEMENTS.replace('\n', ' ')).startswith(TOLD), True, 'statements: ' + script(STATEMENTS.replace('\n', ' ')))
session.run('monitor events c all')
session.begin('continue')
work.wait()
session.interrupt()
session.finish()

# Rules that switch each other on and off, and interrupts that a script sends: "reschedule" does nothing but count itself.
RESCHEDULE = 'fd'
session.run('handle SIGILL nostop noprint pass')
on = match(session.run('monitor !exception ud cpl 3 script { .first++; event_enable(3); event_disable(2); }'), '^rule 0x(2): ', 'the first').group(1)
match(session.run('monitor !exception ud cpl 3 script { .second++; event_inject(0, ' + RESCHEDULE + '); flush(); event_enable(2); }'),
      '^rule 0x3: ', 'the second')
session.run(f'monitor events d {on}')
session.run('monitor events e 2')
session.run('monitor events d 3')


def rescheduled():
    line = next(line for line in vm.sh('cat /proc/interrupts').splitlines() if 'Rescheduling' in line)
    return int(line.split()[2])


session.begin('continue')
vm.sh('touch /tmp/go')
before = rescheduled()
match(vm.sh('taskset 2 faults ud 40'), 'ud: 40 of 40', 'the faults')
after = rescheduled()
session.interrupt()
session.finish()
counted = [int(n) for n in script('printf("%lld %lld", .first, .second);').split()]
check(sum(counted) >= 40 and min(counted) >= 20, 'the rules did not take turns:', counted)
check(after - before >= counted[1], 'the interrupts that the script sent did not come:', before, after, counted)
session.quit()
vm.dmesg_clean()
