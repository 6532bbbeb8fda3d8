# SPDX-License-Identifier: MIT
"""bounds.py LIB SPOOL: what a tree and the compiler's reader do at their
bounds, which are made small."""

import io
import os
import sys

sys.path[0] = sys.argv[1]

import bytecode
import tree


class Endless(io.RawIOBase):
    """Of sixteen bounds: a file that would fill the disk."""

    left = 16 << 20

    def readable(self):
        return True

    def readinto(self, room):
        n = min(len(room), self.left)
        self.left -= n
        return n


tree.MAX_BYTES = 1 << 20
made = tree.Tree(sys.argv[2])
try:
    made.file("a", 0o644, Endless())
except tree.Wrong as error:
    size = os.path.getsize(sys.argv[2] + "/0")
    print(f"a file: {error}, {size >> 20} MiB was written")

tree.MAX_BYTES = made.bytes + 3999
made.file("b", 0o644, io.BytesIO(bytes(1000)))
try:
    for number in range(10):
        made.hard_link(f"link{number}", "b")
except tree.Wrong as error:
    print(f"hard links: {error}, after {number + 1}")

print("byte code:", bytecode.take(made, ["b.py"], io.BytesIO(
    b"tag\n99999999999999\nabc")))


class Apart(dict):
    """Entries that nobody goes through: a whiteout for each would take the
    square of their number."""

    def __iter__(self):
        raise AssertionError("it looks at each entry")


tree.MAX_BYTES = 1 << 30
made.entries = Apart()
for name in ("d/a/b", "d/c", "da"):
    made.directory(name)
made.drop("d")
print("dropped:", made.has("d/a/b"), made.has("da"))
