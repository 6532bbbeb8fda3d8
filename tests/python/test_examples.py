# SPDX-License-Identifier: MIT
"""The examples do what their first lines say."""

import json
import os
import subprocess
import sys

import support

sys.path.insert(0, str(support.ROOT / "examples"))
os.environ["SBX_BATCH"] = str(support.BUILD / "bin/sbx-batch")


class Example(support.Scratch):
    def example(self, name, *words, status=0):
        done = subprocess.run(
            [support.PYTHON, "-B", support.ROOT / "examples" / name, *words],
            text=True, capture_output=True, timeout=300)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


class Judge(Example):
    PROGRAMS = {
        "good.py": ("print(sum(map(int, input().split())))", "accepted"),
        "good.sh": ("read a b; echo $((a + b)) ' '", "accepted"),
        "wrong.py": ("print(3)", "wrong answer"),
        "slow.py": ("while 1: pass", "time limit"),
        "sleepy.sh": ("sleep 60", "time limit"),
        "big.py": ("x = b'x' * 10**9", "memory limit"),
        "loud.py": ("while 1: print('x' * 1000)", "output limit"),
        "bad.py": ("1/0", "runtime error"),
        "dead.sh": ("kill -SEGV $$", "runtime error"),
        "good.c": ("#include <stdio.h>\nint main(void) { int a, b; "
                   "scanf(\"%d%d\", &a, &b); printf(\"%d\", a + b); }",
                   "accepted"),
        "broken.c": ("int main(void) { return x; }", "compile error"),
    }

    def test_verdicts(self):
        problem = self.path / "sum"
        for i, (given, expected) in enumerate((("1 2", "3"), ("5 6", "11"))):
            self.write(f"sum/{i}.in", given + "\n")
            self.write(f"sum/{i}.out", expected + "\n")
        self.write("sum/limits.json", '{"wall_time": 1.5, "memory": "64M"}')
        programs = [self.write(name, code)
                    for name, (code, _) in self.PROGRAMS.items()]
        told = self.example("judge.py", problem, *programs, status=1).stdout
        for name, (_, verdict) in self.PROGRAMS.items():
            self.assertRegex(told, rf"(?m)^{name} +{verdict} ")
        self.assertRegex(told, r"(?m)^wrong.py +wrong answer +1 ")
        self.example("judge.py", problem, programs[0])
        told = self.example("judge.py", problem, "x.java", status=1).stderr
        self.assertIn("x.java: its suffix is none of .py,", told)


class Reward(Example):
    def test_rewards(self):
        tests = [{"input": f"{n}\n", "output": f"{n * n}"} for n in range(4)]
        codes = {"print(int(input()) ** 2)": 1.0, "print(0)": 0.25,
                 "import os; os._exit(0)": 0.0, "syntax error": 0.0,
                 "n = int(input()); print(n * n if n < 2 else 1 / 0)": 0.5}
        samples = self.write("samples", "".join(
            json.dumps({"code": code, "tests": tests}) + "\n"
            for code in codes))
        told = self.example("reward.py", samples).stdout.split()
        self.assertEqual([float(word) for word in told],
                         list(codes.values()))

    def test_what_is_not_text_is_not_nothing(self):
        samples = self.write("samples", "".join(json.dumps(
            {"code": f"import os; os.write(1, {printed!r})",
             "tests": [{"input": "", "output": ""}]}) + "\n"
            for printed in (b"", b"\xff")))
        self.assertEqual(self.example("reward.py", samples).stdout.split(),
                         ["1.000", "0.000"])

    def test_there_is_no_batch_runner(self):
        samples = self.write("samples", "")
        was = {name: os.environ[name] for name in ("SBX_BATCH", "PATH")}
        self.addCleanup(os.environ.update, was)
        del os.environ["SBX_BATCH"]
        os.environ["PATH"] = str(self.path)
        told = self.example("reward.py", samples, status=1).stderr
        self.assertIn("reward: sbx-batch is not in PATH", told)
        self.assertEqual(told.count("\n"), 1)


