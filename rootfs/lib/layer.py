# SPDX-License-Identifier: MIT
"""Layers of packages. A program sees one in /packages/NAME, and its profile
says in which variables: python, node_modules, lib and bin are what it can name
there, whatever the packages were."""

import os
import re
import shutil
import subprocess
import tempfile

import debian
from tree import Wrong, progress


def describe(wanted):
    return ", ".join(f"{kind} {name}" for kind, names in wanted.items()
                     for name in names)


def build(wanted, find_links, tree):
    if not any(wanted.values()):
        raise Wrong("no package is named: --npm, --deb or --pip PACKAGE")
    if find_links and not os.path.isdir(find_links):
        raise Wrong(f"--find-links {find_links}: is no directory")
    for names in wanted.values():
        for name in names:
            if name.startswith("-"):
                raise Wrong(f"package {name!r}: starts with a dash")
    makers = {"npm": add_npm, "pip": add_pip, "deb": debian.add_packages}
    for kind, names in wanted.items():
        if names:
            makers[kind](names, find_links and os.path.abspath(find_links),
                         tree)
    link_places(tree)


def link_places(tree):
    machine = os.uname().machine
    for name, targets in (
            ("python", ["usr/lib/python3/dist-packages"]),
            ("lib", [f"usr/lib/{machine}-linux-gnu", "usr/lib"]),
            ("bin", ["usr/bin", "node_modules/.bin"]),
            ("node_modules", ["usr/share/nodejs"])):
        if name not in tree.entries:
            for target in targets:
                if target in tree.entries:
                    tree.link(name, target)
                    break


def add_npm(names, find_links, tree):
    debian.need("npm", "npm")
    with tempfile.TemporaryDirectory() as folder:
        if find_links:
            names = [local(name, find_links) for name in names]
        progress("npm install")
        # No script of a package is run.
        debian.run(["npm", "install", "--ignore-scripts", "--no-audit",
                    "--no-fund", "--no-save", "--prefix", folder]
                   + (["--offline"] if find_links else []) + ["--"] + names,
                   stdout=-3)
        tree.copy(os.path.join(folder, "node_modules"), "node_modules")


def local(name, find_links):
    """What npm pack calls it; another package's name may start with this."""
    pattern = re.escape(name) + r"-\d+\.\d+\.\d+([-+].*)?\.tgz"
    for entry in sorted(os.listdir(find_links)):
        if re.fullmatch(pattern, entry):
            return os.path.join(find_links, entry)
    raise Wrong(f"package {name}: is not in {find_links}")


def add_pip(names, find_links, tree):
    # Python looks for modules where it starts: in the empty folder.
    with tempfile.TemporaryDirectory() as folder:
        python = next((p for p in ("/usr/bin/python3", shutil.which("python3"))
                       if p and has_pip(p, folder)), None)
        if not python:
            raise Wrong('pip: is not on this host: install it, on Debian with '
                        '"apt-get install python3-pip"')
        names = [wheel(name) for name in names]
        progress("pip install")
        # Only wheels: the source of a package would be run to build it.
        debian.run([python, "-m", "pip", "install", "--quiet",
                    "--disable-pip-version-check", "--no-compile",
                    "--only-binary=:all:", "--target", folder + "/python"]
                   + (["--no-index", "--find-links", find_links]
                      if find_links else []) + ["--"] + names,
                   stdout=-3, cwd=folder)
        shutil.rmtree(folder + "/python/bin", ignore_errors=True)
        tree.copy(folder + "/python", "python")


def wheel(name):
    """A package by its name, or by its file; pip would build what is none."""
    if name.endswith(".whl") and os.path.isfile(name):
        return os.path.abspath(name)
    if re.match(r"\.|.*/", name) and not name.endswith(".whl"):
        raise Wrong(f"package {name}: is neither a name nor a wheel")
    return name


def has_pip(python, folder):
    return os.path.exists(python) and subprocess.run(
        [python, "-c", "import importlib.util as u, sys; "
         "sys.exit(not u.find_spec('pip'))"], cwd=folder,
        check=False).returncode == 0
