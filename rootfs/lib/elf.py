# SPDX-License-Identifier: MIT
"""What an ELF file needs of others, read from the file itself: nothing of it
is ever run, which is what ldd does."""

import os
import struct

PT_DYNAMIC, PT_INTERP, PT_LOAD = 2, 3, 1
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH = 1, 5, 10, 15, 29
MAX_TABLE = 1 << 22


class Elf:
    """interpreter, needed, and run_path of a 64-bit little-endian ELF file;
    .ok is false for anything else."""

    def __init__(self, path):
        self.ok, self.interpreter = False, None
        self.needed, self.run_path = [], []
        with open(path, "rb") as file:
            self.file = file
            try:
                self.read()
            except (struct.error, ValueError):
                self.ok = False

    def at(self, offset, size):
        if not 0 <= offset < 1 << 40 or not 0 <= size <= MAX_TABLE:
            raise ValueError("out of bounds")
        self.file.seek(offset)
        return self.file.read(size)

    def read(self):
        head = self.at(0, 64)
        if head[:6] != b"\x7fELF\x02\x01":
            return
        table, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        if size < 56:
            return
        raw = self.at(table, size * count)
        self.segments = [self.segment(raw, i * size) for i in range(count)]
        self.ok = True
        for kind, offset, _, length in self.segments:
            if kind == PT_INTERP:
                text = self.at(offset, min(length, 4096))
                self.interpreter = os.fsdecode(text.split(b"\0")[0])
            elif kind == PT_DYNAMIC:
                self.dynamic(self.at(offset, min(length, MAX_TABLE)))

    @staticmethod
    def segment(raw, offset):
        kind, = struct.unpack_from("<I", raw, offset)
        where, address = struct.unpack_from("<QQ", raw, offset + 8)
        length, = struct.unpack_from("<Q", raw, offset + 32)
        return kind, where, address, length

    def offset_of(self, address):
        for kind, offset, start, length in self.segments:
            if kind == PT_LOAD and start <= address < start + length:
                return offset + address - start
        raise ValueError("an address of no segment")

    def dynamic(self, raw):
        tags = []
        for tag, value in struct.iter_unpack("<QQ", raw[:len(raw) // 16 * 16]):
            if tag == 0:
                break
            tags.append((tag, value))
        found = dict(tags)
        if DT_STRTAB not in found:
            return
        text = self.at(self.offset_of(found[DT_STRTAB]),
                       min(found.get(DT_STRSZ, 0), MAX_TABLE))
        for tag, value in tags:
            if tag in (DT_NEEDED, DT_RPATH, DT_RUNPATH):
                word = os.fsdecode(text[value:].split(b"\0")[0])
                if tag == DT_NEEDED:
                    self.needed.append(word)
                else:
                    self.run_path += word.split(":")


def library_folders():
    """Where the host's loader looks."""
    folders = []

    def read(path):
        try:
            with open(path) as file:
                lines = file.read().split("\n")
        except OSError:
            return
        for line in lines:
            line = line.split("#")[0].strip()
            if line.startswith("include "):
                pattern = line.split(None, 1)[1]
                folder = os.path.dirname(os.path.join("/etc", pattern))
                for name in sorted(os.listdir(folder)
                                   if os.path.isdir(folder) else []):
                    if name.endswith(".conf"):
                        read(os.path.join(folder, name))
            elif line.startswith("/"):
                folders.append(line)

    read("/etc/ld.so.conf")
    machine = os.uname().machine
    return folders + [f"/lib/{machine}-linux-gnu",
                      f"/usr/lib/{machine}-linux-gnu",
                      "/lib64", "/usr/lib64", "/lib", "/usr/lib"]


def find_library(name, path, elf, folders):
    """The host's path of a library that the file at path needs, or None."""
    origin = os.path.dirname(path)
    own = [p.replace("$ORIGIN", origin).replace("${ORIGIN}", origin)
           for p in elf.run_path if p]
    if "/" in name:
        own, folders, name = [], ["/"], name.lstrip("/")
    for folder in own + folders:
        at = os.path.join(folder, name)
        if os.path.isfile(at) and Elf(at).ok:
            return at
    return None
