#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""judge.py PROBLEM PROGRAM...: a judge for programming exercises.

PROBLEM is a directory of cases: NAME.in is the input, NAME.out the output that
is expected, and limits.json may hold options of sbx-exec, for example
{"wall_time": 2, "memory": "64M"}. The profile of a PROGRAM follows from its
suffix. Prints a table of verdicts; exits 0 when all programs are accepted.

The expected output never goes into a sandbox: a program cannot learn it, and
what it says of itself counts for nothing.
"""

import json
import pathlib
import sys

import sbx

PROFILES = {".py": "python", ".sh": "bash", ".pl": "perl", ".js": "node",
            ".rb": "ruby", ".lua": "lua", ".c": "c", ".cpp": "cpp"}

# What the reason of a report is called here.
VERDICTS = {
    "wall_time": "time limit", "cpu_time": "time limit",
    "idle_time": "time limit", "fuel": "time limit",
    "memory": "memory limit",
    "output": "output limit", "syscall": "forbidden",
    "signaled": "runtime error", "exited": "runtime error",
}
LIMITS = {"wall_time": 10, "cpu_time": 5, "memory": "256M", "pids": 16,
          "output_limit": "1M", "output_action": "kill"}


def same(output, expected):
    """Whether two outputs are equal but for blanks at the ends of lines."""
    def lines(data):
        return [line.rstrip() for line in data.rstrip().split(b"\n")]
    return lines(output) == lines(expected)


def judge_case(program, case, limits):
    """The verdict on one case, and the report."""
    done = sbx.run([program], profile=PROFILES[program.suffix],
                   input=case.read_bytes(), capture_output=True, **limits)
    report = done.report
    if "run" not in report.get("stages", {"run": report}):
        return "compile error", report
    if report["status"] != "success":
        return VERDICTS.get(report["reason"], report["reason"]), report
    expected = case.with_suffix(".out").read_bytes()
    return ("accepted" if same(done.stdout, expected) else "wrong answer",
            report)


def judge(problem, program):
    """The verdict on a program: that of the first case it fails, else
    accepted; how many it passed; the longest time and the most memory."""
    own = problem / "limits.json"
    limits = {**LIMITS, **(json.loads(own.read_text()) if own.exists()
                           else {})}
    passed, longest, most = 0, 0.0, 0
    verdict = "no cases"
    for case in sorted(problem.glob("*.in")):
        verdict, report = judge_case(program, case, limits)
        usage = report.get("usage", {})
        longest = max(longest, usage.get("cpu_time_s", 0.0))
        most = max(most, usage.get("memory_peak_bytes", 0))
        if verdict != "accepted":
            break
        passed += 1
    return verdict, passed, longest, most


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    problem = pathlib.Path(sys.argv[1])
    good = True
    print(f"{'program':20} {'verdict':14} {'passed':>6} {'time':>8} memory")
    for name in sys.argv[2:]:
        program = pathlib.Path(name)
        if program.suffix not in PROFILES:
            sys.exit(f"{name}: its suffix is none of {', '.join(PROFILES)}")
        verdict, passed, longest, most = judge(problem, program)
        good = good and verdict == "accepted"
        print(f"{program.name:20} {verdict:14} {passed:6} {longest:7.3f}s "
              f"{most / 2**20:5.1f}M")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
