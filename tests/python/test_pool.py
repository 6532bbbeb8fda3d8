# SPDX-License-Identifier: MIT
"""Through sbxd, results are the same."""

import os
import subprocess
import time

import sbx
import support
import test_forge
import test_run


class Pool(support.Scratch):
    def setUp(self):
        super().setUp()
        self.socket = str(self.path / "socket")
        daemon = subprocess.Popen(
            [support.BUILD / "bin/sbxd", "--socket", self.socket,
             "--warm", "python=1"], stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        while not os.path.exists(self.socket):
            self.assertIsNone(daemon.poll())
            time.sleep(0.02)

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
        self.assertFalse(sbx.Sandbox("python").execute("").isolation["warm"])

    def test_as_without_it(self):
        os.environ["SBX_SOCKET"] = self.socket
        self.addCleanup(os.environ.pop, "SBX_SOCKET")
        test_run.Same("test_as_without_a_sandbox").debug()
        test_run.Verdicts("test_timeout").debug()
        test_run.Verdicts("test_check").debug()
        test_forge.Run("test_reports_are_true").debug()

    def test_nobody_is_there(self):
        with self.assertRaises(sbx.SandboxError) as caught:
            sbx.run(["true"], pool="/no/such/socket")
        self.assertIn("/no/such/socket", str(caught.exception))
