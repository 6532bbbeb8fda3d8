# SPDX-License-Identifier: MIT
"""sbx.run() is subprocess.run(), in a sandbox."""

import asyncio
import datetime
import os
import pickle
import subprocess
import unittest

import sbx
import support

# Programs that are harmless end as they do without a sandbox.
SAME = (
    (["true"], {}),
    (["false"], {}),
    (["echo", "a  b", "", "*", "--json", "--", "é"], {"capture_output": True}),
    (["sh", "-c", "echo out; echo err >&2; exit 3"], {"capture_output": True}),
    (["sh", "-c", "exit 124"], {}),
    (["sh", "-c", "exit 125"], {}),
    (["sh", "-c", "exit 127"], {}),
    (["sh", "-c", "exit 137"], {}),
    (["sh", "-c", "kill -SEGV $$"], {}),
    (["sh", "-c", "kill -KILL $$"], {}),
    (["sh", "-c", "kill -TERM $$"], {}),
    ([support.PYTHON, "-c", "import os, signal; os.kill(os.getpid(), "
      "signal.SIGRTMIN + 3)"], {}),
    ([support.PYTHON, "-c", "import os, signal; os.kill(os.getpid(), "
      "signal.SIGRTMIN)"], {}),
    (["cat"], {"input": b"\0\xff\n", "stdout": subprocess.PIPE}),
    (["cat"], {"input": "a\r\nb\n", "text": True, "capture_output": True}),
    (["cat"], {"input": "\u00fc", "encoding": "latin-1",
               "stdout": subprocess.PIPE}),
    (["cat"], {"stdin": subprocess.DEVNULL, "capture_output": True}),
    (["printf", "\\377"], {"capture_output": True, "text": True,
                           "errors": "replace"}),
    (["sh", "-c", "echo out; echo err >&2"],
     {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}),
    (["sh", "-c", "echo err >&2"],
     {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}),
    ("echo $((6 * 7)) | cat; exit 9", {"shell": True, "capture_output": True}),
    ("true", {}),
    ("echo $0 ${BASH_VERSION%%.*}",
     {"shell": True, "executable": "/bin/bash", "stdout": subprocess.PIPE,
      "env": {"PATH": "/usr/bin"}}),
    ([b"echo", b"\xff"], {"capture_output": True}),
)


class Same(unittest.TestCase):
    def test_as_without_a_sandbox(self):
        for args, options in SAME:
            with self.subTest(args=args):
                outside = subprocess.run(args, **options)
                inside = sbx.run(args, **options)
                for name in ("args", "returncode", "stdout", "stderr"):
                    self.assertEqual(getattr(inside, name),
                                     getattr(outside, name), name)

    def test_it_is_a_sandbox(self):
        words = ["sh", "-c", "id -u; hostname; pwd; ls /root"]
        outside = subprocess.run(words, capture_output=True, text=True)
        inside = sbx.run(words, capture_output=True, text=True)
        self.assertEqual(inside.stdout, "1000\nsbx\n/workspace\n")
        self.assertNotEqual(outside.stdout, inside.stdout)
        self.assertIn("user", inside.report["isolation"]["namespaces"])

    def test_environment_is_not_the_callers(self):
        os.environ["SBX_TEST_SECRET"] = "x"
        self.addCleanup(os.environ.pop, "SBX_TEST_SECRET")
        outside = subprocess.run(["env"], capture_output=True, text=True)
        self.assertIn("SECRET", outside.stdout)
        inside = sbx.run(["env"], capture_output=True, text=True,
                         env={"A": "b=c", "LINES": "1\n2"})
        self.assertNotIn("SECRET", inside.stdout)
        self.assertIn("A=b=c\n", inside.stdout)
        self.assertIn("LINES=1\n2\n", inside.stdout)


