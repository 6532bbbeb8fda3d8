# SPDX-License-Identifier: MIT
"""Runs the tests of this directory, or the named ones ("test_run",
"test_run.Verdicts.test_limits"), and counts. A test that was skipped is a
failed one: what it needs is installed by tools/deps."""

import sys
import unittest


def main():
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:])
    else:
        suite = loader.discover(".")
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    bad = len({test.id() for test, _ in
               result.failures + result.errors + result.skipped})
    bad += len(result.unexpectedSuccesses)
    sys.stderr.flush()
    print(f"{result.testsRun} cases, {bad} failed")
    return 1 if bad or not result.testsRun else 0


sys.exit(main())
