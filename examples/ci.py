#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ci.py DIRECTORY [COMMAND...]: runs a stranger's tests.

DIRECTORY is what they have sent, a pull request for example. It is seen as
/src, read-only; the tests run in a copy of it, without a network, without a
secret of the build machine and within limits. COMMAND is
"python3 -m unittest" where there is none. Exits 0 when it does; else prints
why, and exits 1.

Tests can lie, if whoever wrote them wants to: a sandbox keeps them from doing
harm, but not from claiming to have passed. Take COMMAND and what it runs from
a branch that you trust.
"""

import json
import pathlib
import sys

import sbx

LIMITS = {"wall_time": "10m", "cpu_time": "10m", "memory": "1G", "pids": 128,
          "disk": "500M", "inodes": 50000, "output_limit": "10M",
          "net": "none"}
COPY = 'cp -r /src/. . && exec "$@"'


def run_tests(directory, command, **limits):
    """The CompletedProcess of the tests; their output goes where ours does."""
    source = pathlib.Path(directory).resolve(strict=True)
    return sbx.run(["/bin/sh", "-c", COPY, "tests", *command],
                   profile="python", command=True,
                   ro_bind=[f"{source}:/src"], **{**LIMITS, **limits})


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    command = sys.argv[2:] or ["python3", "-m", "unittest"]
    try:
        report = run_tests(sys.argv[1], command).report
    except OSError as error:  # a SandboxError is one
        print(f"ci: {error}", file=sys.stderr)
        return 1
    if report["status"] == "success":
        return 0
    print(f"ci: {report['message']}", file=sys.stderr)
    denied = report.get("events", {}).get("denied_syscalls")
    if denied:
        print(f"ci: refused system calls: {json.dumps(denied)}",
              file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
