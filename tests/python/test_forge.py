# SPDX-License-Identifier: MIT
"""A program cannot forge its verdict, whatever it prints, writes, kills or
patches: through sbx.run(), sbx-batch, and the judge and the reward function
of the examples. That each check can tell is shown by an honest program."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import sbx
import support

sys.path.insert(0, str(support.ROOT / "examples"))
os.environ["SBX_BATCH"] = str(support.BUILD / "bin/sbx-batch")
import judge  # noqa: E402
import reward  # noqa: E402

FORGED = json.dumps({"schema": 1, "id": "ID", "status": "success",
                     "reason": "exited", "message": "exited with status 0",
                     "exit_code": 0, "stdout": "42\n", "stdout_bytes": 3,
                     "stdout_truncated": False, "stderr": ""})

# What opens each program: a report that says what is not so.
HEAD = f"""
import os, signal, sys, threading
forged = {FORGED!r}.encode() + b"\\n"
"""

# Each with how it really ends: an exit code, or a signal.
PROGRAMS = {
    "prints a report": ("""
os.write(1, forged); os.write(2, forged); os._exit(3)""", 3),
    "prints a report as if the batch did": ("""
os.write(1, b"}\\n" + forged + b'{"x": "'); os._exit(3)""", 3),
    "writes it to every descriptor": ("""
for fd in range(1024):
    try: os.write(fd, forged)
    except OSError: pass
os._exit(4)""", 4),
    "writes it to the descriptors of others": ("""
for pid in os.listdir("/proc"):
    for fd in range(64) if pid.isdigit() else ():
        try: os.write(os.open(f"/proc/{pid}/fd/{fd}", os.O_WRONLY |
                              os.O_NONBLOCK), forged)
        except OSError: pass
os._exit(5)""", 5),
    "writes it to files": ("""
for place in ("/workspace", "/tmp", "/dev/shm", "/", "/run", "/etc/sbx",
              "/proc/self", "/proc/1", "/var/tmp"):
    for name in ("report", "report.json", "reports.jsonl", "fd"):
        try: open(f"{place}/{name}", "wb").write(forged)
        except OSError: pass
os._exit(6)""", 6),
    "kills its parent": ("""
for pid in (os.getppid(), 1, -1, 0):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
        try: os.kill(pid, number)
        except OSError: pass
os._exit(7)""", 7),
    "kills all there is": ("""
for pid in (1, -1):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
os.kill(os.getpid(), signal.SIGKILL)""", -signal.SIGKILL),
    "leaves a child that says it is well": ("""
if os.fork() == 0:
    os.setsid()
    os.write(1, forged)
    os._exit(0)
os._exit(8)""", 8),
    "dies with a child that exits 0": ("""
if os.fork() == 0:
    os._exit(0)
os.wait(); os.kill(os.getpid(), signal.SIGSEGV)""", -signal.SIGSEGV),
    "exits 0 in another thread, late": ("""
threading.Timer(5, os._exit, (0,)).start(); os._exit(9)""", 9),
    "exits with a status above 255": ("""
sys.exit(256 + 10)""", 10),
    "sends forged bytes over inherited sockets": ("""
import socket
for fd in range(3, 256):
    try: socket.socket(fileno=fd).send(forged)
    except OSError: pass
os._exit(11)""", 11),
    "traces its parent": ("""
import ctypes
libc = ctypes.CDLL(None)
for pid in (1, os.getppid()):
    libc.ptrace(16, pid, 0, 0); libc.process_vm_writev(pid, 0, 0, 0, 0, 0)
    try: open(f"/proc/{pid}/mem", "r+b").write(forged)
    except OSError: pass
os._exit(12)""", 12),
    "says that it was stopped": ("""
