# SPDX-License-Identifier: MIT
"""Container images: an OCI layout, as a directory or an archive of one, and
the archives of docker save. Every layer is held to its hash; what is in it is
hostile, see tree.py."""

import contextlib
import hashlib
import json
import lzma
import os
import re
import stat
import tarfile
import zlib

from tree import MAX_BYTES, MAX_ENTRIES, MAX_LINKS, Wrong, say

MAX_JSON = 4 << 20
MAX_HEADERS = 1 << 20
LEFT_OUT = ("dev", "proc", "sys", "tmp", "run", "workspace", "build")


# What stands before the member that it is about.
HEADERS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
           tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


class Member(tarfile.TarInfo):
    """tarfile reads headers as a whole, whatever size they say they have, and
    the map of a sparse file to its end."""

    def _proc_member(self, archive):
        """For each header; archive.offset is where the last member ended."""
        if not 0 <= self.size <= MAX_BYTES:
            raise Wrong(f"entry {self.name!r}: is of {self.size} bytes")
        before = archive.fileobj.tell() - archive.offset + self.size
        if self.type in HEADERS and before > MAX_HEADERS:
            raise Wrong(f"entry {self.name!r}: its headers are larger than "
                        f"{MAX_HEADERS >> 20} MiB")
        if self.type == tarfile.GNUTYPE_SPARSE:
            self._proc_gnusparse_10()
        return super()._proc_member(archive)

    def _proc_gnusparse_10(self, *_):
        raise Wrong(f"entry {self.name!r}: is a sparse file; make the archive "
                    "without them")


def members(archive):
    """Each of them, once: tarfile would keep them all."""
    while member := archive.next():
        if member.size < 0:
            raise Wrong(f"entry {member.name!r}: is of {member.size} bytes")
        yield member
        archive.members.clear()
        archive.pax_headers.clear()


def clean(name):
    """The path in the tree. tree.split() refuses the rest."""
    while name.startswith("./"):
        name = name[2:]
    return "" if name in (".", "") else name.rstrip("/")


def add(tree, member, name, archive):
    if member.isdir():
        if tree.entries.get(tree.resolve(name), ("d",))[0] != "l":
            tree.directory(name)
    elif member.issym():
        tree.link(name, member.linkname)
    elif member.islnk():
        tree.hard_link(name, clean(member.linkname))
    elif member.isreg():
        with archive.extractfile(member) as source:
            tree.file(name, member.mode, source)
    else:
        say(f"/{name}: is a device or the like; left out")


def hide(tree, archive):
    """A whiteout removes what lower layers have, and nothing of its own."""
    for member in members(archive):
        folder, base = os.path.split(clean(member.name))
        if base == ".wh..wh..opq":
            keep = tree.resolve(folder)
            tree.drop(keep)
            if keep:
                tree.directory(keep)
        elif base.startswith(".wh."):
            if base in (".wh.", ".wh.."):
                raise Wrong(f"entry {member.name!r}: hides nothing")
            tree.drop(tree.resolve(os.path.join(folder, base[4:])))


def show(tree, archive):
    for member in members(archive):
        name = clean(member.name)
        if name and not os.path.basename(name).startswith(".wh."):
            add(tree, member, name, archive)


def add_layer(tree, layout, name, wanted):
    """One layer on what is there."""
    for step in (hide, show):
        with layout.open(name) as file, \
                tarfile.open(fileobj=file, tarinfo=Member) as archive:
            if wanted and step is hide:
                hold(archive.fileobj, wanted, name)
            step(tree, archive)
            # What compresses has its sum at the end, where tar does not look.
            while archive.fileobj.read(1 << 20):
                pass


def number_of(digest):
    match = re.fullmatch(r"sha256:([0-9a-f]{64})", digest)
    if not match:
        raise Wrong(f"image: no hash: {digest!r}")
    return match[1]


def hold(file, wanted, name):
    """Reads it from its start to its end."""
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        digest.update(block)
    if digest.hexdigest() != wanted:
        raise Wrong(f"image: {name} is not what its hash says")


