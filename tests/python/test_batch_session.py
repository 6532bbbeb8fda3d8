# SPDX-License-Identifier: MIT
"""Sessions in a batch: in the order of the lines, whatever runs beside them."""

import json
import os
import signal
import subprocess
import time

import support
from test_batch import BATCH, Batch, request


@support.needs_sessions
class Sessions(Batch):
    def setUp(self):
        super().setUp()
        self.env = dict(os.environ, XDG_DATA_HOME=str(self.path / "data"))

    def go(self, *words, status=0):
        done = subprocess.run(
            [BATCH, "--output", self.output, *words, self.requests],
            env=self.env, text=True, capture_output=True, timeout=300)
        self.assertEqual(done.returncode, status, done.stderr)
        return self.by_id()

    def test_the_order_is_that_of_the_lines(self):
        lines = []
        for turn in range(6):
            for name in "ab":
                lines.append(request(
                    f"{name}{turn}", f"echo {turn} >>log; cat log | tr -d "
                    "'\\n'; [ -e other ] && exit 9; exit $((RANDOM % 2))",
                    session=name))
            lines.append(request(f"none{turn}", "cat log"))
        self.ask(*lines)
        got = self.go("--jobs", "4")
        for turn in range(6):
            for name in "ab":
                self.assertEqual(got[f"{name}{turn}"]["stdout"],
                                 "012345"[:turn + 1])
                self.assertIn(got[f"{name}{turn}"]["exit_code"], (0, 1))
            self.assertEqual(got[f"none{turn}"]["exit_code"], 1)
        self.output.unlink()
        self.ask(request("later", "cat log", session="a"))
        self.assertEqual(self.go()["later"]["stdout"],
                         "".join(f"{turn}\n" for turn in range(6)))

    def test_each_verdict_and_what_is_built(self):
        self.ask(request("one", "echo 1 >f; exit 3", session="s"),
                 request("two", "echo 2 >>f; sleep 60", session="s",
                         timeout=0.5),
                 json.dumps({"id": "c", "language": "c", "session": "s",
                             "code": "#include <stdio.h>\nint main(void) "
                             "{ return fgetc(fopen(\"f\", \"r\")) - '1'; }"}),
                 request("three", "cat f", session="s", collect=["f"]))
        got = self.go("--jobs", "3")
        self.assertEqual({name: got[name]["status"] for name in got},
                         {"one": "failure", "two": "timeout",
                          "c": "success", "three": "success"})
        self.assertEqual(got["three"]["stdout"], "1\n2\n")
        self.assertEqual(got["three"]["files"][0]["content_b64"], "MQoyCg==")

    def test_what_is_being_kept_is_reported(self):
        """Also where it ended as if by the hand of whoever stops the batch:
        a second run would start from its own end."""
        self.ask(request("a", "seq 3000 | xargs touch; kill $$", session="s"))
        layers = self.path / "data/sbx/sessions/s/layers"
        with subprocess.Popen(
                [BATCH, "--output", self.output, self.requests], env=self.env,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as batch:
            while not (layers.is_dir() and os.listdir(layers)):
                time.sleep(0.001)
            batch.send_signal(signal.SIGTERM)
        self.assertEqual(batch.returncode, 0)
        self.assertEqual(self.by_id()["a"]["signal"], "SIGTERM")

    def test_bad_ids_and_one_that_is_in_use(self):
        names = ["", ".", "../x", "a/b", "a\n", "a\0b", "\ud800", "a" * 65,
                 5, ["s"], {}]
        self.ask(*(request(f"n{i}", session=name)
                   for i, name in enumerate(names)))
        got = self.go(status=1)
        for report in got.values():
            self.assertEqual(report["status"], "error", report)
        self.assertFalse((self.path / "data").exists())
        self.output.unlink()
        self.ask(request("busy", session="s"), request("free", session="t"))
        holder = subprocess.Popen(
            [os.environ["SBX_EXEC"], "--session", "s", "--command", "--",
             "sh", "-c", "echo up; cat"], env=self.env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with holder:
            self.assertEqual(holder.stdout.readline(), b"up\n")
            got = self.go(status=1)
            holder.communicate()
        self.assertIn("busy", got["busy"]["message"])
        self.assertEqual(got["free"]["status"], "success")
