# SPDX-License-Identifier: MIT
"""Runs other people's test suites outside and inside a box, and compares.

A suite is a list of units: a module, a group of test files. Each unit is run
with the same arguments and the same environment twice: as a plain child
process of an ordinary user's, and by sbx-exec. What is compared is the outcome
of every single test.

A difference must be listed in NAME.differs with its reason, and what is listed
there must still differ. What does not differ each time is noise, such as a
test that needs a quiet machine: it is printed, and not counted.
"""
import argparse
import concurrent.futures
import dataclasses
import fnmatch
import functools
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOBODY = 65534
OPEN_FILES = 1024
TIMEOUT_S = 150
TRIES = 3
ABSENT = "absent"

# A test suite takes more than one program does. What a limit does is tested
# elsewhere, so here there is plenty of everything.
LIMITS = {
    "wall-time": f"{TIMEOUT_S}s", "cpu-time": "none", "memory": "3G",
    "cpus": "none", "pids": "400", "disk": "1G", "inodes": "100000",
    "file-size": "none", "open-files": str(OPEN_FILES),
    "output-limit": "64M",
}


@dataclasses.dataclass
class Unit:
    """What is run at once: a name, a command, and what that reads."""

    name: str
    argv: list
    stdin: object = os.devnull  # a file; the program reads it from a pipe
    source: object = None       # a directory, shown at the same path
    profile: object = None      # where it is not the suite's


class Run:
    """How one run of a unit ended, and what it printed."""

    def __init__(self, end, stdout, stderr, report=None):
        report = report or {}
        self.end = end  # without blanks
        self.stdout = stdout
        self.stderr = stderr
        self.denied = report.get("events", {}).get("denied_syscalls", ())
        self.cpu_s = report.get("usage", {}).get("cpu_time_s", 0)


class Suite:
    """What each of the programs beside this file defines."""

    name = ""
    profile = ""

    def units(self, scratch, cache):
        """All units. scratch is a directory that everybody can read and that
        goes away; cache is one that stays, and may not be there yet."""
        raise NotImplementedError

    def outcomes(self, unit, run):
        """The outcome of each test by its name, both without blanks."""
        raise NotImplementedError


class Listed:
    """A line of a .differs file: KIND UNIT TEST OUTSIDE>INSIDE REASON.

    always: on every host. host: where this host is of that kind, which the
    reason names; it need not be met. TEST and the change are shell patterns.
    """

    def __init__(self, line, where):
        words = line.split(None, 4)
        if (len(words) < 5 or words[0] not in ("always", "host")
                or ">" not in words[3]):
            sys.exit(f"{where}: want: always|host UNIT TEST OUTSIDE>INSIDE "
                     f"REASON; got: {line}")
        self.where = where
        self.kind, self.unit, self.test, self.change, self.reason = words

    def covers(self, test, change):
        return (fnmatch.fnmatchcase(change, self.change)
                and fnmatch.fnmatchcase(test, self.test))

    def missed(self, found):
        """Whether it should be among the differences found, and is not."""
        return self.kind == "always" and not any(
            self.covers(*one) for one in found)


def read_listed(path):
    """The lines of a .differs file, but for blank ones and comments."""
    return [Listed(line, f"{path.name}:{number}")
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if line.strip() and not line.startswith("#")]


def remove(path):
    """Removes a tree, directories that a test has closed among it."""
    subprocess.run(["chmod", "-R", "u+rwX", path], stderr=subprocess.DEVNULL)
    shutil.rmtree(path, ignore_errors=True)


