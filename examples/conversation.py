#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""conversation.py SESSION DIR: ten turns of an agent with its code tool.

Builds a data set, plots it, makes two mistakes on the way, and goes on from
where it was. Prints what the model would see of each turn; the pictures are
written into DIR, which is there.
"""

import base64
import os
import sys

import agent_tool

PLOT = '''
"""A scatter plot as a PNG, of nothing but zlib."""
import struct, zlib

def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))

def scatter(name, points, size=200):
    rows = [bytearray(b"\\xff" * 3 * size) for _ in range(size)]
    xs, ys = zip(*points)
    for x, y in points:
        left = int((x - min(xs)) / ((max(xs) - min(xs)) or 1) * (size - 1))
        down = int((max(ys) - y) / ((max(ys) - min(ys)) or 1) * (size - 1))
        rows[down][3 * left:3 * left + 3] = b"\\x20\\x40\\xc0"
    data = b"".join(b"\\0" + bytes(row) for row in rows)
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    with open(name, "wb") as file:
        file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) +
                   chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))
'''

READ = ("import csv\n"
        "rows = list(csv.DictReader(open('data.csv')))\n")

# What is run, and files that the user sends along.
TURNS = (
    ("import csv, random\n"
     "random.seed(1)\n"
     "with open('data.csv', 'w', newline='') as file:\n"
     "    out = csv.writer(file)\n"
     "    out.writerow(('hour', 'degrees'))\n"
     "    for hour in range(400):\n"
     "        out.writerow((hour, round(hour / 20 + random.gauss(0, 2), 2)))\n"
     "print('made', hour + 1, 'rows')", {}),
    (READ + "print(len(rows), 'rows, mean',\n"
     "      round(sum(float(r['degrees']) for r in rows) / len(rows), 1))",
     {}),
    # A mistake: there is no such column.
    (READ + "print(max(float(r['celsius']) for r in rows))", {}),
    (READ + "print('columns:', *rows[0])\n"
     "print('max', max(float(r['degrees']) for r in rows))", {}),
    (f"open('plot.py', 'w').write({PLOT!r})\n"
     "import plot\n"
     "print('can plot:', callable(plot.scatter))", {}),
    (READ + "import plot\n"
     "plot.scatter('first.png', [(float(r['hour']), float(r['degrees']))\n"
     "                           for r in rows])\n"
     "print('plotted', len(rows))", {}),
    # Another: it never ends, and leaves half of its work.
    ("with open('smooth.csv', 'w') as file:\n"
     "    file.write('hour,degrees\\n0,1.5\\n')\n"
     "    file.flush()\n"
     "    while True:\n"
     "        pass", {}),
    ("import os\n"
     "print('left over:', open('smooth.csv').read().split())\n"
     "os.remove('smooth.csv'), os.remove('first.png')\n"
     "print('there:', *sorted(os.listdir()))", {}),
    ("import csv\n"
     "more = list(csv.reader(open('more.csv')))\n"
     "with open('data.csv', 'a', newline='') as file:\n"
     "    csv.writer(file).writerows(more)\n"
     "print('added', len(more))", {"more.csv": "400,25.5\n401,26.0\n"}),
    (READ + "import plot\n"
     "plot.scatter('both.png', [(float(r['hour']), float(r['degrees']))\n"
     "                          for r in rows], 120)\n"
     "print('plotted', len(rows))", {}),
)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tool = agent_tool.CodeTool(sys.argv[1], cpu_time=2)
    for number, (code, files) in enumerate(TURNS, 1):
        answer = tool.call(code, files)
        print(f"--- {number}: {'done' if answer['ok'] else 'failed'}")
        print(answer["text"].rstrip())
        for image in answer["images"]:
            path = os.path.join(sys.argv[2], f"{number}-{image['name']}")
            with open(path, "xb") as file:
                file.write(base64.b64decode(image["png_b64"]))


if __name__ == "__main__":
    main()
