# SPDX-License-Identifier: MIT
"""A tree of files that is put together in memory and written at the end.

Names come from archives and may be hostile. Nothing is written along a path
that another entry could have made a link: parents are looked up here, in the
tree, and the files are made once all is known. Only regular files, directories
and links get in; owners, times, and setuid, setgid and sticky bits do not."""

import os
import stat
import sys

MAX_ENTRIES = 500000
MAX_BYTES = 16 << 30
MAX_LINKS = 40
MAX_PATH = 4095
MAX_DEPTH = 256


class Wrong(Exception):
    """What a person did, or gave, that cannot be done."""


def one_line(text):
    """What is no text, or would make lines of its own, is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def say(text):
    print(f"sbx-rootfs: {one_line(text)}", file=sys.stderr)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:78]}", end="", file=sys.stderr, flush=True)


def split(path):
    """The parts of a path that stays in the tree."""
    if path.startswith("/"):
        raise Wrong(f"entry {path!r} is absolute")
    parts = [p for p in path.split("/") if p not in ("", ".")]
    if ".." in parts:
        raise Wrong(f'entry {path!r} has ".." in it')
    check_text(path)
    return parts


def check_text(text):
    """The manifest has a line for each entry, with tabs between its words."""
    if len(os.fsencode(text)) > MAX_PATH:
        raise Wrong(f"entry {text[:60]!r}...: is longer than a path can be")
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise Wrong(f"entry {text!r} has control bytes in it")


class Tree:
    def __init__(self, spool):
        os.mkdir(spool)
        self.spool = spool
        self.entries = {}  # path: ("d",), ("l", target), ("f", mode, file)
        self.below = {}  # path of a directory: names
        self.bytes = self.n_files = 0

    def resolve(self, path, last=False):
        """The path without links in its parents, or with last in none of it,
        as the tree's own root has it."""
        done, todo, links = [], list(reversed(split(path))), 0
        while todo:
            part = todo.pop()
            if part == "..":
                done = done[:-1]
                continue
            entry = self.entries.get("/".join(done + [part]))
            if not entry or entry[0] != "l" or (not todo and not last):
                done.append(part)
                continue
            links += 1
            if links > MAX_LINKS:
                raise Wrong(f"entry {path!r}: links without an end")
            if entry[1].startswith("/"):
                done = []
            todo += [p for p in reversed(entry[1].split("/"))
                     if p not in ("", ".")]
        return "/".join(done)

    def put(self, path, entry):
        """Makes the parents, too. Returns the path in the tree, or "" for the
        tree itself."""
        path = self.resolve(path)
        parts = path.split("/")
        if len(parts) > MAX_DEPTH:
            raise Wrong(f"entry {path[:60]!r}...: is more than {MAX_DEPTH} "
                        "directories deep")
        for i in range(1, len(parts)):
            parent = "/".join(parts[:i])
            if self.entries.get(parent, ("d",))[0] != "d":
                raise Wrong(f"entry {path!r} is below a file")
            self._set(parent, ("d",))
        old = self.entries.get(path)
        if old and old[0] == "d" and entry[0] != "d":
            self.drop(path)
        if path:
            self._set(path, entry)
        if len(self.entries) > MAX_ENTRIES:
            raise Wrong(f"more than {MAX_ENTRIES} files")
        return path

    def _set(self, path, entry):
        folder, name = os.path.split(path)
        self.entries[path] = entry
        self.below.setdefault(folder, set()).add(name)

    def drop(self, path):
        """Removes the entry and all below it; of the tree itself, all."""
        folder, name = os.path.split(path)
        self.below.get(folder, set()).discard(name)
        todo = [path]
        while todo:
            path = todo.pop()
            self.entries.pop(path, None)
            todo += [os.path.join(path, n) for n in self.below.pop(path, ())]

    def directory(self, path):
        self.put(path, ("d",))

    def link(self, path, target):
        check_text(target)
        self.put(path, ("l", target))

    def charge(self, size):
        self.bytes += size
        if self.bytes > MAX_BYTES:
            raise Wrong(f"more than {MAX_BYTES >> 30} GiB")

    def file(self, path, mode, source):
        """A copy of the open file; a setuid file comes in without the bit."""
        if mode & (stat.S_ISUID | stat.S_ISGID):
            say(f"/{path}: setuid or setgid; the bit is dropped")
        spooled = os.path.join(self.spool, str(self.n_files))
        self.n_files += 1
        with open(spooled, "xb") as out:
            while block := source.read(1 << 20):
                self.charge(len(block))
                out.write(block)
        progress(f"{self.n_files} files, {self.bytes >> 20} MiB")
        self.put(path, ("f", 0o755 if mode & 0o111 else 0o644, spooled))

    def hard_link(self, path, target):
        """Takes no room, but all who read the tree read it again."""
        entry = self.entries.get(self.resolve(target, last=True))
        if not entry or entry[0] != "f":
            raise Wrong(f"hard link {path!r} to {target!r}: that is no file "
                        "of the tree")
        self.charge(os.path.getsize(entry[2]))
        self.put(path, entry)

    def copy(self, source, path):
        """A file, link or directory of the host, and what is below it."""
        status = os.lstat(source)
        if stat.S_ISLNK(status.st_mode):
            self.link(path, os.readlink(source))
        elif stat.S_ISREG(status.st_mode):
            with open(source, "rb") as file:
                self.file(path, status.st_mode, file)
        elif stat.S_ISDIR(status.st_mode):
            self.directory(path)
            for name in sorted(os.listdir(source)):
                self.copy(os.path.join(source, name), f"{path}/{name}")
        else:
            say(f"{source}: is no file, directory or link; left out")

    def has(self, path):
        return self.resolve(path, last=True) in self.entries

    def write(self, top, written=()):
        """All but what was written there before; returns what there is. The
        spooled files become those of the tree."""
        progress("writing")
        os.makedirs(top, exist_ok=True)
        os.chmod(top, 0o755)
        first = {}
        for path in sorted(self.entries.keys() - written):
            kind, *rest = self.entries[path]
            at = os.path.join(top, path)
            if kind == "d":
                os.mkdir(at)
                os.chmod(at, 0o755)
            elif kind == "l":
                os.symlink(rest[0], at)
            else:
                if rest[1] in first:
                    os.link(first[rest[1]], at)
                else:
                    os.rename(rest[1], first.setdefault(rest[1], at))
                os.chmod(at, rest[0])
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        return self.entries.keys()
