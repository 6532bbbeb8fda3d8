# SPDX-License-Identifier: MIT
"""Harnesses that nobody here wrote: harmless programs have the verdicts that
they have without a sandbox, and hostile ones are contained.

harness.py says what is changed in them: one function of cram, which runs
command-line tests, and one import of CPython's script_helper, through which
its tests start interpreters."""

import json
import os
import pathlib
import shutil
import subprocess

import support

EXAMPLES = pathlib.Path("/usr/share/doc/python3-cram/examples")
FEW = ("test_eof", "test_gc", "test_exceptions", "test_traceback",
       "test_struct", "test_coroutines", "test_builtin")
MORE = ("test_sys", "test_threading", "test_cmd_line", "test_hash",
        "test_base64", "test_bytes", "test_inspect", "test_weakref",
        "test_fstring", "test_io", "test_utf8_mode", "test_unicodedata")


class Harness(support.Scratch):
    def setUp(self):
        super().setUp()
        self.path.chmod(0o755)

    def harness(self, boxed, *words, **env):
        return subprocess.run(
            [support.PYTHON, "-B", support.ROOT / "tests/python/harness.py",
             "yes" if boxed else "no", *words], cwd=self.path, text=True,
            capture_output=True, timeout=900,
            env={**os.environ, "TMPDIR": str(self.path), **env})


HARMLESS = {
    "status.t": "  $ sh -c 'exit 3'\n  [3]\n  $ sh -c 'kill -SEGV $$'\n"
                "  Segmentation fault\n  [139]\n",
    "order.t": "  $ for i in 1 2; do echo o$i; echo e$i >&2; done\n"
               "  o1\n  e1\n  o2\n  e2\n",
    "files.t": "  $ echo a >f; mkdir -p d/e; mv f d/e\n  $ cat d/e/*\n  a\n"
               "  $ echo t >$TMPDIR/x; cat $TMPDIR/x\n  t\n",
    "python.t": "  $ python3 -c 'import json; print(json.dumps([1]))'\n"
                "  [1]\n",
    "wrong.t": "  $ echo a\n  b\n", "none.t": "no command\n",
    "bytes.t": "  $ printf '\\001\\377\\n'\n  \\x01\\xff (esc)\n",
}

# What it does, and a line that it would print if it had done so.
HOSTILE = {
    "writes.t": "  $ echo x >$TESTDIR/written && echo done\n  done\n",
    "home.t": "  $ ls -A /root /home/* && echo done\n  done\n",
    "secret.t": "  $ echo $TOKEN; grep -aqs secret /proc/*/environ && "
                "echo done\n  secret\n  done\n",
    "kills.t": "  $ kill -9 $VICTIM && echo done\n  done\n",
    "all.t": "  $ kill -9 -1\n  $ echo done\n  done\n",
    "memory.t": "  $ python3 -c 'x = b\"x\" * 10**9' && echo done\n  done\n",
    "bomb.t": "  $ b() { b | b & }; b; wait; sleep 1; "
              "python3 -c 'import os; os.fork()' && echo done\n  done\n",
    "loud.t": "  $ yes | head -c 50000000 | wc -c; yes\n  50000000\n",
    "net.t": "  $ python3 -c 'import socket; "
             "socket.create_connection((\"127.0.0.1\", $PORT), 5)' && "
             "echo done\n  done\n",
}


class Cram(Harness):
    def told(self, boxed):
        """What cram says of the directory t. It leaves a file beside each
        test that failed."""
        done = self.harness(boxed, "cram", "t")
        for left in (self.path / "t").rglob("*.err"):
            left.unlink()
        return done.returncode, done.stdout, done.stderr

    def test_its_own_examples(self):
        shutil.copytree(EXAMPLES, self.path / "t/examples")
        outside = self.told(False)
        self.assertIn("# Ran 7 tests, 2 skipped, 1 failed.", outside[1])
        self.assertEqual(self.told(True), outside)

    def test_harmless_ones(self):
        for name, text in HARMLESS.items():
            self.write(f"t/{name}", text)
        outside = self.told(False)
        self.assertIn("# Ran 7 tests, 0 skipped, 1 failed.", outside[1])
        self.assertEqual(self.told(True), outside)

    def test_hostile_ones(self):
        import socket
        os.environ["TOKEN"] = "secret"
        self.addCleanup(os.environ.pop, "TOKEN")
        victim = subprocess.Popen(["sleep", "600"])
        self.addCleanup(victim.wait)
        self.addCleanup(victim.kill)
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        for name, text in HOSTILE.items():
            text = text.replace("$VICTIM", str(victim.pid))
            self.write(f"t/{name}", text.replace(
                "$PORT", str(server.getsockname()[1])))
        status, told, _ = self.told(True)
        self.assertEqual(status, 1, told)
        self.assertIn(f"# Ran {len(HOSTILE)} tests, 0 skipped, "
                      f"{len(HOSTILE)} failed.", told)
        self.assertFalse((self.path / "t/written").exists())
        self.assertIsNone(victim.poll())


class CPython(Harness):
    def test_verdicts(self):
        modules = FEW
        if "SBX_THOROUGH" in os.environ:
            modules += MORE
        verdicts = [json.loads(self.harness(boxed, "cpython", *modules).stdout)
                    for boxed in (False, True)]
        self.assertEqual(*verdicts)
        counts = [list(verdicts[0].values()).count(name)
                  for name in ("pass", "skip")]
        self.assertGreater(counts[0], 15)
        self.assertEqual(sum(counts), len(verdicts[0]))
