# SPDX-License-Identifier: MIT
"""Harnesses that others wrote, with one function or one import changed.

    harness.py no|yes cram WORD...      cram(1)
    harness.py no|yes cpython MODULE... CPython's tests of the interpreter

With "yes" what they start runs in sandboxes; "no" leaves them as they are.
"""

import importlib
import inspect
import json
import os
import re
import sys
import unittest

BOXED = sys.argv[1] == "yes"
SPAWNS = re.compile(r"assert_python_|spawn_python|run_python_until_end")


def cram(words):
    import cram._main
    import cram._test
    outside = dict(os.environ)

    def execute(args, stdin, stdout, stderr, env):
        """In the place of theirs. What the tests find in the environment is
        what cram puts there; their directory is made anew inside."""
        import sbx
        inside = {name: value for name, value in env.items()
                  if outside.get(name) != value}
        done = sbx.run(
            ["/bin/sh", "-c", 'mkdir -p "$1" "$TMPDIR" && cd "$1" && shift && '
             'exec "$@" 2>&1', "sh", os.getcwd(), *args],
            input=stdin, stdout=stdout, env=inside, wall_time=10, pids=32,
            memory="64M", output_action="kill",
            ro_bind=[os.fsdecode(env["TESTDIR"])])
        return done.stdout, done.returncode

    if BOXED:
        cram._test.execute = execute
    return cram._main.main(words)


def cases(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


def cpython(modules):
    """Prints the verdict on each case that starts an interpreter."""
    sys.executable = "/usr/bin/python3"  # what a sandbox has, too
    from test.support import script_helper
    if BOXED:
        from sbx import subprocess

        class Popen(subprocess.Popen):
            # The scripts that the cases write are shown where they are.
            defaults = {"ro_bind": [os.getcwd()]}

            def __init__(self, args, cwd=None, **options):
                super().__init__(args, cwd=cwd or os.getcwd(), **options)

        subprocess.Popen = Popen
        script_helper.subprocess = subprocess
    verdicts = {}
    for module in modules:
        for test in cases(unittest.defaultTestLoader.loadTestsFromModule(
                importlib.import_module("test." + module))):
            method = getattr(test, test._testMethodName)
            try:
                if not SPAWNS.search(inspect.getsource(method)):
                    continue
            except OSError:  # one that was made at run time
                continue
            result = unittest.TestResult()
            test.run(result)
            bad = result.failures + result.errors
            verdicts[test.id()] = ("fail: " + bad[0][1][-300:] if bad else
                                   "skip" if result.skipped else "pass")
    json.dump(verdicts, sys.__stdout__)


def main():
    os.umask(0o022)
    # A sandbox is another user, who is to see what the cases write.
    mkdir = os.mkdir
    os.mkdir = lambda path, mode=0o777, **at: mkdir(path, mode | 0o055, **at)
    return {"cram": cram, "cpython": cpython}[sys.argv[2]](sys.argv[3:])


sys.exit(main())
