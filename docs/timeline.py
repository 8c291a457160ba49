#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws docs/timeline.svg from a trace that `output create NAME file PATH format trace` made.

Usage: docs/timeline.py TRACE >docs/timeline.svg

It is a drawing of the trace's own events at their own times, a row a track, not a picture of Perfetto's viewer (which
is a web page). The viewer shows the same file with the same rows.
"""

import html
import json
import sys

WIDTH, LEFT, ROW, TOP = 1000, 190, 26, 46
COLOURS = {'exception': '#c0392b', 'interrupt': '#2471a3', 'dr': '#7d3c98', 'text': '#1e8449', 'lost': '#b9770e'}


def read(path):
    text = open(path, encoding='utf-8').read()
    # A trace whose writer was killed has no end.
    return json.loads(text if text.rstrip().endswith(']') else text.rstrip().rstrip(',') + ']')


def rows(trace, events):
    """[(pid, tid, label)] of the tracks that have events."""
    names = {(row['name'], row['tid'] if row['name'] == 'thread_name' else row['pid']): row['args']['name']
             for row in trace if row['ph'] == 'M'}
    used = sorted({(event['pid'], event['tid']) for event in events})
    return [(pid, tid, f'{names.get(("process_name", pid), pid)}, {names.get(("thread_name", tid), tid)}') for pid, tid in used]


def ticks(span):
    """A round step in microseconds that gives about eight marks."""
    step = 1
    while span / step > 10:
        step *= 2 if str(step)[0] == '1' else 2.5 if str(step)[0] == '2' else 2
    return int(step)


def draw(trace):
    events = [row for row in trace if row['ph'] == 'i']
    tracks = rows(trace, events)
    start, end = min(event['ts'] for event in events), max(event['ts'] for event in events)
    span = max(end - start, 1)
    scale = (WIDTH - LEFT - 20) / span
    height = TOP + ROW * len(tracks) + 40
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           f'<text x="10" y="20" font-size="14">{len(events)} events of a real trace, drawn by docs/timeline.py</text>']
    step = ticks(span)
    for mark in range(0, int(span) + 1, step):
        x = LEFT + mark * scale
        out.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 34}" stroke="#ddd"/>'
                   f'<text x="{x:.1f}" y="{height - 18}" text-anchor="middle" fill="#555">{mark / 1000:g} ms</text>')
    for number, (pid, tid, label) in enumerate(tracks):
        y = TOP + ROW * number
        out.append(f'<text x="10" y="{y + 14}">{html.escape(label)}</text>'
                   f'<line x1="{LEFT}" y1="{y + 10}" x2="{WIDTH - 20}" y2="{y + 10}" stroke="#bbb"/>')
        for event in events:
            if event['tid'] != tid:
                continue
            x = LEFT + (event['ts'] - start) * scale
            title = html.escape(f'{event["name"]} at {event["ts"] - start:.3f} us, {event["args"].get("comm", "")}')
            out.append(f'<rect x="{x - 1:.1f}" y="{y}" width="2" height="20" fill="{COLOURS[event["cat"]]}">'
                       f'<title>{title}</title></rect>')
    return '\n'.join(out + ['</svg>\n'])


sys.stdout.write(draw(read(sys.argv[1])))
