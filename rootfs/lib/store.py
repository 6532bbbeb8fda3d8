# SPDX-License-Identifier: MIT
"""Where trees and layers are kept: a directory for each, with the tree, a
manifest of what is in it, and a line of text. A tree is built beside its place
and renamed, so it is there as a whole or not at all."""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile

import bytecode
from tree import Tree, Wrong, one_line

TREES = "rootfs"
LAYERS = "layers"
OLD = ".old"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def data_home():
    """The caller's own place; root's is the system's."""
    own = os.environ.get("XDG_DATA_HOME", "")
    home = os.environ.get("HOME", "")
    if own.startswith("/"):
        return own + "/sbx"
    if os.geteuid() == 0:
        return "/var/lib/sbx"
    if home.startswith("/"):
        return home + "/.local/share/sbx"
    raise Wrong("there is no place for trees: set HOME or XDG_DATA_HOME")


def check_name(name):
    if not NAME.fullmatch(name) or name == "host":
        raise Wrong(f'"{name}" is not a name: a-z, 0-9, ".", "_" and "-", at '
                    'most 64, and not "host"')
    return name


def hash_file(path):
    with open(path, "rb", opener=lambda p, f: os.open(
            p, f | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()


def walk(top):
    """(path, stat) of all that is below top, in the order of their bytes."""
    found = []
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            found.append((os.path.relpath(path, top), os.lstat(path)))
    return sorted(found, key=lambda item: os.fsencode(item[0]))


def line_of(top, path, status):
    """What the manifest says of one entry."""
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return f"l\t{os.readlink(os.path.join(top, path))}\t{path}"
    if stat.S_ISDIR(status.st_mode):
        return f"d\t{mode:04o}\t{path}"
    if stat.S_ISREG(status.st_mode):
        digest = hash_file(os.path.join(top, path))
        return f"f\t{mode:04o}\t{status.st_size}\t{digest}\t{path}"
    return f"?\t{status.st_mode:o}\t{path}"


class Place:
    """A tree on its way: .tree takes entries, describe() ends it."""

    def __init__(self, top):
        self.top = top
        self.tree = Tree(os.path.join(top, "spool"))
        self.written = set()
        self.summary = ""

    def compile(self, kind, name, options, prefix):
        """Adds the byte code of its modules, in a sandbox that finds it by
        that name, which it does not have yet."""
        top = os.path.join(self.top, "sbx", kind, name, "tree")
        bytecode.drop(self.tree)
        self.written = set(self.tree.write(top))
        bytecode.add(self.tree, self.top, options, prefix)
        os.rename(top, os.path.join(self.top, "tree"))

    def compile_tree(self):
        """By the Python that is in it."""
        if any(self.tree.has(path) for path in bytecode.INTERPRETERS):
            self.compile(TREES, "this", ["--rootfs", "this"], "/")

    def compile_layer(self, name):
        """By the host's."""
        self.compile(LAYERS, name, ["--package", name], f"/packages/{name}/")

    def describe(self, text):
        top = os.path.join(self.top, "tree")
        self.tree.write(top, self.written)
        lines, sizes = [], {}
        for path, status in walk(top):
            lines.append(line_of(top, path, status))
            if stat.S_ISREG(status.st_mode):
                sizes[status.st_ino] = status.st_size
        body = "\n".join(lines) + "\n"
        with open(os.path.join(self.top, "manifest"), "w",
                  errors="surrogateescape") as file:
            file.write(body)
        digest = hashlib.sha256(
            body.encode(errors="surrogateescape")).hexdigest()
        self.summary = (f"{len(lines)} entries, {sum(sizes.values()) >> 20} "
                        f"MiB, {digest[:16]}")
        with open(os.path.join(self.top, "about"), "w",
                  encoding="utf-8") as file:
            file.write(f"{self.summary}\t{one_line(text)}\n")
        for name in set(os.listdir(self.top)) - {"tree", "manifest", "about"}:
            path = os.path.join(self.top, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


class Store:
    def __init__(self, kind):
        self.kind = kind
        self.top = os.path.join(data_home(), kind)

    def path(self, name):
        return os.path.join(self.top, check_name(name))

    @contextlib.contextmanager
    def lock(self, name):
        """One build of a name at a time. The file goes with its lock: a lock
        of one that is not there any more is worth nothing."""
        os.makedirs(self.top, mode=0o755, exist_ok=True)
        path = os.path.join(self.top, f".{name}.lock")
        with open(path, "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = os.path.samestat(os.fstat(file.fileno()), os.stat(path))
            except (BlockingIOError, FileNotFoundError):
                held = False
            if not held:
                raise Wrong(f"{name}: is being built already; wait for that "
                            "one")
            try:
                yield
            finally:
                os.unlink(path)

    @contextlib.contextmanager
    def publish(self, name):
        final = self.path(name)
        with self.lock(name):
            self.sweep(name)
            temporary = tempfile.mkdtemp(prefix=f".{name}.", dir=self.top)
            try:
                os.chmod(temporary, 0o755)
                place = Place(temporary)
                yield place
                if os.path.lexists(final):
                    os.rename(final, temporary + OLD)
                os.rename(temporary, final)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise Wrong(f"{name}: the disk is full; nothing of it was "
                                "kept") from None
                raise
            finally:
                self.sweep(name)

    def sweep(self, name):
        """What a build leaves, also one that was killed. What it was about to
        replace, and did not, comes back."""
        for entry in os.listdir(self.top):
            if not re.fullmatch(rf"\.{re.escape(name)}\.\w{{8}}({OLD})?",
                                entry):
                continue
            path = os.path.join(self.top, entry)
            if entry.endswith(OLD) and not os.path.lexists(self.path(name)):
                os.rename(path, self.path(name))
            else:
                shutil.rmtree(path, ignore_errors=True)

    def names(self):
        with contextlib.suppress(FileNotFoundError):
            return sorted(n for n in os.listdir(self.top)
                          if NAME.fullmatch(n))
        return []

    def listing(self):
        for name in self.names():
            with contextlib.suppress(OSError):
                with open(os.path.join(self.path(name), "about"),
                          encoding="utf-8", errors="replace") as file:
                    yield name, file.readline().strip()

    def need(self, name):
        path = self.path(name)
        if not os.path.isdir(path):
            raise Wrong(f"{name}: is not there; sbx-rootfs list shows what is")
        return path

    def verify(self, name):
        """What differs from the manifest, a line each."""
        path = self.need(name)
        top = os.path.join(path, "tree")
        with open(os.path.join(path, "manifest"),
                  errors="surrogateescape") as file:
            wanted = {line.rsplit("\t", 1)[-1]: line
                      for line in file.read().split("\n") if line}
        faults = []
        for entry, status in walk(top):
            line = wanted.pop(entry, None)
            if line is None:
                faults.append(f"/{entry}: was added")
            elif line != line_of(top, entry, status):
                faults.append(f"/{entry}: was changed")
        return faults + [f"/{entry}: is missing" for entry in sorted(wanted)]

    def remove(self, name):
        path = self.need(name)
        with self.lock(name):
            gone = tempfile.mkdtemp(prefix=f".{name}.", dir=self.top)
            os.rename(path, os.path.join(gone, "tree"))
            shutil.rmtree(gone)
