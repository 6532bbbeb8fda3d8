# SPDX-License-Identifier: MIT
"""sbx.subprocess: the names of the standard module."""

import os
import signal
import subprocess
import sys
import time
import unittest
import unittest.mock

import sbx
import support
from sbx import subprocess as boxed


def started(code, **options):
    """A program in a sandbox that has said it is there."""
    popen = boxed.Popen(profile="python", code="print(1, flush=True)\n" + code,
                        stdout=boxed.PIPE, **options)
    assert popen.stdout.readline() == b"1\n"
    return popen


class Names(unittest.TestCase):
    def test_what_is_there_is_the_standards(self):
        for name in ("PIPE", "STDOUT", "DEVNULL", "TimeoutExpired",
                     "CalledProcessError", "SubprocessError", "list2cmdline"):
            self.assertIs(getattr(boxed, name), getattr(subprocess, name))
        self.assertTrue(issubclass(boxed.Popen, subprocess.Popen))
        self.assertTrue(issubclass(boxed.CompletedProcess,
                                   subprocess.CompletedProcess))
        self.assertEqual(set(subprocess.__all__) - set(boxed.__all__), set())


class Calls(unittest.TestCase):
    def test_the_short_ones(self):
        self.assertEqual(boxed.call(["sh", "-c", "exit 3"]), 3)
        self.assertEqual(boxed.check_call(["true"]), 0)
        self.assertRaises(boxed.CalledProcessError, boxed.check_call, "false")
        self.assertEqual(boxed.check_output(["echo", "x"]), b"x\n")
        self.assertEqual(boxed.check_output(["cat"], input="x", text=True),
                         "x")
        self.assertEqual(boxed.check_output(["cat"], input=None), b"")
        self.assertEqual(boxed.getoutput("hostname"), "sbx")
        self.assertEqual(boxed.getstatusoutput("echo a; echo b >&2; exit 5"),
                         (5, "a\nb"))
        self.assertRaises(ValueError, boxed.check_output, "x", stdout=1)


class Streams(unittest.TestCase):
    def test_a_conversation(self):
        with started("while 1: print(input()[::-1], flush=True)",
                     stdin=boxed.PIPE, stderr=boxed.DEVNULL) as popen:
            for word in (b"abc", b"xyz"):
                popen.stdin.write(word + b"\n")
                popen.stdin.flush()
                self.assertEqual(popen.stdout.readline(), word[::-1] + b"\n")
            self.assertIsNone(popen.poll())
            self.assertIsNone(popen.report)
        self.assertEqual(popen.returncode, 1)  # EOFError
        self.assertEqual(popen.report["status"], "failure")

    def test_a_pipeline(self):
        first = boxed.Popen(["echo", "one two"], stdout=boxed.PIPE)
        second = boxed.Popen(["tr", "a-z", "A-Z"], stdin=first.stdout,
                             stdout=boxed.PIPE)
        first.stdout.close()
        self.assertEqual(second.communicate()[0], b"ONE TWO\n")
        self.assertEqual(first.wait(), 0)

    def test_communicate_with_a_timeout(self):
        popen = started("import time; time.sleep(1)")
        self.assertRaises(boxed.TimeoutExpired, popen.communicate, None, 0.05)
        self.assertRaises(boxed.TimeoutExpired, popen.wait, 0.05)
        self.assertEqual(popen.communicate(timeout=50), (b"", None))
        self.assertEqual(popen.returncode, 0)

    def test_much_both_ways(self):
        data = bytes(range(256)) * 4000
        done = sbx.run(["cat"], input=data, capture_output=True,
                       output_limit="none")
        self.assertEqual(done.stdout, data)


class Signals(support.Scratch):
    def test_what_ends_a_program(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                       signal.SIGQUIT):
            with started("import time; time.sleep(60)") as popen:
                popen.send_signal(number)
                self.assertEqual(popen.wait(20), -number)
                self.assertEqual(popen.report["status"], "cancelled")

    def test_kill_leaves_nothing(self):
        mark = f"37.{time.monotonic_ns()}"
        popen = boxed.Popen(["sleep", mark])
        for _ in range(500):
            if self.running(mark):
                break
            time.sleep(0.02)
        self.assertTrue(self.running(mark))
        popen.kill()
        self.assertEqual(popen.wait(20), -9)
        self.assertIsNone(popen.report)
        for _ in range(500):
            if not self.running(mark):
                break
            time.sleep(0.02)
        self.assertFalse(self.running(mark))

    @staticmethod
    def running(mark):
        return subprocess.run(["pgrep", "-xf", f"sleep {mark}"],
                              stdout=subprocess.DEVNULL).returncode == 0

    def test_what_cannot_be_sent(self):
        with started("input()", stdin=boxed.PIPE) as popen:
            for number in (signal.SIGUSR1, signal.SIGSTOP, signal.SIGCONT):
                with self.assertRaises(ValueError) as caught:
                    popen.send_signal(number)
                self.assertIn(str(int(number)), str(caught.exception))
            popen.communicate(b"\n")
            self.assertEqual(popen.returncode, 0)
        popen.send_signal(signal.SIGTERM)  # it has ended: nothing happens

    def test_a_stranger_kills_sbx_exec(self):
        popen = started("import time; time.sleep(60)")
        os.kill(popen.pid, signal.SIGKILL)
        self.assertEqual(popen.communicate(), (b"", None))
        self.assertEqual(popen.wait(), -signal.SIGKILL)
        self.assertIsNone(popen.report)

    def test_run_does_not_do_without_a_report(self):
        self.write("sbx-exec", "#!/bin/sh\nkill -9 $$\n").chmod(0o755)
        with unittest.mock.patch.dict(os.environ, {
                "SBX_EXEC": str(self.path / "sbx-exec")}):
            for call in (sbx.run, sbx.subprocess.call):
                with self.assertRaises(sbx.SandboxError) as caught:
                    call(["true"], timeout=9)
                self.assertIn("no report", str(caught.exception))

    def test_a_group_of_its_own(self):
        groups = [{"start_new_session": True}]
        if sys.version_info >= (3, 11):
            groups.append({"process_group": 0})
        for options in groups:
            with started("import time; time.sleep(60)", **options) as popen:
                self.assertEqual(os.getpgid(popen.pid), popen.pid)
                os.killpg(popen.pid, signal.SIGTERM)
                self.assertEqual(popen.wait(20), -signal.SIGTERM)
            self.assertEqual(popen.report["status"], "cancelled")
            popen = boxed.Popen(["sleep", "60"], **options)
            os.killpg(popen.pid, signal.SIGTERM)  # it may not be ready yet
            self.assertEqual(popen.wait(20), -signal.SIGTERM)
        with started("", start_new_session=False) as popen:
            self.assertEqual(os.getpgid(popen.pid), os.getpgid(0))


class Failures(unittest.TestCase):
    def test_they_are_told_when_it_is_over(self):
        popen = boxed.Popen(["no-such-program"])
        with self.assertRaises(sbx.NotFoundError) as caught:
            popen.wait()
        self.assertEqual(caught.exception.filename, "no-such-program")
        self.assertEqual(caught.exception.stage, "exec")
        self.assertEqual(popen.returncode, 127)
        self.assertRaises(sbx.NotFoundError, popen.poll)
        self.assertRaises(FileNotFoundError, popen.communicate)

    def test_what_a_block_raises_is_not_hidden(self):
        with self.assertRaises(KeyError):
            with boxed.Popen(["no-such-program"]):
                raise KeyError("own")
        with self.assertRaises(sbx.NotFoundError):
            with boxed.Popen(["no-such-program"]):
                pass