class Forms(support.Scratch):
    def test_a_file_of_the_host(self):
        path = self.write("code.py", "import sys; print(sys.argv, input())")
        done = sbx.run([path, "-x", "--", "a b"], profile="python",
                       input="hello", capture_output=True, text=True,
                       timeout=20, check=True)
        self.assertEqual(done.stdout, "['code.py', '-x', '--', 'a b'] hello\n")
        self.assertEqual(done.report["profile"], "python")
        self.assertEqual(done.report["status"], "success")

    def test_a_text(self):
        done = sbx.run(code="echo $# $1; exit 4", profile="bash",
                       args=["--code"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (4, "1 --code\n"))
        self.assertEqual(sbx.run(code="", profile="bash").returncode, 0)

    def test_a_long_text(self):
        """Longer than a word of a command line may be, 128 KiB."""
        done = sbx.run(code="#" + "x" * 140000 + "\nprint(input(), __file__)",
                       profile="python", input=b"given", capture_output=True)
        self.assertEqual(done.stdout, b"given /workspace/code.py\n",
                         done.stderr)

    def test_what_a_text_is_called(self):
        for options in ({}, {"args": ["a"]}):
            with self.assertRaises(sbx.CalledProcessError) as caught:
                sbx.run(code="exit 3", profile="bash", check=True,
                        env={"KEY": "secret"}, **options)
            self.assertIn("'--profile=bash', '--code=exit 3'",
                          str(caught.exception))
            self.assertNotIn("secret", str(caught.exception))

    def test_a_profile_of_ones_own(self):
        path = self.write("own.json", '{"extends": "base", "env": '
                          '{"MINE": "yes"}}')
        done = sbx.run(["sh", "-c", "echo $MINE"], profile=path, command=True,
                       capture_output=True, text=True)
        self.assertEqual(done.stdout, "yes\n")

    def test_options_are_those_of_sbx_exec(self):
        self.write("a", "seen")
        self.path.chmod(0o755)
        done = sbx.run(["sh", "-c", "cat /data/a; pwd; hostname"],
                       ro_bind=[f"{self.path}:/data"], cwd="/tmp", pids=7,
                       memory="64M", open_files=99, hostname="h", cpu_time=2.5,
                       idle_time=None, stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.stdout, "seen/tmp\nh\n")
        limits = done.report["limits"]
        self.assertEqual(limits["memory"]["value"], 64 << 20)
        self.assertEqual(limits["pids"]["value"], 7)
        self.assertEqual(limits["open_files"]["value"], 99)
        self.assertEqual(limits["cpu_time"]["value"], 2.5)
        self.assertNotIn("idle_time", limits)

    def test_standard_input_from_a_file(self):
        path = self.write("in", "text of it")
        done = sbx.run(["cat"], stdin_file=path, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE)
        self.assertEqual(done.stdout, b"text of it")
        with open(path) as stream:
            done = sbx.run(["cat"], stdin=stream, stdout=subprocess.PIPE)
        self.assertEqual(done.stdout, b"text of it")


# What stops a program, and what is told of it.
STOPPED = (
    ({"code": "while True: pass", "wall_time": 0.4}, "timeout", "wall_time"),
    ({"code": "while True: pass", "cpu_time": 0.2}, "timeout", "cpu_time"),
    ({"code": "input()", "idle_time": 0.3, "stdin": subprocess.PIPE},
     "timeout", "idle_time"),
    ({"code": "x = b'x' * 10**9", "memory": "64M"}, "limit", "memory"),
    ({"code": "print('x' * 10**6)", "output_limit": "64K",
      "output_action": "kill", "stdout": subprocess.PIPE}, "limit", "output"),
)


class Verdicts(unittest.TestCase):
    def test_limits(self):
        for options, status, reason in STOPPED:
            with self.subTest(reason=reason):
                popen = sbx.subprocess.Popen(profile="python", **options)
                with popen:
                    out = popen.stdout.read() if popen.stdout else b""
                    self.assertEqual(popen.wait(), -9)
                self.assertLessEqual(len(out), 65536)
                self.assertEqual(popen.report["status"], status)
                self.assertEqual(popen.report["reason"], reason)

    def test_timeout(self):
        for options in ({"timeout": 0.3}, {"timeout": 60, "cpu_time": 0.2}):
            with self.assertRaises(subprocess.TimeoutExpired) as caught:
                sbx.run(code="print('so far', flush=True)\nwhile 1: pass",
                        profile="python", capture_output=True, text=True,
                        **options)
            self.assertEqual(caught.exception.timeout, options["timeout"])
            self.assertEqual(caught.exception.stdout, b"so far\n")
            self.assertEqual(caught.exception.report["status"], "timeout")

    def test_timeout_that_is_not_reached(self):
        self.assertEqual(sbx.run(["true"], timeout=50).returncode, 0)
        with self.assertRaises(sbx.TimeoutExpired):
            sbx.run(["sleep", "50"], timeout=0)

    def test_the_smaller_of_timeout_and_wall_time(self):
        day = datetime.timedelta(days=1)
        rows = ((20, 9, 9), (20, "9s", 9), (20, "9000ms", 9), (20, "5m", 20),
                (20, "none", 20), (20, None, 20), (20, 30.5, 20),
                (20, day, 20), (day, "0.5h", 1800), (1.5, ".75", 0.75))
        for timeout, wall_time, value in rows:
            done = sbx.run(["true"], timeout=timeout, wall_time=wall_time)
            self.assertEqual(done.report["limits"]["wall_time"]["value"],
                             value, (timeout, wall_time))
        result = sbx.Sandbox("bash", wall_time=9).execute("", timeout=20)
        self.assertEqual(result.report["limits"]["wall_time"]["value"], 9)

    def test_check(self):
        with self.assertRaises(subprocess.CalledProcessError) as caught:
            sbx.run(["sh", "-c", "echo x; echo y >&2; exit 7"], check=True,
                    capture_output=True)
        error = caught.exception
        self.assertEqual((error.returncode, error.stdout, error.stderr),
                         (7, b"x\n", b"y\n"))
        self.assertEqual(error.report["exit_code"], 7)
        with self.assertRaises(sbx.CalledProcessError) as caught:
            sbx.run(["sh", "-c", "kill -ABRT $$"], check=True)
        self.assertIn("SIGABRT", str(caught.exception))
        self.assertEqual(sbx.run(["true"], check=True).returncode, 0)

    def test_standard_error_is_the_programs_alone(self):
        done = sbx.run(["sh", "-c", "echo mine >&2; sleep 9"], wall_time=0.3,
                       capture_output=True, text=True)
        self.assertEqual(done.stderr, "mine\n")

    def test_results_go_through_pickle(self):
        done = sbx.run(["false"])
        self.assertEqual(pickle.loads(pickle.dumps(done)).report, done.report)
        for args, options in ((["false"], {"check": True}),
                              (["sleep", "9"], {"timeout": 0.1}),
                              (["no-such"], {})):
            with self.assertRaises(Exception) as caught:
                sbx.run(args, **options)
            copy = pickle.loads(pickle.dumps(caught.exception))
            self.assertIs(type(copy), type(caught.exception))
            self.assertEqual(copy.report, caught.exception.report)
            self.assertEqual(str(copy), str(caught.exception))


# What is wrong with a call: the keywords, the exception, what it names.
REFUSED = (
    ({"args": ["true"], "preexec_fn": print}, ValueError, "memory="),
    ({"args": ["true"], "pass_fds": (1,)}, ValueError, "ro_bind="),
    ({"args": ["true"], "close_fds": False}, ValueError, "close_fds"),
    ({"args": ["true"], "executable": "/bin/ls"}, ValueError, "first of args"),
    ({"args": ["true"], "env": {"A=B": "c"}}, ValueError, "variable name"),
    ({"args": ["true"], "user": 0}, ValueError, "1000"),
    ({"args": ["true"], "umask": 0}, ValueError, "umask"),
    ({"args": ["true"], "restore_signals": False}, ValueError, "signals"),
    ({"args": ["true"], "dry_run": True}, ValueError, "sbx-exec --dry-run"),
    ({"args": ["true"], "report": "r"}, ValueError, "the result has it"),
    ({"args": ["true"], "files": ["a"]}, TypeError, "files takes a mapping"),
    ({"args": ["true"], "timeout": 5, "wall_time": "2x"}, sbx.SandboxError,
     "2x"),
    ({"args": ["true"], "timeout": 5, "wall_time": 0}, sbx.SandboxError,
     "wall_time"),
    ({"args": []}, ValueError, "empty"),
    ({}, TypeError, "no program"),
    ({"code": "x", "shell": True, "profile": "bash"}, ValueError, "profile"),
    ({"args": ["true"], "pids": object()}, TypeError, "pids"),
    ({"args": ["cat"], "input": b"", "stdin": subprocess.PIPE}, ValueError,
     "stdin"),
    ({"args": ["cat"], "capture_output": True, "stderr": subprocess.PIPE},
     ValueError, "capture_output"),
    ({"args": ["a\0b"]}, ValueError, "null"),
    ({"args": ["true"], "memroy": "1G"}, sbx.SandboxError, "--memory"),
    ({"args": ["true"], "memory": "10Q"}, sbx.SandboxError, "512M"),
    ({"args": ["true"], "memory": -1}, sbx.SandboxError, "memory"),
    ({"args": ["true"], "cwd": "/home/me"}, sbx.SandboxError, "/home/me"),
    ({"args": ["true"], "profile": "no-such", "command": True},
     sbx.SandboxError, "no-such"),
    ({"code": "x"}, sbx.SandboxError, "--profile"),
    ({"args": ["no-such-program"]}, FileNotFoundError, "no-such-program"),
    ({"args": ["/etc/passwd"]}, PermissionError, "/etc/passwd"),
    ({"args": ["/no/such.py"], "profile": "python"}, FileNotFoundError,
     "/no/such.py"),
)


class Refused(unittest.TestCase):
    def test_a_wrong_call_says_what_is_wrong(self):
        for options, kind, named in REFUSED:
            with self.subTest(**options):
                with self.assertRaises(kind) as caught:
                    sbx.run(**options)
                self.assertIn(named, str(caught.exception))
                if isinstance(caught.exception, sbx.SandboxError):
                    self.assertEqual(caught.exception.report["status"],
                                     "error")

    def test_what_asks_for_nothing_is_taken(self):
        done = sbx.run(["true"], preexec_fn=None, pass_fds=(), close_fds=True,
                       umask=-1, user=None, group=None, extra_groups=None,
                       executable=None, start_new_session=True,
                       restore_signals=True, creationflags=0)
        self.assertEqual(done.returncode, 0)

    def test_sbx_exec_is_missing(self):
        was = os.environ["SBX_EXEC"]
        self.addCleanup(os.environ.__setitem__, "SBX_EXEC", was)
        os.environ["SBX_EXEC"] = "/no/such/sbx-exec"
        for call in (sbx.run, lambda *args: asyncio.run(sbx.arun(*args))):
            with self.assertRaises(sbx.SandboxError) as caught:
                call(["true"])
            self.assertNotIsInstance(caught.exception, FileNotFoundError)
            self.assertIn("/no/such/sbx-exec cannot be started: No such file",
                          str(caught.exception))
            self.assertIn("SBX_EXEC", str(caught.exception))

    def test_a_word_that_is_too_long(self):
        with self.assertRaises(sbx.SandboxError) as caught:
            sbx.run(["echo", "x" * 140000])
        self.assertIn("give what is long as input=", str(caught.exception))

    def test_no_descriptor_is_left(self):
        before = support.open_files()
        for options in ({"args": ["true"]}, {"args": ["no-such-program"]},
                        {"args": ["true"], "pass_fds": (1,)},
                        {"args": ["a\0b"]}, {"args": ["true"], "pids": []},
                        {"args": ["true"], "text": True, "timeout": 9}):
            try:
                sbx.run(**options)
            except (OSError, ValueError):
                pass
        self.assertEqual(support.open_files(), before)