class Layout:
    """The files of an image by their names in it."""

    def __init__(self, source):
        self.source, self.archive, self.members = source, None, {}
        if os.path.isdir(source):
            return
        self.archive = tarfile.open(source, tarinfo=Member)
        for member in members(self.archive):
            self.members[clean(member.name)] = member
            if len(self.members) > MAX_ENTRIES:
                raise Wrong(f"image: more than {MAX_ENTRIES} files")

    def member(self, name):
        """The file by that name, or by that of links to it: docker save has
        a layer once."""
        for _ in range(MAX_LINKS):
            member = self.members.get(name)
            if member and member.issym():
                name = os.path.normpath(os.path.join(os.path.dirname(name),
                                                     member.linkname))
            elif member and member.islnk():
                name = clean(member.linkname)
            elif member and member.isreg():
                return member
            else:
                break
        raise Wrong(f"image: {name} is not in it")

    @contextlib.contextmanager
    def open(self, name):
        if name.startswith("/") or ".." in name.split("/"):
            raise Wrong(f"image: {name!r} leaves it")
        if self.archive:
            file = self.archive.extractfile(self.member(name))
        else:
            file = open(os.path.join(self.source, name), "rb",
                        opener=lambda p, f: os.open(
                            p, f | os.O_NOFOLLOW | os.O_NONBLOCK))
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Wrong(f"image: {name} is no file")
        with file:
            yield file

    def has(self, name):
        if self.archive:
            return name in self.members
        return os.path.isfile(os.path.join(self.source, name))

    def json(self, name):
        with self.open(name) as file:
            text = file.read(MAX_JSON + 1)
        if len(text) > MAX_JSON:
            raise Wrong(f"image: {name} is too long")
        return json.loads(text)

    def blob(self, descriptor):
        """The name of a blob that is what its hash says."""
        number = number_of(descriptor["digest"])
        name = "blobs/sha256/" + number
        with self.open(name) as file:
            hold(file, number, name)
        return name


def machine_fits(entry):
    ours = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
    return (entry.get("platform") or {}).get("architecture", ours) == ours


def layers_of(layout):
    """The names of an image's layers, from the lowest, each with the hash of
    what is in it, or None where the file has been held to its own."""
    if layout.has("index.json"):
        index = layout.json("index.json")
        for _ in range(4):
            fitting = [m for m in index["manifests"] if machine_fits(m)]
            if not fitting:
                raise Wrong("image: there is none for this machine in it")
            index = layout.json(layout.blob(fitting[0]))
            if "layers" in index:
                return [(layout.blob(layer), None)
                        for layer in index["layers"]]
        raise Wrong("image: an index in an index without an end")
    if layout.has("manifest.json"):
        return docker_layers(layout, layout.json("manifest.json")[0])
    raise Wrong("image: is neither an OCI layout nor a docker archive")


def docker_layers(layout, manifest):
    names = manifest["Layers"]
    hashes = layout.json(manifest["Config"])["rootfs"]["diff_ids"]
    if len(names) != len(hashes):
        raise Wrong("image: its config is of other layers")
    return list(zip(names, map(number_of, hashes)))


def load(source, tree):
    try:
        layout = Layout(source)
        for name, wanted in layers_of(layout):
            add_layer(tree, layout, name, wanted)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError,
            OSError) as error:
        # Those of gzip and bzip2 are the image's, and have none.
        if getattr(error, "errno", None):
            raise
        # tarfile lists in more lines what it tried.
        why = str(error).split("\n")[0].rstrip(":")
        raise Wrong(f"{source}: is no image: {why}; layers that are compressed"
                    " with zstd have to be repacked, as with skopeo copy"
                    ) from None
    except (KeyError, TypeError, IndexError, ValueError, AttributeError,
            RecursionError) as error:
        raise Wrong(f"{source}: is no image: {error!r:.200}") from None
    for name in LEFT_OUT:
        tree.drop(name)
    if not tree.entries:
        raise Wrong(f"{source}: nothing is in it")
