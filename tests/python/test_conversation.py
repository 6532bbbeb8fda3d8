# SPDX-License-Identifier: MIT
"""An agent's ten turns: what one makes the next has, whatever failed."""

import os
import re
import struct
import subprocess
import zlib

import support


def open_png(data):
    """(width, height, rows of RGB), or an error: no byte is taken on trust."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
    at, kinds, packed, size = 8, [], b"", None
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + length]
        crc, = struct.unpack_from(">I", data, at + 8 + length)
        assert crc == zlib.crc32(kind + body), kind
        kinds.append(kind)
        if kind == b"IHDR":
            size = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND"), kinds
    assert size[2:] == (8, 2, 0, 0, 0), size
    raw, step = zlib.decompress(packed), 3 * size[0] + 1
    assert len(raw) == step * size[1]
    rows = [raw[i:i + step] for i in range(0, len(raw), step)]
    assert all(row[0] == 0 for row in rows), "filters"
    return size[0], size[1], [row[1:] for row in rows]


def ink(rows):
    return sum(row[i:i + 3] != b"\xff\xff\xff"
               for row in rows for i in range(0, len(row), 3))


@support.needs_sessions
class Conversation(support.Scratch):
    def talk(self):
        (self.path / "out").mkdir()
        done = subprocess.run(
            [support.PYTHON, "-B", support.ROOT / "examples/conversation.py",
             "talk", self.path / "out"],
            env={**os.environ, "XDG_DATA_HOME": str(self.path)}, text=True,
            capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return re.findall(r"--- \d+: (\w+)\n((?:(?!--- ).*\n)*)", done.stdout)

    def test_ten_turns(self):
        turns = self.talk()
        self.assertEqual([state for state, _ in turns],
                         ["done", "done", "failed", "done", "done", "done",
                          "failed", "done", "done", "done"])
        told = [text for _, text in turns]
        self.assertEqual(told[0], "made 400 rows\n")
        self.assertRegex(told[1], r"^400 rows, mean (9\.\d|10\.\d)\n")
        self.assertIn("KeyError: 'celsius'", told[2])
        self.assertIn("columns: hour degrees", told[3])
        self.assertIn("CPU time", told[6])
        self.assertIn("left over: ['hour,degrees', '0,1.5']", told[7])
        self.assertIn("there: code.py data.csv plot.py", told[7])
        self.assertEqual(told[8], "added 2\n")
        self.assertEqual(told[9], "plotted 402\n")
        pictures = sorted(os.listdir(self.path / "out"))
        self.assertIn("6-first.png", pictures)
        self.assertIn("10-both.png", pictures)
        for name, size, least in (("6-first.png", 200, 300),
                                  ("10-both.png", 120, 250)):
            wide, high, rows = open_png(
                (self.path / "out" / name).read_bytes())
            self.assertEqual((wide, high), (size, size))
            self.assertGreater(ink(rows), least)
            self.assertLessEqual(ink(rows), 402)
        states = subprocess.run(
            [support.BUILD / "bin/sbx-session", "show", "talk"], text=True,
            env={**os.environ, "XDG_DATA_HOME": str(self.path)},
            capture_output=True).stdout.splitlines()
        self.assertEqual([line.split("\t")[0] for line in states],
                         [str(number) for number in range(1, 11)])
