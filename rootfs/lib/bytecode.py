# SPDX-License-Identifier: MIT
"""The byte code of Python's modules, which no run could keep: trees are
read-only. It is made in a sandbox, since modules are not trusted, by the
interpreter that will read it, and is the same each time: in place of a time it
has the hash of its source, which nobody looks at again."""

import io
import json
import os
import re
import subprocess
import sys
import tempfile

from tree import progress, say

# Where modules are looked for.
PLACES = re.compile(r"(^|/)(python[\d.]*|(site|dist)-packages)/.*\.py$")
INTERPRETERS = ("usr/local/bin/python3", "usr/bin/python3", "bin/python3")

# Reads names of files, one a line; writes the interpreter's tag, and for each
# file how many bytes of code there are, and those, or -1.
COMPILER = """
import importlib.util, marshal, sys
out = sys.stdout.buffer
head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
out.write(sys.implementation.cache_tag.encode() + b"\\n")
for name in sys.stdin.read().split("\\n")[:-1]:
    try:
        with open(name, "rb") as file:
            text = file.read()
        code = compile(text, name, "exec", dont_inherit=True)
        data = head + importlib.util.source_hash(text) + marshal.dumps(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        out.write(b"-1\\n")
    else:
        out.write(b"%d\\n" % len(data) + data)
"""

PROFILE = {
    "extends": "base",
    "file": "compiler.py",
    "command": ["python3", "-IBW", "ignore", "{file}"],
    # Else sets are in another order each time.
    "env": {"PYTHONHASHSEED": "0"},
    "limits": {"wall_time": "30m", "cpu_time": "30m", "memory": "1G",
               "output": "1G", "output_action": "kill"},
}


def modules(tree):
    """Their paths; a folder for the code that is a link leads elsewhere."""
    return [path for path, entry in sorted(tree.entries.items())
            if entry[0] == "f" and PLACES.search(path) and tree.entries.get(
                os.path.dirname(path) + "/__pycache__", ("d",))[0] == "d"]


def drop(tree):
    """What a package brings of it: it may be of another source than that which
    one reads."""
    sources = {os.path.split(path[:-len(".py")]) for path in modules(tree)}
    for path in list(tree.entries):
        folder, name = os.path.split(path)
        head, cache = os.path.split(folder)
        if (cache == "__pycache__" and name.endswith(".pyc") and
                (head, name.split(".")[0]) in sources):
            tree.drop(path)


def take(tree, paths, out):
    """Of what the compiler wrote. Whether it was well-formed: it ran among the
    modules."""
    size = out.seek(0, os.SEEK_END)
    out.seek(0)
    tag = out.readline(64).decode(errors="replace").strip()
    if not re.fullmatch(r"[a-z0-9-]+", tag):
        return False
    for path in paths:
        length = out.readline(16)
        if (not re.fullmatch(rb"-1\n|[0-9]+\n", length) or
                int(length) > size - out.tell()):
            return False
        if int(length) >= 0:
            head, name = os.path.split(path)
            tree.file(f"{head}/__pycache__/{name[:-3]}.{tag}.pyc", 0o644,
                      io.BytesIO(out.read(int(length))))
    return True


def run_compiler(folder, options, names):
    """What it wrote, as an open file; None, and why, where it could not."""
    profile = os.path.join(folder, "profile.json")
    with open(profile, "w") as file:
        json.dump(PROFILE, file)
    own = os.path.dirname(os.path.realpath(sys.argv[0]))
    out = tempfile.TemporaryFile(dir=folder)
    try:
        done = subprocess.run(
            [own + "/sbx-exec", "--profile-file", profile, *options, "--code",
             COMPILER], input="".join(name + "\n" for name in names).encode(
                 errors="surrogateescape"), stdout=out, stderr=subprocess.PIPE,
            env={"PATH": os.defpath, "XDG_DATA_HOME": folder}, check=False)
    except OSError as error:
        return None, str(error)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().split("\n")
        return None, said[-1][:300] or f"status {done.returncode}"
    out.seek(0)
    return out, ""


def add(tree, folder, options, prefix):
    """Makes it of all modules of a tree, which a sandbox with those options
    sees below prefix. folder is for what that takes."""
    paths = modules(tree)
    if not paths:
        return
    progress(f"compiling {len(paths)} modules")
    out, why = run_compiler(folder, options, [prefix + p for p in paths])
    if not out:
        say(f"without the byte code of {len(paths)} modules of Python: {why}")
        return
    with out:
        if not take(tree, paths, out):
            say("without some byte code: what compiles wrote something else")
