# SPDX-License-Identifier: MIT
"""Runs the tests of this directory, or the named ones ("test_run",
"test_run.Verdicts.test_limits"), and counts. A test that was skipped is a
failed one, since what it needs is installed by tools/deps: all but the
kernel."""

import sys
import unittest

from support import skips


def main():
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:])
    else:
        suite = loader.discover(".")
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    excused = {test.id() for test, why in result.skipped
               if why == skips.OLD_KERNEL and not skips.must_work()}
    bad = len({test.id() for test, _ in
               result.failures + result.errors + result.skipped} - excused)
    bad += len(result.unexpectedSuccesses)
    sys.stderr.flush()
    for test in sorted(excused):
        print(f"skipped: {test}: {skips.OLD_KERNEL}")
    print(f"{result.testsRun - bad - len(excused)} passed, {bad} failed, "
          f"{len(excused)} skipped")
    return 1 if bad or not result.testsRun else 0


sys.exit(main())