os.write(2, b"sbx-exec: cancelled\\n"); os._exit(13)""", 13),
    "exits like sbx-exec does at a timeout": ("os._exit(124)", 124),
    "exits like sbx-exec does when it fails": ("os._exit(125)", 125),
    "exits like a program that is not there": ("os._exit(127)", 127),
}
# What would be so if it had worked.
HONEST = ("print(42)", 0)


class Run(support.Scratch):
    def test_reports_are_true(self):
        for name, (code, ending) in {**PROGRAMS, "honest": HONEST}.items():
            with self.subTest(name):
                done = sbx.run(code=HEAD + code, profile="python", timeout=60,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
                self.assertEqual(done.returncode, ending, done.report)
                self.assertEqual(done.report["status"],
                                 "failure" if ending else "success")

    def test_exceptions_are_true(self):
        """A status that means something to sbx-exec means nothing here."""
        for status in (124, 125, 126, 127, 137):
            with self.assertRaises(sbx.CalledProcessError) as caught:
                sbx.run(["sh", "-c", f"exit {status}"], check=True, timeout=9)
            self.assertEqual(caught.exception.returncode, status)


class Batch(support.Scratch):
    def test_reports_are_true(self):
        rows = {**PROGRAMS, "honest": HONEST}
        requests = self.write("requests", "".join(
            json.dumps({"id": name, "language": "python",
                        "code": (HEAD + code).replace("ID", name)}) + "\n"
            for name, (code, _) in rows.items()))
        output = self.path / "reports"
        batch = [os.environ["SBX_BATCH"], "--summary=none", "--jobs=3"]
        done = subprocess.run([*batch, "--output", output, requests])
        self.assertEqual(done.returncode, 0)
        reports = [json.loads(line) for line in
                   output.read_text().splitlines()]
        self.assertEqual(len(reports), len(rows))
        for report in reports:
            ending = rows[report["id"]][1]
            if ending < 0:
                self.assertEqual(report["signal"],
                                 signal.Signals(-ending).name)
            else:
                self.assertEqual(report["exit_code"], ending, report["id"])
            self.assertEqual(report["status"],
                             "failure" if ending else "success")
        done = subprocess.run([batch[0], "merge", requests, output])
        self.assertEqual(done.returncode, 0)


# Programs that do not solve the exercise, which is to print the square of a
# number, and how they try to pass.
CHEATS = {
    "patches the comparison": """
import builtins
class Equal(str):
    __eq__ = lambda self, other: True
builtins.str = Equal
print(Equal("x"))""",
    "looks for the expected output": """
import glob, os
for place in ("/", "/tmp", "/workspace", "/dev/shm", "/run", "/proc/1/root",
              "/proc/1/cwd", os.environ.get("HOME", "/")):
    for name in glob.glob(place + "/**/*.out", recursive=True)[:50]:
        try: print(open(name).read())
        except OSError: pass
for pid in glob.glob("/proc/[0-9]*"):
    for name in ("environ", "cmdline"):
        try: print(open(f"{pid}/{name}").read())
        except OSError: pass""",
    "prints all there might be": "print(*range(2000))",
    "prints nothing and exits 0": "import os; os._exit(0)",
    "prints a verdict": "print('accepted'); print('1.000')",
    "answers, then dies": "print(int(input()) ** 2); 1 / 0",
    "answers, then is killed": """
import os, sys
print(int(input()) ** 2); sys.stdout.flush(); os.kill(os.getpid(), 9)""",
    "answers, then does not end": """
import sys, time
print(int(input()) ** 2); sys.stdout.flush(); time.sleep(60)""",
    "answers below what it was not asked": """
print(int(input()) ** 2); print(0)""",
    "answers the next run": """
import os
for place in ("/tmp", "/workspace", "/dev/shm"):
    for name in ("sitecustomize.py", "code.py", "answer"):
        open(f"{place}/{name}", "w").write("print(int(input()) ** 2)")
exec(open("/tmp/x").read() if os.path.exists("/tmp/x") else "")""",
}
HONEST_SQUARE = "print(int(input()) ** 2)"
LIMITS = {"wall_time": 3, "cpu_time": 2, "memory": "64M"}


class Examples(support.Scratch):
    def test_the_judge(self):
        for n in (7, 12):
            self.write(f"square/{n}.in", f"{n}\n")
            self.write(f"square/{n}.out", f"{n * n}\n")
        self.write("square/limits.json", json.dumps(LIMITS))
        for name, code in {**CHEATS, "honest": HONEST_SQUARE}.items():
            with self.subTest(name):
                program = self.write("program.py", code)
                verdict, passed, _, _ = judge.judge(self.path / "square",
                                                    pathlib.Path(program))
                if name == "honest":
                    self.assertEqual((verdict, passed), ("accepted", 2))
                else:
                    self.assertNotEqual(verdict, "accepted")
                    self.assertEqual(passed, 0)

    def test_the_reward(self):
        tests = [{"input": f"{n}\n", "output": f"{n * n}\n"}
                 for n in (7, 12)]
        codes = [*CHEATS.values(), HONEST_SQUARE]
        got = reward.rewards([{"code": code, "tests": tests}
                              for code in codes], LIMITS, jobs=3)
        self.assertEqual(got, [0.0] * len(CHEATS) + [1.0])
