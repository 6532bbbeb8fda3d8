# SPDX-License-Identifier: MIT
"""The standard library's own tests of subprocess, pointed at sbx.subprocess.

stdlib.differs has the cases that do not apply, each with the reason. All
others must pass, and those in the table must not, so that it stays true."""

import gc
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest
import unittest.mock
import warnings

from sbx import subprocess as boxed

TABLE = pathlib.Path(__file__).with_name("stdlib.differs")
CASES = ("ProcessTestCase", "RunFuncTestCase", "POSIXProcessTestCase",
         "MiscTests", "CommandsWithSpaces", "ContextManagerTests")


def suite():
    """The cases, with our names in the place of the module's."""
    was = sys.executable
    sys.executable = "/usr/bin/python3"  # what a sandbox has, too
    from test import test_subprocess as theirs
    sys.executable = was
    module = types.ModuleType("subprocess")
    vars(module).update({**vars(subprocess),
                         **{name: getattr(boxed, name)
                            for name in boxed.__all__}})
    theirs.subprocess = module
    for name in CASES:
        case = getattr(theirs, name)
        for test in unittest.defaultTestLoader.getTestCaseNames(case):
            yield f"{name}.{test}", case(test)


def outcome(test):
    """How one case ends: pass, skip or fail, and what it said."""
    result = unittest.TestResult()
    said = io.StringIO()
    was, sys.stderr = sys.stderr, said
    executable, sys.executable = sys.executable, "/usr/bin/python3"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test.run(result)
            # A case that failed half-way may leave programs behind.
            gc.collect()
            while subprocess._active:
                popen = subprocess._active.pop()
                popen.kill()
                subprocess.Popen.wait(popen)
    finally:
        sys.stderr, sys.executable = was, executable
    bad = result.failures + result.errors
    if bad:
        return "fail", bad[0][1].strip().splitlines()[-1]
    return ("skip", result.skipped[0][1]) if result.skipped else ("pass", "")


def table():
    """{case: reason} of stdlib.differs."""
    rows, reason = {}, None
    for line in TABLE.read_text().splitlines():
        if line.startswith("# ") or not line:
            continue
        if line[0].isspace():
            rows[line.strip()] = reason
        else:
            reason = line
    return rows


class Stdlib(unittest.TestCase):
    def take_files_along(self):
        """A case that fails half-way leaves the files that it has made."""
        def made(*words, **options):
            fd, path = mkstemp(*words, **options)
            self.addCleanup(pathlib.Path(path).unlink, missing_ok=True)
            return fd, path

        mkstemp = tempfile.mkstemp
        patch = unittest.mock.patch.object(tempfile, "mkstemp", made)
        patch.start()
        self.addCleanup(patch.stop)

    def test_all(self):
        differs, passed, skipped = table(), 0, 0
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        self.take_files_along()
        for name, test in suite():
            with self.subTest(name):
                end, said = outcome(test)
                os.chdir(here)
                passed += end == "pass"
                skipped += end == "skip"
                if name in differs:
                    self.assertNotEqual(end, "pass", "it is in the table")
                    del differs[name]
                else:
                    self.assertNotEqual(end, "fail", said)
        self.assertEqual(differs, {}, "in the table, but no case")
        self.assertGreater(passed, 100)
        self.assertLess(skipped, 20)
