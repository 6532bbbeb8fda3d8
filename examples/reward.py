#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reward.py SAMPLES: rewards for programs that a model has written.

SAMPLES is a file of JSON lines: {"code": "...", "tests": [{"input": "...",
"output": "..."}, ...]}. Prints a reward from 0 to 1 for each, one a line: the
part of its tests that the program passes. All tests of all samples are one
batch, so that every processor has work until the end.

What the program prints is compared here, outside: code that a model writes
learns to exploit any check that runs beside it.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

LIMITS = {"wall_time": "10s", "cpu_time": "5s", "memory": "256M", "pids": 16}


def requests(samples, limits):
    """A request for each test; the id says which."""
    for i, sample in enumerate(samples):
        for k, test in enumerate(sample["tests"]):
            yield {"id": f"{i}/{k}", "language": "python",
                   "code": sample["code"], "stdin": test["input"],
                   "limits": limits}


def run_batch(asked, jobs=None):
    """The reports of all requests, by their ids."""
    batch = os.environ.get("SBX_BATCH") or shutil.which("sbx-batch")
    if not batch:
        raise FileNotFoundError("sbx-batch is not in PATH: install it, or set "
                                "SBX_BATCH to its path")
    with tempfile.TemporaryDirectory() as name:
        lines = pathlib.Path(name, "requests")
        with open(lines, "w") as stream:
            for request in asked:
                stream.write(json.dumps(request) + "\n")
        words = [batch, "--summary=none", *(
            [f"--jobs={jobs}"] if jobs else []), lines]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            reports = [json.loads(line) for line in process.stdout]
    if process.returncode != 0:
        raise RuntimeError("not every request was run: " + "; ".join(
            r["message"] for r in reports if r["status"] == "error"))
    return {report["id"]: report for report in reports}


def rewards(samples, limits=None, jobs=None):
    """The reward of each sample, in their order."""
    reports = run_batch(requests(samples, limits or LIMITS), jobs)
    made = []
    for i, sample in enumerate(samples):
        passed = 0
        for k, test in enumerate(sample["tests"]):
            report = reports[f"{i}/{k}"]
            # What is not UTF-8 is elsewhere in the report, and never right.
            passed += (report["status"] == "success" and
                       not report["stdout_truncated"] and
                       "stdout" in report and
                       report["stdout"].split() == test["output"].split())
        made.append(passed / max(len(sample["tests"]), 1))
    return made


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1]) as stream:
        samples = [json.loads(line) for line in stream]
    try:
        made = rewards(samples)
    except (OSError, RuntimeError) as error:
        sys.exit(f"reward: {error}")
    for reward in made:
        print(f"{reward:.3f}")


if __name__ == "__main__":
    main()
