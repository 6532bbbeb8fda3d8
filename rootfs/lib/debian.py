# SPDX-License-Identifier: MIT
"""Trees of Debian packages, by mmdebstrap, and the same of single packages,
by apt-get and dpkg-deb. No script of a package is run; what such scripts
would have done that programs need is done here."""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile

import image
from tree import Wrong, progress, say

# Of no use to a program, or different from build to build.
LEFT_OUT = re.compile(
    r"(var|boot|dev|proc|sys|run|tmp|media|mnt|root|home|srv)(/|$)"
    r"|usr/share/(doc|man|info|locale|lintian|bug|doc-base)/"
    r"|etc/(passwd|group|shadow|gshadow|hosts|hostname|resolv\.conf|mtab|fstab"
    r"|apt|cron\.|init\.d|rc.\.d|systemd|pam\.|security|skel|default"
    r"|update-motd|nsswitch\.conf)")


def check_package(name):
    if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]{1,100}", name):
        raise Wrong(f"package {name!r}: is not the name of a Debian package")
    return name


def need(program, package):
    if not shutil.which(program):
        raise Wrong(f"{program}: is not on this host: install it, on Debian "
                    f'with "apt-get install {package}"')


def run(command, **more):
    """Runs it; what it said last is the error."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stderr=subprocess.PIPE, errors="replace", **more)
    if done.returncode:
        lines = [line for line in done.stderr.split("\n")
                 if re.match(r"E: |error|ERROR|npm ERR|.*not found", line)]
        why = (lines or done.stderr.strip().split("\n"))[0].strip()[:300]
        raise Wrong(f"{command[0]}: {why or f'status {done.returncode}'}")
    return done


def sources():
    """What this host installs from."""
    listed = ["/etc/apt/sources.list"]
    folder = "/etc/apt/sources.list.d"
    if os.path.isdir(folder):
        listed += [os.path.join(folder, n) for n in sorted(os.listdir(folder))
                   if n.endswith((".list", ".sources"))]
    return [path for path in listed
            if os.path.isfile(path) and os.path.getsize(path)]


def suites(paths):
    """Those that the files name."""
    found = set()
    for path in paths:
        with open(path, errors="replace") as file:
            for line in file:
                # One line a source, or the field of a paragraph.
                match = re.match(r"deb\s+(?:\[.*?\]\s+)?\S+\s+(\S+)|"
                                 r"Suites:(.*)", line)
                if match:
                    found.update((match[1] or match[2]).split())
    return found


def add_archive(tree, path):
    with tarfile.open(path, tarinfo=image.Member) as archive:
        for member in image.members(archive):
            name = image.clean(member.name)
            if name and not LEFT_OUT.match(name):
                image.add(tree, member, name, archive)


def build(wanted, tree):
    need("mmdebstrap", "mmdebstrap")
    packages = [check_package(name) for name in wanted["packages"]]
    suite = wanted.get("suite", "bookworm")
    if "mirror" in wanted:
        mirror = [wanted["mirror"]]
    else:
        mirror = sources()
        known = suites(mirror)
        if known and suite not in known and "suite" in wanted:
            raise Wrong(f'suite {suite}: is none that this host installs from,'
                        f' as {", ".join(sorted(known))}: name its "mirror"')
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tree.tar")
        progress("downloading packages")
        # Nothing of a package runs: it takes neither root nor a chroot.
        mode = ["--mode=chrootless"] if os.geteuid() else []
        run(["mmdebstrap", "--variant=extract", "--format=tar",
             *mode, "--include=" + ",".join(packages + ["libc-bin"]),
             suite, path] + mirror,
            env={**os.environ, "SOURCE_DATE_EPOCH": "0", "TMPDIR": folder})
        add_archive(tree, path)
    link_tops(tree)
    link_alternatives(tree)


def link_tops(tree):
    """One /usr, as a system that is installed has it."""
    for top in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        kind = tree.entries.get(top, ("l",))[0]
        if kind == "l" and "usr/" + top in tree.entries:
            tree.link(top, "usr/" + top)
            continue
        below = [p for p in tree.entries if p.startswith(top + "/")]
        if kind != "d" or not below:
            continue
        for path in below:
            if "usr/" + path not in tree.entries:
                tree.put("usr/" + path, tree.entries[path])
        tree.drop(top)
        tree.directory("usr/" + top)
        tree.link(top, "usr/" + top)


# What the scripts of packages choose: where a name leads.
ALTERNATIVES = (
    (r"usr/lib/[^/]+-linux-gnu/(?:blas|lapack)/(lib[^/]+\.so[^/]*)",
     lambda m: os.path.dirname(os.path.dirname(m.group())) + "/" + m[1]),
    (r"usr/bin/(mawk|gawk)", lambda m: "usr/bin/awk"),
)


def link_alternatives(tree):
    for pattern, name in ALTERNATIVES:
        for path in sorted(tree.entries):
            match = re.fullmatch(pattern, path)
            if match and name(match) not in tree.entries:
                tree.link(name(match),
                          os.path.relpath(path, os.path.dirname(name(match))))


def add_packages(packages, find_links, tree):
    """The packages, and what they need that this host does not have."""
    need("dpkg-deb", "dpkg")
    for name in packages:
        check_package(name)
    with tempfile.TemporaryDirectory() as folder:
        if find_links:
            files = pick(packages, find_links)
        else:
            files = download(packages, folder)
        for number, path in enumerate(files):
            progress(f"unpacking {os.path.basename(path)}")
            spooled = os.path.join(folder, f"{number}.tar")
            with open(spooled, "wb") as out:
                run(["dpkg-deb", "--fsys-tarfile", path], stdout=out)
            add_archive(tree, spooled)
    link_alternatives(tree)


def pick(packages, find_links):
    """Every package is there; so is each file that goes with them."""
    found = sorted(os.path.join(find_links, n) for n in os.listdir(find_links)
                   if n.endswith(".deb"))
    names = {os.path.basename(path).split("_")[0] for path in found}
    for name in packages:
        if name not in names:
            raise Wrong(f"package {name}: is not in {find_links}")
    return found


def download(packages, folder):
    need("apt-get", "apt")
    done = subprocess.run(
        ["apt-get", "-s", "--no-install-recommends", "install", *packages],
        capture_output=True, text=True, check=False)
    if done.returncode:
        why = [line for line in done.stderr.split("\n")
               if line.startswith("E:")] or ["apt-get failed"]
        raise Wrong(why[0])
    names = re.findall(r"^Inst (\S+)", done.stdout, re.M)
    names = sorted(set(names) | set(packages))
    progress(f"downloading {len(names)} packages")
    run(["apt-get", "-q", "download", *names], cwd=folder,
        stdout=subprocess.DEVNULL)
    if len(names) > len(packages):
        say(f"{len(names) - len(packages)} more packages are needed: "
            + " ".join(n for n in names if n not in packages)[:200])
    return sorted(os.path.join(folder, n) for n in os.listdir(folder)
                  if n.endswith(".deb"))
