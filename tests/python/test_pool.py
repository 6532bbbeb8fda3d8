# SPDX-License-Identifier: MIT
"""Through sbxd, results are the same."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time

import sbx
import support
import test_batch
import test_forge
import test_run


class Daemon:
    """A daemon on self.socket."""

    words = ("--warm", "python=1")

    def setUp(self):
        super().setUp()
        self.socket = str(self.path / "socket")
        self.start_daemon()
        self.addCleanup(lambda: self.daemon.wait())
        self.addCleanup(lambda: self.daemon.terminate())

    def start_daemon(self):
        self.daemon = subprocess.Popen(
            [support.BUILD / "bin/sbxd", "--socket", self.socket, *self.words],
            stderr=subprocess.DEVNULL)
        with socket.socket(socket.AF_UNIX) as client:
            while client.connect_ex(self.socket):
                self.assertIsNone(self.daemon.poll())
                time.sleep(0.02)


    def be_found(self):
        """It is in the usual place."""
        usual = self.path / "run/sbx"
        usual.mkdir(parents=True)
        (usual / "sbxd.sock").symlink_to(self.socket)
        for name, value in (("XDG_RUNTIME_DIR", str(self.path / "run")),
                            ("XDG_DATA_HOME", str(self.path))):
            self.addCleanup(os.environ.__setitem__ if name in os.environ else
                            os.environ.pop, name, os.environ.get(name))
            os.environ[name] = value


class Full(Daemon, support.Scratch):
    words = ("--max-runs", "1", "--max-queue", "0")

    def test_runs_go_on_without_it(self):
        """Where nobody has named it; else it is said that it is full."""
        with sbx.subprocess.Popen(
                ["sh", "-c", "echo; exec sleep 60"], pool=self.socket,
                stdout=subprocess.PIPE) as first:
            first.stdout.readline()
            with self.assertRaises(sbx.SandboxError):
                sbx.run(["true"], pool=self.socket)
            self.be_found()
            done = sbx.run(["cat"], input="x", capture_output=True, text=True)
            self.assertEqual(done.stdout, "x")
            done = asyncio.run(sbx.arun(["cat"], input=b"x",
                                        capture_output=True))
            self.assertEqual(done.stdout, b"x")
            first.terminate()


class Pool(Daemon, support.Scratch):
    def test_a_warm_run(self):
        box = sbx.Sandbox("python", pool=self.socket)
        for _ in range(100):
            result = box.execute("print(input())", input="x")
            self.assertEqual((result.stdout, result.status), ("x\n",
                                                              "success"))
            if result.isolation["warm"]:
                break
            time.sleep(0.1)
        else:
            self.fail("no run was warm")
        result = box.execute("#" + "x" * 140000 + "\nprint(__file__)")
        self.assertEqual(result.stdout, "/workspace/code.py\n")
        self.assertFalse(sbx.Sandbox("python").execute("").isolation["warm"])

    def test_as_without_it(self):
        os.environ["SBX_SOCKET"] = self.socket
        self.addCleanup(os.environ.pop, "SBX_SOCKET")
        test_run.Same("test_as_without_a_sandbox").debug()
        test_run.Verdicts("test_timeout").debug()
        test_run.Verdicts("test_check").debug()
        test_forge.Run("test_reports_are_true").debug()

    def test_one_that_is_there_is_found(self):
        """In the usual place; but not for what only sbx-exec does."""
        self.be_found()
        box = sbx.Sandbox("python")
        while not box.execute("").isolation["warm"]:
            time.sleep(0.1)
        profile = support.BUILD / "share/sbx/profiles/python.json"
        sessions = [{"session": "s"}] * support.skips.has_sessions()
        for options in ({"pool": False}, {"collect": ["*.x"]},
                        {"profile": profile}, *sessions):
            result = box.execute("open('a.x', 'w')", **options)
            self.assertTrue(result.success)
            self.assertFalse(result.isolation["warm"])
        self.daemon.kill()
        self.daemon.wait()
        result = box.execute("print(1)")
        self.assertEqual((result.stdout, result.isolation["warm"]),
                         ("1\n", False))

    def test_nobody_is_there(self):
        with self.assertRaises(sbx.SandboxError) as caught:
            sbx.run(["true"], pool="/no/such/socket")
        self.assertIn("/no/such/socket", str(caught.exception))


def telling(report):
    """What of a report does not depend on when it ran, and where."""
    kept = {name: report.get(name) for name in (
        "id", "status", "reason", "message", "exit_code", "signal", "stdout",
        "stderr", "profile", "line", "limits", "code_sha256", "error",
        "files")}
    limits = kept["limits"] and {
        name: limit["value"] for name, limit in kept["limits"].items()}
    return {**kept, "limits": limits}


class Batch(Daemon, test_batch.Batch):
    """A daemon that takes two runs, and lets one wait, is full at once."""

    words = ("--warm", "python=1:2", "--max-runs", "2", "--max-queue", "1")

    def test_reports_are_those_of_a_cold_batch(self):
        python = [json.dumps({"language": "python",
                              "code": f"print({i}); exit({i})"})
                  for i in range(12)]
        self.ask(*python, "broken", test_batch.request("typo", bogus=1),
                 test_batch.request("none", language="no-such"),
                 test_batch.request("file", "echo hi >a", collect=["a"]),
                 test_batch.request("slow", "sleep 60", timeout=0.3),
                 test_batch.request("dead", "kill -SEGV $$"),
                 json.dumps({"id": "built", "language": "c",
                             "code": "int main(void) { return 3; }"}))
        self.run_all(f"--pool={self.socket}", "--jobs", 6, status=1)
        warm = self.by_id()
        self.merged(self.output)
        self.output.unlink()
        self.run_all(status=1)
        cold = self.by_id()
        self.assertEqual(set(warm), set(cold))
        for name, report in cold.items():
            self.assertEqual(telling(warm[name]), telling(report))

    def test_a_daemon_that_dies(self):
        """Nothing is reported that was not run, and nothing twice."""
        self.ask(*(test_batch.request(f"n{i}", "sleep 0.1")
                   for i in range(20)))
        words = [f"--pool={self.socket}", "--resume"]
        with self.start(*words) as batch:
            while not self.output.exists() or not self.output.stat().st_size:
                time.sleep(0.01)
            self.daemon.kill()
            self.assertIn("--resume goes on", batch.stderr.read())
        self.assertEqual(batch.returncode, 125)
        self.daemon.wait()
        self.assertIn("no daemon listens",
                      self.run_all(*words, status=125).stderr)
        self.start_daemon()
        self.run_all(*words)
        self.merged(self.output)
        self.assertEqual({report["status"]
                          for report in self.by_id().values()}, {"success"})

    def test_signals(self):
        self.ask(*(test_batch.request(f"n{i}", "echo a; sleep 60")
                   for i in range(5)))
        self.signal_twice(f"--pool={self.socket}", "--jobs=5")

    def test_each_id_exactly_once_whatever_kills_it(self):
        self.assertGreater(self.interrupted(
            (signal.SIGKILL, signal.SIGTERM, signal.SIGINT), 1,
            f"--pool={self.socket}"), 0)
        self.merged(self.output)
        self.assertEqual({report["status"]
                          for report in self.by_id().values()}, {"success"})
