#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""hvsplit.py: packets and text mixed in every way come out apart, however the line cuts them."""

import pathlib
import random
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import hvsplit  # noqa: E402


def packet(contents):
    return b'$' + contents + b'#%02x' % (sum(contents) & 0xff)


def split(splitter, data, pieces=1):
    """What came out for a line that delivers data in so many pieces."""
    gdb = console = b''
    cuts = sorted(random.randrange(len(data) + 1) for _ in range(pieces - 1))
    for start, end in zip([0, *cuts], [*cuts, len(data)]):
        packets, text = splitter.line_sent(data[start:end])
        gdb, console = gdb + packets, console + text
    return gdb, console + splitter.give_up()


def without_acks():
    splitter = hvsplit.Splitter()
    splitter.gdb_sent(packet(b'QStartNoAckMode'))
    assert splitter.line_sent(b'+' + packet(b'OK')) == (b'+' + packet(b'OK'), b'')
    return splitter


def test_text_only():
    for text in (b'hello\n', b'a + b - c\n', b'cost: $5 #1\n', b'$HOME/#include\n', b'$#', b'$$$', b'$abc#0', b'$abc#zz$', b'#'):
        assert split(without_acks(), text) == (b'', text), text


def test_packet_amid_text():
    for before in (b'', b'text ', b'$', b'$5 and ', b'#', b'$x#11'):
        gdb, text = split(without_acks(), before + packet(b'T05thread:1;') + b' more\n')
        assert gdb == packet(b'T05thread:1;'), before
        assert text == before + b' more\n', before


def test_wrong_check_sum_is_text():
    text = b'$T05thread:1;#00'
    assert split(without_acks(), text) == (b'', text)


def test_acks():
    splitter = hvsplit.Splitter()
    # Nothing was sent: a plus is text.
    assert splitter.line_sent(b'1 + 1') == (b'', b'1 + 1')
    splitter.gdb_sent(packet(b'qSupported:swbreak+'))
    assert splitter.line_sent(b'+' + packet(b'PacketSize=4000')) == (b'+' + packet(b'PacketSize=4000'), b'')
    splitter.gdb_sent(b'+' + packet(b'g'))
    assert splitter.line_sent(b'-') == (b'-', b'')
    splitter.gdb_sent(packet(b'g'))
    assert splitter.line_sent(b'log\n+' + packet(b'00') + b'+') == (b'+' + packet(b'00'), b'log\n+')


def test_a_new_gdb_starts_with_acks():
    splitter = without_acks()
    splitter.gdb_sent(packet(b'g'))
    assert splitter.line_sent(b'+') == (b'', b'+')
    splitter.gdb_sent(packet(b'qSupported'))
    assert splitter.line_sent(b'+') == (b'+', b'')


def test_half_a_packet_is_given_up():
    splitter = without_acks()
    assert splitter.line_sent(b'price: $5') == (b'', b'price: ')
    assert splitter.give_up() == b'$5'
    assert splitter.line_sent(b' only\n') == (b'', b' only\n')


def test_too_long_is_text():
    text = b'$' + b'x' * 2 * hvsplit.LONGEST + b'\n'
    assert split(without_acks(), text) == (b'', text)


def test_mixed():
    """Text with all that looks like packets, packets with all bytes that they may have, cut anywhere."""
    random.seed(7)
    plain = bytes(byte for byte in range(256) if byte not in b'$#')
    for _ in range(2000):
        splitter, line, packets, texts = without_acks(), b'', b'', b''
        for _ in range(random.randrange(1, 8)):
            if random.random() < 0.5:
                piece = packet(bytes(random.choices(plain, k=random.randrange(60))))
                packets += piece
            else:
                # No '$' behind which what follows could be a packet: root sends only when the driver's text is out.
                piece = bytes(random.choices(b'ab+-#\n 0', k=random.randrange(40)))
                texts += piece
            line += piece
        assert split(splitter, line, random.randrange(1, 10)) == (packets, texts), line


def main():
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith('test_'):
            continue
        try:
            test()
            print('PASS', name)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print('FAIL', name)
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
