# SPDX-License-Identifier: MIT
"""Recipes: a JSON file that says what is in a tree, either programs of this
host or packages of Debian."""

import json
import os
import shutil
import stat

import debian
from elf import Elf, find_library, library_folders
from tree import Wrong, say

KEYS = {"name": str, "description": str, "programs": list, "paths": list,
        "debian": dict}
DEBIAN_KEYS = {"suite": str, "packages": list, "mirror": str}
# The same top directories as on the host.
TOPS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def check(value, keys, where):
    if not isinstance(value, dict):
        raise Wrong(f"{where}: an object is wanted")
    for key, kind in value.items():
        if key not in keys:
            raise Wrong(f'{where}: unknown key "{key}"; there are '
                        + ", ".join(keys))
        if not isinstance(kind, keys[key]) or keys[key] is list and not all(
                isinstance(item, str) and item for item in kind):
            raise Wrong(f'{where}: "{key}" is not '
                        + {str: "a string", list: "a list of strings",
                           dict: "an object"}[keys[key]])


def check_words(wanted, where):
    """mmdebstrap would run what an option among its words says."""
    for key in ("suite", "mirror"):
        word = wanted.get(key, "none")
        if not word.isprintable() or not word or word.startswith("-"):
            raise Wrong(f'{where}: "{key}" is {word!r}, which is none')


def no_twins(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def load(source, shipped):
    path = source
    if "/" not in source and not source.endswith(".json"):
        path = os.path.join(shipped, source + ".json")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(1 << 20)
        recipe = json.loads(text, object_pairs_hook=no_twins)
    except FileNotFoundError:
        names = sorted(n[:-5] for n in os.listdir(shipped))
        raise Wrong(f"{source}: there is no such recipe; those that ship are "
                    + ", ".join(names)) from None
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{path}: is not a recipe: {error}") from None
    check(recipe, KEYS, path)
    if "debian" in recipe:
        check(recipe["debian"], DEBIAN_KEYS, f'{path}: "debian"')
        if not recipe["debian"].get("packages"):
            raise Wrong(f'{path}: "debian" names no "packages"')
        check_words(recipe["debian"], path)
    if ("debian" in recipe) == bool(recipe.get("programs")):
        raise Wrong(f'{path}: one of "programs" and "debian" is wanted')
    recipe.setdefault("name", os.path.basename(path).removesuffix(".json"))
    return recipe


def build(recipe, tree):
    if "debian" in recipe:
        debian.build(recipe["debian"], tree)
    else:
        Host(tree).build(recipe["programs"], recipe.get("paths", []))


class Host:
    """Programs of this host, with all that they are linked with."""

    def __init__(self, tree):
        self.tree = tree
        self.folders = library_folders()
        self.done = set()

    def build(self, programs, paths):
        for top in TOPS:
            if os.path.islink("/" + top):
                self.tree.link(top, os.readlink("/" + top))
        for program in programs:
            found = shutil.which(program, path="/usr/local/bin:/usr/bin:/bin:"
                                 "/usr/sbin:/sbin")
            if not found:
                raise Wrong(f"program {program}: is not on this host")
            self.add(found)
        for path in paths:
            if not path.startswith("/"):
                raise Wrong(f"path {path}: is not absolute")
            if not os.path.lexists(path):
                raise Wrong(f"path {path}: is not on this host")
            self.add_all(path)

    def add_all(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            self.tree.directory(path[1:])
            for name in sorted(os.listdir(path)):
                if name != "__pycache__":
                    self.add_all(os.path.join(path, name))
        else:
            self.add(path)

    def add(self, path):
        """A file, the links on the way to it, and what it needs."""
        path = os.path.normpath(path)
        if path in self.done:
            return
        self.done.add(path)
        real_folder = os.path.realpath(os.path.dirname(path))
        at = os.path.join(real_folder, os.path.basename(path))
        if at != path and at in self.done:
            return
        self.done.add(at)
        status = os.lstat(at)
        if stat.S_ISLNK(status.st_mode):
            self.tree.link(at[1:], os.readlink(at))
            target = os.path.join(real_folder, os.readlink(at))
            if os.path.isfile(target):
                self.add(target)
        elif stat.S_ISREG(status.st_mode):
            with open(at, "rb") as file:
                self.tree.file(at[1:], status.st_mode, file)
            self.needs(at)
        else:
            say(f"{at}: is no file, directory or link; left out")

    def needs(self, path):
        with open(path, "rb") as file:
            first = file.readline(256)
        if first.startswith(b"#!") and os.access(path, os.X_OK):
            words = first[2:].split()
            if words and os.path.isfile(words[0]):
                self.add(os.fsdecode(words[0]))
            return
        elf = Elf(path)
        if not elf.ok:
            return
        if elf.interpreter and os.path.isfile(elf.interpreter):
            self.add(elf.interpreter)
        for name in elf.needed:
            found = find_library(name, path, elf, self.folders)
            if not found:
                raise Wrong(f"{path}: needs {name}, which is not on this host")
            self.add(found)


