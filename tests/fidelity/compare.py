# SPDX-License-Identifier: MIT
"""Runs other people's test suites outside and inside a box, and compares.

A suite is a list of units: a module, a test file. Each unit is run with the
same arguments and the same environment as an ordinary user's plain child
process and by sbx-exec. What is compared is the outcome of every single test.

A difference must be listed in NAME.differs, with its reason, and what is
listed there must still differ. What differs in only one of two runs is noise,
such as a test that needs a quiet machine: it is printed, and not counted.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SBX_EXEC = HERE.parent.parent / "build" / "bin" / "sbx-exec"
NOBODY = 65534
OPEN_FILES = 1024
ABSENT = "absent"
ENDED = "(the end)"  # the name under which the exit status is compared

# Test suites use more than one program does: these are no part of what is
# compared, so both sides get plenty.
LIMITS = {
    "wall-time": "150s", "cpu-time": "150s", "memory": "2G", "cpus": "none",
    "pids": "400", "disk": "1G", "inodes": "100000", "file-size": "none",
    "open-files": str(OPEN_FILES), "output-limit": "32M",
}
TIMEOUT = 150


class Unit:
    """One program run: its name, what is run, and what it must see."""

    def __init__(self, name, argv, source=None):
        self.name = name
        self.argv = argv
        self.source = source  # a directory, shown at the same path; the cwd


class Run:
    """How one run ended, and what it printed."""

    def __init__(self, end, stdout, stderr, denied=()):
        self.end = end
        self.stdout = stdout
        self.stderr = stderr
        self.denied = denied


class Suite:
    """What a suite tells: its units, and how their output is read."""

    name = ""
    profile = ""

    def units(self, scratch):
        """All units; scratch is a directory that lives as long as the run."""
        raise NotImplementedError

    def outcomes(self, run):
        """The outcome of each test by its name; empty where there is none."""
        raise NotImplementedError


class Listed:
    """A line of a .differs file: KIND PATTERN OUTSIDE>INSIDE REASON."""

    KINDS = ("always", "host")

    def __init__(self, line, where):
        self.where = where
        self.met = False
        words = line.split(None, 3)
        if len(words) < 4 or words[0] not in self.KINDS or ">" not in words[2]:
            sys.exit(f"{where}: want 'always|host PATTERN OUTSIDE>INSIDE "
                     f"REASON', got: {line}")
        self.kind, self.pattern, self.change, self.reason = words

    def covers(self, difference):
        name, change = difference
        return change == self.change and fnmatch.fnmatchcase(name, self.pattern)


def read_listed(path):
    """The lines of a .differs file."""
    listed = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            listed.append(Listed(line, f"{path.name}:{number}"))
    return listed


class Bench:
    """Runs units on both sides, in the environment that the profile gives."""

    def __init__(self, sbx, suite, scratch):
        self.sbx = sbx
        self.suite = suite
        self.scratch = scratch
        text = subprocess.run(
            [sbx, "--profile", suite.profile, "--command", "--",
             "/usr/bin/env", "-0"],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        self.env = dict(entry.split("=", 1) for entry in text.split("\0")
                        if entry)

    def outside(self, unit):
        """As a plain child of an ordinary user's, in a directory of its own."""
        home = tempfile.mkdtemp(prefix="o", dir=self.scratch)
        env = dict(self.env, HOME=home, TMPDIR=home + "/t")
        who = {}
        os.mkdir(env["TMPDIR"])
        if os.geteuid() == 0:
            who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(home, NOBODY, NOBODY)
            os.chown(env["TMPDIR"], NOBODY, NOBODY)

        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE,
                               (OPEN_FILES, OPEN_FILES))

        with subprocess.Popen(
                unit.argv, env=env, cwd=unit.source or home, umask=0o022,
                start_new_session=True, preexec_fn=limit,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, **who) as child:
            try:
                out, err = child.communicate(timeout=TIMEOUT)
                end = f"exit {child.returncode}"
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                out, err = child.communicate()
                end = "timeout"
        shutil.rmtree(home, ignore_errors=True)
        return Run(end, out, err)

    def inside(self, unit):
        """The same in a box."""
        argv = [self.sbx, "--profile", self.suite.profile]
        for name, value in LIMITS.items():
            argv += [f"--{name}", value]
        if unit.source:
            argv += ["--ro-bind", unit.source, "--workdir", unit.source]
        report_in, report_out = os.pipe()
        argv += ["--report", f"fd:{report_out}", "--command", "--", *unit.argv]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              pass_fds=[report_out])
        os.close(report_out)
        with os.fdopen(report_in) as file:
            report = json.loads(file.read() or "{}")
        end = f"exit {done.returncode}"
        if report.get("status") not in ("success", "failure"):
            end = report.get("message", end)
        elif report.get("signal"):
            end = f"exit -{done.returncode - 128}"
        return Run(end, done.stdout, done.stderr,
                   report.get("events", {}).get("denied_syscalls", ()))

    def both(self, unit):
        return self.outside(unit), self.inside(unit)


def compare(suite, unit, outside, inside):
    """The differences as {(name, "OUTSIDE>INSIDE")}, and the tests outside."""
    was, now = suite.outcomes(outside), suite.outcomes(inside)
    differences = set()
    for test in {**was, **now}:
        before, after = was.get(test, ABSENT), now.get(test, ABSENT)
        if before != after:
            differences.add((test, f"{before}>{after}"))
    if not differences and outside.end != inside.end:
        differences.add((f"{unit.name} {ENDED}".replace(" ", ""),
                         f"{outside.end}>{inside.end}".replace(" ", "-")))
    return differences, len(was)
