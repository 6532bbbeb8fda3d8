# SPDX-License-Identifier: MIT
"""Container images: an OCI layout, as a directory or an archive of one, and
the archives of docker save. Every blob is held to its hash; what is in the
layers is hostile, see tree.py."""

import contextlib
import hashlib
import json
import os
import re
import tarfile

from tree import Wrong, say

MAX_JSON = 4 << 20
LEFT_OUT = ("dev", "proc", "sys", "tmp", "run", "workspace", "build")


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


def add_layer(tree, archive):
    """One layer on what is there; a whiteout removes something of that."""
    for member in archive:
        name = clean(member.name)
        folder, base = os.path.split(name)
        if base == ".wh..wh..opq":
            keep = tree.resolve(folder)
            tree.drop(keep)
            if keep:
                tree.directory(keep)
        elif base.startswith(".wh."):
            tree.drop(tree.resolve(os.path.join(folder, base[4:])))
        elif name:
            add(tree, member, name, archive)


class Layout:
    """The files of an image by their names in it."""

    def __init__(self, source):
        self.source, self.archive = source, None
        if not os.path.isdir(source):
            self.archive = tarfile.open(source)

    @contextlib.contextmanager
    def open(self, name):
        if name.startswith("/") or ".." in name.split("/"):
            raise Wrong(f"image: {name!r} leaves it")
        if self.archive:
            try:
                member = self.archive.getmember(name)
                file = self.archive.extractfile(member)
            except KeyError:
                file = None
            if not file:
                raise Wrong(f"image: {name} is not in it")
        else:
            file = open(os.path.join(self.source, name), "rb",
                        opener=lambda p, f: os.open(p, f | os.O_NOFOLLOW))
        with file:
            yield file

    def has(self, name):
        if self.archive:
            return name in self.archive.getnames()
        return os.path.isfile(os.path.join(self.source, name))

    def json(self, name):
        with self.open(name) as file:
            text = file.read(MAX_JSON + 1)
        if len(text) > MAX_JSON:
            raise Wrong(f"image: {name} is too long")
        return json.loads(text)

    def blob(self, descriptor):
        """The name of a blob that is what its hash says."""
        match = re.fullmatch(r"sha256:([0-9a-f]{64})", descriptor["digest"])
        if not match:
            raise Wrong(f"image: no hash: {descriptor['digest']!r}")
        name = "blobs/sha256/" + match[1]
        digest = hashlib.sha256()
        with self.open(name) as file:
            while block := file.read(1 << 20):
                digest.update(block)
        if digest.hexdigest() != match[1]:
            raise Wrong(f"image: {name} is not what its name says")
        return name


def machine_fits(entry):
    ours = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
    return entry.get("platform", {}).get("architecture", ours) == ours


def layers_of(layout):
    """The names of an image's layers, from the lowest."""
    if layout.has("index.json"):
        index = layout.json("index.json")
        for _ in range(4):
            fitting = [m for m in index["manifests"] if machine_fits(m)]
            if not fitting:
                raise Wrong("image: there is none for this machine in it")
            index = layout.json(layout.blob(fitting[0]))
            if "layers" in index:
                return [layout.blob(layer) for layer in index["layers"]]
        raise Wrong("image: an index in an index without an end")
    if layout.has("manifest.json"):
        return layout.json("manifest.json")[0]["Layers"]
    raise Wrong("image: is neither an OCI layout nor a docker archive")


def load(source, tree):
    try:
        layout = Layout(source)
        for name in layers_of(layout):
            with layout.open(name) as file, \
                    tarfile.open(fileobj=file) as archive:
                add_layer(tree, archive)
    except (tarfile.TarError, EOFError) as error:
        raise Wrong(f"{source}: is no image: {error}; layers that are "
                    "compressed with zstd have to be repacked, as with "
                    "skopeo copy") from None
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise Wrong(f"{source}: is no image: {error!r}") from None
    for name in LEFT_OUT:
        tree.drop(name)
    if not tree.entries:
        raise Wrong(f"{source}: nothing is in it")
