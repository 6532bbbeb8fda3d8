# SPDX-License-Identifier: MIT
"""Sandbox, arun() and the plugin for pytest."""

import asyncio
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import sbx
import support


class Sandboxes(unittest.TestCase):
    def test_execute(self):
        box = sbx.Sandbox(profile="python", memory="64M")
        result = box.execute("print(1 + 1)")
        self.assertTrue(result.success)
        self.assertEqual((result.stdout, result.stderr), ("2\n", ""))
        self.assertEqual((result.status, result.reason, result.exit_code),
                         ("success", "exited", 0))
        self.assertGreater(result.execution_time, 0)
        self.assertGreater(result.usage["cpu_time_s"], 0)
        self.assertIn("seccomp", result.isolation)
        self.assertEqual(result.report["limits"]["memory"]["value"], 64 << 20)
        self.assertEqual(result.files, {})

    def test_execute_tells_and_never_raises(self):
        box = sbx.Sandbox("python", memory="64M", timeout=20)
        rows = (
            ("import sys; sys.exit(3)", "failure", "exited", 3),
            ("1/0", "failure", "exited", 1),
            ("import os; os.abort()", "failure", "signaled", None),
            ("x = b'x' * 10**9", "limit", "memory", None),
        )
        for code, status, reason, exit_code in rows:
            result = box.execute(code)
            self.assertFalse(result.success)
            self.assertEqual((result.status, result.reason, result.exit_code),
                             (status, reason, exit_code))
            self.assertTrue(result.message)
        for name in ("text", "universal_newlines", "capture_output", "check"):
            result = sbx.Sandbox("python", **{name: True}).execute(
                "print(input()); 1/0", input="é")
            self.assertEqual(result.stdout, "é\n", name)
        result = box.execute("import os; os.write(2, b'a'); os.write(1, b'b')",
                             stderr=subprocess.STDOUT)
        self.assertEqual((sorted(result.stdout), result.stderr),
                         (["a", "b"], ""))
        result = box.execute("print(input())", stdout=subprocess.DEVNULL,
                             input="é", encoding="latin-1")
        self.assertEqual((result.status, result.stdout), ("success", ""))
        result = box.execute("print(ascii(input())); print('é')", input="é",
                             encoding="latin-1", errors="surrogateescape")
        self.assertEqual(result.stdout, "'\\udce9'\nÃ©\n")
        self.assertEqual(box.execute("while 1: pass", timeout=0.2).reason,
                         "wall_time")
        self.assertIn("ZeroDivision", box.execute("1/0").stderr)

    def test_execute_with_arguments_and_input(self):
        box = sbx.Sandbox("python")
        code = "import sys; print(sys.argv[1:], sys.stdin.read())"
        for given in ("hé", "hé".encode()):
            result = box.execute(code, ["-a"], input=given)
            self.assertEqual(result.stdout, "['-a'] hé\n")
        self.assertEqual(box.execute(code).stdout, "[] \n")
        raw = box.execute("import os; os.write(1, b'\\xff')")
        self.assertEqual(raw.stdout, "\ufffd")

    def test_no_run_is_an_exception(self):
        self.assertRaises(sbx.SandboxError, sbx.Sandbox("no-such").execute,
                          "x")

    def test_each_run_is_fresh(self):
        box = sbx.Sandbox("python")
        box.execute("open('left', 'w'); open('/tmp/left', 'w')")
        result = box.execute("import os; print(os.path.exists('left'), "
                             "os.path.exists('/tmp/left'))")
        self.assertEqual(result.stdout, "False False\n")

    def test_settings_are_shared_and_can_be_overruled(self):
        box = sbx.Sandbox("bash", env={"A": "1"}, pids=9)
        done = box.run(code="echo $A", stdout=subprocess.PIPE)
        self.assertEqual(done.stdout, b"1\n")
        self.assertEqual(done.report["limits"]["pids"]["value"], 9)
        self.assertEqual(box.run(code="exit", pids=5).report["limits"]["pids"]
                         ["value"], 5)
        with box.popen(code="exit 6") as popen:
            self.assertEqual(popen.wait(), 6)
        self.assertRaises(sbx.TimeoutExpired, sbx.Sandbox(
            "bash", timeout=0.2).run, code="sleep 9")


class Files(unittest.TestCase):
    def test_files_go_in_and_come_out(self):
        box = sbx.Sandbox("python", collect=["*.bin", "deep/**"])
        result = box.execute(
            "import os, shutil; shutil.copy('a.txt', 'b.bin')\n"
            "os.mkdir('deep'); shutil.copy('raw', 'deep/raw')",
            files={"a.txt": "ä", "raw": b"\0\xff"})
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.files, {"b.bin": "ä".encode(),
                                        "deep/raw": b"\0\xff"})

    def test_nothing_is_left_of_them(self):
        def left():
            return set(pathlib.Path(tempfile.gettempdir()).glob("sbx.*"))
        before = left()
        sbx.run(["true"], files={"a": b"x"})
        for files, kind in (({"../a": b""}, sbx.SandboxError),
                            ({"/a": b""}, sbx.SandboxError),
                            ({"a": 5}, TypeError)):
            self.assertRaises(kind, sbx.run, ["true"], files=files)
        self.assertEqual(left(), before)

    @support.needs_sessions
    def test_a_session_keeps_its_workspace(self):
        with tempfile.TemporaryDirectory() as home:
            os.environ["XDG_DATA_HOME"] = home
            self.addCleanup(os.environ.pop, "XDG_DATA_HOME")
            box = sbx.Sandbox("python", session="one")
            box.execute("open('kept', 'w').write('here')")
            result = box.execute("print(open('kept').read())")
            self.assertEqual(result.stdout, "here\n", result.stderr)
            self.assertEqual(result.report["session"], "one")
            other = sbx.Sandbox("python", session="two")
            self.assertFalse(other.execute("open('kept')").success)