def kill_session(child):
    """Kills a child that leads a session, and what is left of its group."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Bench:
    """Runs a unit on either side."""

    def __init__(self, sbx, profile, scratch):
        self.sbx = sbx
        self.profile = profile
        self.scratch = scratch

    @functools.cache
    def env(self, profile):
        """What a program of the profile's has for its environment."""
        entries = subprocess.run(
            [self.sbx, "--profile", profile, "--command", "--",
             "/usr/bin/env", "-0"], check=True, stdout=subprocess.PIPE,
            text=True).stdout
        return dict(entry.split("=", 1)
                    for entry in entries.split("\0") if entry)

    def outside(self, unit):
        """The unit as an ordinary user's, in a directory of its own.

        Like the program in a box it leads a session, has pipes as its
        standard streams, and may open as many files.
        """
        home = tempfile.mkdtemp(prefix="o", dir=self.scratch)
        env = dict(self.env(unit.profile or self.profile), HOME=home,
                   TMPDIR=f"{home}/tmp")
        os.mkdir(env["TMPDIR"])
        who = {}
        if os.geteuid() == 0:
            who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            for path in (home, env["TMPDIR"]):
                os.chown(path, NOBODY, NOBODY)
        child = subprocess.Popen(
            ["/usr/bin/env", "--default-signal", "/usr/bin/prlimit",
             f"--nofile={OPEN_FILES}", *unit.argv],
            env=env, cwd=home, umask=0o022, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **who)
        try:
            out, err = child.communicate(
                pathlib.Path(unit.stdin).read_bytes(), timeout=TIMEOUT_S)
            end = f"exit:{child.returncode}"
        except subprocess.TimeoutExpired:
            kill_session(child)
            out, err = child.communicate()
            end = "timeout"
        kill_session(child)
        remove(home)
        return Run(end, out, err)

    def inside(self, unit):
        """The unit in a box."""
        report_path = tempfile.mkdtemp(prefix="r", dir=self.scratch) + "/json"
        argv = [self.sbx, "--profile", unit.profile or self.profile,
                "--report", report_path]
        for name, value in LIMITS.items():
            argv += [f"--{name}", value]
        if unit.source:
            argv += ["--ro-bind", str(unit.source)]
        with open(unit.stdin, "rb") as stdin:
            done = subprocess.run([*argv, "--command", "--", *unit.argv],
                                  stdin=stdin, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        try:
            report = json.loads(pathlib.Path(report_path).read_text())
        except FileNotFoundError:
            report = {"reason": "no-report"}
        end = report["reason"]
        if end == "exited":
            end = f"exit:{done.returncode}"
        elif end == "signaled":
            end = f"exit:-{done.returncode - 128}"
        return Run(end, done.stdout, done.stderr, report)


class Verdict:
    """What came of one unit."""

    def __init__(self, unit):
        self.unit = unit
        self.tests = 0
        self.denied = set()
        self.steady = set()  # differs each time: (test, "OUTSIDE>INSIDE")
        self.seen = set()    # differs at least once
        self.problems = []
        self.cpu_s = 0
        self.log = b""

    def add(self, found, first):
        self.steady = found if first else self.steady & found
        self.seen |= found

    def judge(self, listed):
        """Sets the problems, as far as they are known by now."""
        self.problems = [
            f"{test} {change}" for test, change in sorted(self.steady)
            if not any(line.covers(test, change) for line in listed)]
        self.problems += [
            f"{line.where}: {line.test} {line.change} no longer differs"
            for line in listed if line.missed(self.seen)]
        if self.tests == 0:
            self.problems.append("no test ran outside")


def differences(suite, unit, outside, inside):
    """What differs between two runs, and how many tests ran outside."""
    was, now = suite.outcomes(unit, outside), suite.outcomes(unit, inside)
    found = {(test, f"{was.get(test, ABSENT)}>{now.get(test, ABSENT)}")
             for test in {*was, *now}
             if was.get(test, ABSENT) != now.get(test, ABSENT)}
    if not found and outside.end != inside.end:
        found = {("(end)", f"{outside.end}>{inside.end}")}
    return found, len(was)


def try_unit(suite, bench, unit, listed):
    """Runs a unit until all is explained, or has been there each time."""
    verdict = Verdict(unit)
    for attempt in range(TRIES):
        outside, inside = bench.outside(unit), bench.inside(unit)
        found, verdict.tests = differences(suite, unit, outside, inside)
        verdict.add(found, attempt == 0)
        verdict.denied |= set(inside.denied)
        verdict.cpu_s = inside.cpu_s
        verdict.log = b"".join((b"---- outside\n", outside.stderr,
                                b"\n---- inside\n", inside.stderr))
        verdict.judge(listed)
        if not verdict.problems:
            break
    return verdict


def options(suite):
    parser = argparse.ArgumentParser(
        description=f"Compares {suite.name} tests outside and inside a box.")
    parser.add_argument("units", nargs="*", help="only these")
    parser.add_argument("--sbx", default=ROOT / "build" / "bin" / "sbx-exec")
    parser.add_argument("--cache", default=ROOT / "build" / "fidelity",
                        type=pathlib.Path, help="where downloads are kept")
    parser.add_argument("--jobs", "-j", type=int, default=2)
    parser.add_argument("--logs", type=pathlib.Path,
                        help="keep the standard error of all units there")
    parser.add_argument("--verbose", "-v", action="store_true")
    return parser.parse_args()


def show(verdict, args):
    if args.logs:
        args.logs.mkdir(parents=True, exist_ok=True)
        name = verdict.unit.name.replace("/", "_")
        (args.logs / name).write_bytes(verdict.log)
    if args.verbose:
        refused = " ".join(sorted(verdict.denied))
        print(f"{verdict.unit.name}: {verdict.tests} tests, "
              f"{len(verdict.steady)} differ, {verdict.cpu_s:.1f} s of CPU; "
              f"refused: {refused or 'none'}", flush=True)
        for test, change in sorted(verdict.seen - verdict.steady):
            print(f"{verdict.unit.name}: not each time: {test} {change}")
    for problem in verdict.problems:
        print(f"{verdict.unit.name}: not the same inside: {problem}",
              flush=True)


def run_all(suite, args, scratch):
    """The verdicts on all units that were asked for."""
    listed = read_listed(HERE / f"{suite.name}.differs")
    units = suite.units(scratch, args.cache)
    names = {unit.name for unit in units}
    for line in listed:
        if line.unit not in names:
            sys.exit(f"{line.where}: there is no unit {line.unit}")
    for name in args.units:
        if name not in names:
            sys.exit(f"{suite.name}: there is no unit {name}")
    bench = Bench(args.sbx, suite.profile, scratch)

    def one(unit):
        return try_unit(suite, bench, unit,
                        [line for line in listed if line.unit == unit.name])

    verdicts = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for verdict in pool.map(one, (unit for unit in units if not args.units
                                      or unit.name in args.units)):
            show(verdict, args)
            verdicts.append(verdict)
    return verdicts


def main(suite):
    """Runs a suite; the exit status is whether all was as it should be."""
    args = options(suite)
    scratch = tempfile.mkdtemp(prefix="sbx")
    os.chmod(scratch, 0o755)
    try:
        verdicts = run_all(suite, args, pathlib.Path(scratch))
    finally:
        remove(scratch)
    failed = sum(bool(verdict.problems) for verdict in verdicts)
    denied = set().union(*(verdict.denied for verdict in verdicts))
    print(f"{suite.name}: {sum(verdict.tests for verdict in verdicts)} tests "
          f"compared, {sum(len(verdict.steady) for verdict in verdicts)} "
          f"differ; refused system calls met: "
          f"{' '.join(sorted(denied)) or 'none'}")
    print(f"{suite.name}: {len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed or not verdicts else 0