class AgentTool(Example):
    PICTURE = """
import struct, zlib
def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))
open("dot.png", "wb").write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(
    b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + chunk(
    b"IDAT", zlib.compress(b"\\0\\0")) + chunk(b"IEND", b""))
open("no.png", "w").write("not one")
"""

    def calls(self, *calls):
        done = subprocess.run(
            [support.PYTHON, "-B", support.ROOT / "examples/agent_tool.py",
             "test"], text=True, stdout=subprocess.PIPE, timeout=300,
            input="".join(json.dumps(call) + "\n" for call in calls),
            env={**os.environ, "XDG_DATA_HOME": str(self.path)})
        self.assertEqual(done.returncode, 0)
        return [json.loads(line) for line in done.stdout.splitlines()]

    @support.needs_sessions
    def test_a_session_with_pictures(self):
        got = self.calls(
            {"code": "open('a', 'w').write('kept'); x = 1"},
            {"code": "print(open('a').read(), open('b').read())",
             "files": {"b": "given"}},
            {"code": "print(x)"}, {"code": self.PICTURE},
            {"code": "print('x' * 10**6)"},
            {"code": "import time; print('so far', flush=True); x = []\n"
                     "while 1: x.append(b'x' * 10**6)"})
        self.assertEqual([answer["ok"] for answer in got],
                         [True, True, False, True, True, False])
        self.assertEqual(got[1]["text"], "kept given\n")
        self.assertIn("NameError", got[2]["text"])
        self.assertEqual([image["name"] for image in got[3]["images"]],
                         ["dot.png"])
        self.assertLess(len(got[4]["text"]), 21000)
        self.assertIn("so far", got[5]["text"])
        self.assertIn("memory", got[5]["text"])

    @support.needs_sessions
    def test_what_cannot_be_shown_is_told(self):
        got = self.calls(
            {"code": "open('big.png', 'wb').write(b'x' * (2 << 20))"},
            {"code": "import os; os.remove('big.png')\n" + self.PICTURE +
                     "for i in range(6):\n"
                     "    os.link('dot.png', f'{i}.png')"})
        self.assertIn("[1 not shown, too large", got[0]["text"])
        self.assertIn("big.png", got[0]["text"])
        self.assertEqual(len(got[1]["images"]), 5, got[1]["text"])
        self.assertIn("[2 not shown, too large or too many: "
                      "5.png, dot.png]", got[1]["text"])

    @support.needs_sessions
    def test_what_is_no_call_is_an_answer(self):
        got = self.calls({"code": "1", "files": ["a"]}, {"code": 5}, [],
                         {"files": {}}, {"code": "print(2)"})
        for answer in got[:4]:
            self.assertIn("not a call: ", answer["text"])
        self.assertEqual(got[4]["text"], "2\n")


class Ci(Example):
    def sent(self, code):
        self.write("sent/test_it.py", "import os, socket, unittest\n"
                   "class It(unittest.TestCase):\n"
                   f"    def test_it(self):\n        {code}\n")
        (self.path / "sent").chmod(0o755)
        self.path.chmod(0o755)
        return self.path / "sent"

    def test_what_passes_and_what_fails(self):
        self.example("ci.py", self.sent("open('made', 'w').write('x')"))
        self.assertFalse((self.path / "sent/made").exists())
        done = self.example("ci.py", self.sent("self.fail('no')"), status=1)
        self.assertIn("exited with status 1", done.stderr)
        self.example("ci.py", self.sent("pass"), "false", status=1)
        self.example("ci.py", self.sent("pass"), "true")

    def test_a_directory_that_cannot_be_shown(self):
        for name, said in (("no-such", "No such file"), ("pr:x", "colon")):
            if ":" in name:
                (self.path / name).mkdir()
            told = self.example("ci.py", self.path / name, status=1).stderr
            self.assertIn(said, told)
            self.assertTrue(told.startswith("ci: "), told)
            self.assertEqual(told.count("\n"), 1)

    def test_what_would_do_harm_does_not(self):
        os.environ["CI_TOKEN"] = "secret"
        self.addCleanup(os.environ.pop, "CI_TOKEN")
        self.example("ci.py", self.sent(
            "assert 'CI_TOKEN' not in os.environ"))
        self.example("ci.py", self.sent(
            "self.assertRaises(OSError, open, '/src/test_it.py', 'w')"))
        self.example("ci.py", self.sent(
            "self.assertRaises(OSError, socket.create_connection, "
            "('127.0.0.1', 22), 1)"))
