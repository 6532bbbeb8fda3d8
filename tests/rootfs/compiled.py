# SPDX-License-Identifier: MIT
"""compiled.py LIB SPOOL: which modules are compiled, what of a package's own
byte code goes, and what is taken of what a compiler wrote."""

import io
import sys

sys.path[0] = sys.argv[1]

import bytecode
import tree

made = tree.Tree(sys.argv[2])
made.link("python/a/__pycache__", "/etc")
for name in ("python/a/x.py", "python/b/y.py", "bin/z.py"):
    made.file(name, 0o644, io.BytesIO())
for name in ("y.cpython-311", "y.tag.opt-1", "gone.cpython-311"):
    made.file(f"python/b/__pycache__/{name}.pyc", 0o644, io.BytesIO(b"other"))
print(bytecode.modules(made))
bytecode.drop(made)
print([name for name in made.entries if name.endswith(".pyc")])


def take(text):
    taken = bytecode.take(made, ["python/b/y.py"], io.BytesIO(text))
    return taken, made.has("python/b/__pycache__/y.tag.pyc")


print(take(b"a/b\n3\nabc"), take(b"tag\nx\nabc"), take(b"tag\n3\nabc"))