class Asyncio(unittest.IsolatedAsyncioTestCase):
    async def test_the_same_as_run(self):
        done = await sbx.arun(["cat"], input="ü\r\n", text=True,
                              capture_output=True)
        same = sbx.run(["cat"], input="ü\r\n", text=True, capture_output=True)
        self.assertEqual(repr(done), repr(same))
        self.assertEqual(done.report["status"], "success")
        done = await sbx.arun(code="exit 3", profile="bash")
        self.assertEqual((done.returncode, done.stdout), (3, None))

    async def test_the_same_exceptions(self):
        with self.assertRaises(sbx.TimeoutExpired) as caught:
            await sbx.arun(["sh", "-c", "echo x; sleep 9"], timeout=0.4,
                           text=True, capture_output=True)
        self.assertEqual(caught.exception.stdout, b"x\n")
        with self.assertRaises(sbx.CalledProcessError):
            await sbx.arun(["false"], check=True)
        with self.assertRaises(sbx.NotFoundError):
            await sbx.arun(["no-such"])
        with self.assertRaises(ValueError):
            await sbx.arun(["true"], preexec_fn=print)

    async def test_the_same_of_popen(self):
        done = await sbx.arun(["echo"], bufsize=-1, pipesize=-1, stdout=-1,
                              start_new_session=True)
        self.assertEqual(done.stdout, b"\n")

    async def test_many_at_once(self):
        box = sbx.Sandbox("bash")
        results = await asyncio.gather(*(
            box.aexecute(f"echo {n}; exit {n}") for n in range(6)))
        self.assertEqual([(r.exit_code, r.stdout) for r in results],
                         [(n, f"{n}\n") for n in range(6)])

    async def test_a_cancelled_task_ends_its_program(self):
        mark = f"38.{time.monotonic_ns()}"
        task = asyncio.create_task(sbx.arun(["sleep", mark]))
        match = ["pgrep", "-xf", f"sleep {mark}"]
        for _ in range(500):
            if subprocess.run(match, stdout=subprocess.DEVNULL
                              ).returncode == 0:
                break
            await asyncio.sleep(0.02)
        else:
            self.fail("it did not start")
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        for _ in range(500):
            if subprocess.run(match, stdout=subprocess.DEVNULL).returncode:
                return
            time.sleep(0.02)
        self.fail("it lives on")


class Plugin(support.Scratch):
    TESTS = """
import os, subprocess, sbx

def test_fixture(sandbox):
    result = sandbox.execute("print(6 * 7)")
    assert result.success and result.stdout == "42\\n"

def test_subprocess():
    name = subprocess.check_output(["hostname"], text=True, timeout=30)
    assert (name == "sbx\\n") == bool(os.environ.get("BOXED")), name
    assert subprocess.run(["sh", "-c", "exit 3"]).returncode == 3
"""
    SCOPES = """
import asyncio, subprocess, unittest, pytest, sbx

def name():
    return subprocess.check_output(["hostname"], text=True)

@pytest.fixture(scope="module", autouse=True)
def of_module():
    yield name()
    assert name() == "sbx\\n"

@pytest.fixture(scope="class")
def of_class():
    return name()

class TestScopes:
    def test_fixtures(self, of_session, of_module, of_class):
        assert {of_session, of_module, of_class} == {"sbx\\n"}

class TestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = name()

    def test_class(self):
        self.assertEqual(self.name, "sbx\\n")

def test_asyncio():
    done = asyncio.run(sbx.arun(["hostname"], stdout=subprocess.PIPE))
    assert done.stdout == b"sbx\\n"

def test_asyncio_status():
    async def status(*words):
        process = await asyncio.create_subprocess_exec(*words)
        return await process.wait()
    assert asyncio.run(status("sh", "-c", "kill -9 $$")) == 137
    assert asyncio.run(status("no-such")) == 127
"""
    CONFTEST = """
import subprocess, pytest

@pytest.fixture(scope="session", autouse=True)
def of_session():
    yield subprocess.check_output(["hostname"], text=True)
    assert subprocess.getoutput("hostname") == "sbx"

def pytest_unconfigure():
    assert subprocess.Popen.__module__ == "subprocess"
"""

    def pytest(self, *words, **env):
        path = self.write("test_it.py", env.pop("tests", self.TESTS))
        return subprocess.run(
            [support.PYTHON, "-B", "-m", "pytest", "-q", "-p",
             "sbx.pytest_plugin", "-p", "no:cacheprovider", *words, path],
            cwd=self.path, capture_output=True, text=True,
            env={**support.os.environ, **env})

    def test_the_fixture(self):
        done = self.pytest()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("2 passed", done.stdout)

    def test_subprocesses_in_sandboxes(self):
        done = self.pytest("--sbx-profile=python", BOXED="1")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("2 passed", done.stdout)

    def test_fixtures_of_every_scope(self):
        self.write("conftest.py", self.CONFTEST)
        done = self.pytest("--sbx-profile=python", tests=self.SCOPES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("4 passed", done.stdout)
