# SPDX-License-Identifier: MIT
"""sbx-batch: each request has exactly one report, whatever happens."""

import collections
import json
import os
import pathlib
import pty
import random
import signal
import subprocess
import time

import support

BATCH = str(support.BUILD / "bin/sbx-batch")
ROUNDS = 50 if "SBX_THOROUGH" in os.environ else 5


def request(name, code="true", **more):
    return json.dumps({"id": name, "language": "bash", "code": code} | more)


def reports(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class Batch(support.Scratch):
    def setUp(self):
        super().setUp()
        self.requests = self.path / "requests.jsonl"
        self.output = self.path / "reports.jsonl"

    def ask(self, *lines):
        self.requests.write_bytes(b"".join(
            (line if isinstance(line, bytes) else line.encode()) + b"\n"
            for line in lines))

    def batch(self, *words, status=0, **options):
        done = subprocess.run([BATCH, *map(str, words)], text=True,
                              capture_output=True, timeout=300, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def run_all(self, *words, status=0):
        return self.batch("--output", self.output, *words, self.requests,
                          status=status)

    def start(self, *words):
        """The batch, and what it tells."""
        return subprocess.Popen(
            [BATCH, *words, "--output", self.output, self.requests],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def interrupted(self, numbers, seed, *words):
        """A batch that gets these signals at random moments, until it is
        through; how often it was."""
        chance = random.Random(seed)
        self.ask(*(request(f"n{i}", "sleep 0.05") for i in range(40)))
        for attempt in range(1000):
            batch = self.start("--jobs", "3", "--resume", *words)
            try:
                batch.wait(chance.uniform(0.02, 0.4))
            except subprocess.TimeoutExpired:
                batch.send_signal(chance.choice(numbers))
            told = batch.communicate(timeout=100)[1]
            if batch.returncode == 0:
                return attempt
            self.assertIn(batch.returncode, {-9, 143, 130, -15, -2}, told)
        self.fail("it does not come to its end")

    def signal_twice(self, *words):
        """Nothing is reported of what that ends, so that it is run again."""
        with self.start(*words) as batch:
            while not self.output.exists():
                time.sleep(0.02)
            time.sleep(0.5)
            batch.terminate()
            batch.stderr.readline()
            batch.terminate()
            self.assertEqual(batch.wait(30), 128 + signal.SIGTERM)
        self.assertEqual(self.output.read_text(), "")

    def by_id(self):
        made = {report["id"]: report for report in reports(self.output)}
        self.assertEqual(len(made), len(reports(self.output)))
        return made

    def merged(self, *files, status=0):
        target = self.path / "merged.jsonl"
        done = self.batch("merge", "--output", target, self.requests, *files,
                          status=status)
        self.assertEqual(target.exists(), status == 0)
        return done


class Requests(Batch):
    def test_each_verdict(self):
        self.ask(request("good", "cat; echo $1", args=["x"], stdin="in "),
                 request("bad", "exit 3"),
                 request("slow", "sleep 60", timeout=0.3),
                 request("big", "while :; do echo y; done",
                         limits={"output": "1K", "output_action": "kill"}),
                 request("dead", "kill -SEGV $$"))
        self.run_all("--jobs", 2)
        got = self.by_id()
        self.assertEqual({name: report["status"]
                          for name, report in got.items()},
                         {"good": "success", "bad": "failure",
                          "slow": "timeout", "big": "limit",
                          "dead": "failure"})
        self.assertEqual(got["good"]["stdout"], "in x\n")
        self.assertEqual(got["bad"]["exit_code"], 3)
        self.assertEqual(got["dead"]["signal"], "SIGSEGV")

    def test_the_same_is_built_once(self):
        """In this batch and the next; what others could write is refused."""
        self.ask(*(request(name, code, language="c") for name, code in (
            ("one", "int main(void) { return 7; }"),
            ("same", "int main(void) { return 7; }"),
            ("other", "int main(void) { return 8; }"),
            ("bad", "int main(void) { return x; }"))))
        cache = self.path / "cache"
        env = dict(os.environ, XDG_CACHE_HOME=str(cache))
        words = "--jobs", 1, "--output", self.output, self.requests
        self.batch(*words, env=env)
        self.assertEqual(
            {name: (report["exit_code"], report["stages"]["build"]["cached"])
             for name, report in self.by_id().items()},
            {"one": (7, False), "same": (7, True), "other": (8, False),
             "bad": (1, False)})
        self.assertEqual(len(os.listdir(cache / "sbx/build")), 2)
        self.output.unlink()
        (cache / "sbx/build").chmod(0o777)
        self.batch(*words, env=env, status=1)
        for report in reports(self.output):
            self.assertEqual(report["status"], "error")
            self.assertIn("others may write to it", report["message"])

    def test_a_broken_line_is_one_report(self):
        self.ask("not json", "", "[1]", '{"id": 5, "code": "x"}',
                 request("typo", bogus=1), request("x" * 129),
                 request("no-profile", language="no-such"), "  \t\r",
                 b'{"id": "\xff"}', b"\0", "[" * 100000,
                 '{"id": "twice", "id": "twice"}',
                 request("huge", "#" * 1200000), request("fine"),
                 request("fine", "exit 9"), request("late"))
        self.run_all(status=1)
        got = self.by_id()
        lines = {"line-1": 1, "line-3": 3, "line-4": 4, "typo": 5, "line-6": 6,
                 "no-profile": 7, "line-9": 9, "line-10": 10, "line-11": 11,
                 "line-12": 12, "line-13": 13, "line-15": 15}
        self.assertEqual(set(got), {*lines, "fine", "late"})
        for name, line in lines.items():
            self.assertEqual(got[name]["status"], "error", name)
            self.assertEqual(got[name]["line"], line, name)
            self.assertTrue(got[name]["error"]["text"])
            if line > 1:
                self.assertNotIn("line 1:", got[name]["message"], name)
        self.assertRegex(got["typo"]["message"],
                         "^request, line 5: unknown key \"bogus\"")
        self.assertRegex(got["line-12"]["message"], "^request, line 12: dup")
        self.assertIn("earlier line", got["line-15"]["message"])
        self.assertEqual(got["fine"]["status"], "success")
        self.assertEqual(got["late"]["status"], "success")
        self.merged(self.output)

    def test_the_id_of_a_line_is_its_own(self):
        self.ask(request("line-3"), request("line-2"), '{"code": "true"}',
                 request("line-x"), request("line-"), request("line-9"))
        self.run_all(status=1)
        got = self.by_id()
        self.assertEqual(set(got), {"line-1", "line-2", "line-3", "line-x",
                                    "line-", "line-6"})
        for name in "line-1", "line-6":
            self.assertIn("a line without one", got[name]["message"])
        self.assertEqual(got["line-2"]["status"], "success")
        self.merged(self.output)

    def test_blanks_do_not_hide_what_comes_late(self):
        self.ask(" " * 1200000 + request("late"), request("a"))
        self.run_all(status=1)
        got = self.by_id()
        self.assertEqual(set(got), {"line-1", "a"})
        self.assertIn("longer than", got["line-1"]["message"])

    def test_what_is_built_first(self):
        code = "#include <stdio.h>\nint main(void)"
        self.ask(*(json.dumps({"id": name, "language": "c",
                               "code": code + body})
                   for name, body in (("good", '{ puts("hi"); return 3; }'),
                                      ("bad", "{ return x; }"))),
                 request("other"))
        self.run_all("--jobs", 2)
        got = self.by_id()
        self.assertEqual((got["good"]["stdout"], got["good"]["exit_code"]),
                         ("hi\n", 3))
        self.assertEqual(got["bad"]["status"], "failure")
        self.assertIn("undeclared", json.dumps(got["bad"]))
        self.merged(self.output)

    def test_what_is_checked_first(self):
        rules = {"blocked_modules": ["os"]}
        self.ask(request("no", "import os", language="python", check=rules),
                 request("yes", "print(1)", language="python", check=rules),
                 request("long", "print(1)", check={"max_code_bytes": 5}))
        self.run_all()
        made = self.by_id()
        self.assertEqual(made["no"]["status"], "rejected")
        self.assertEqual(made["no"]["findings"][0]["rule"], "blocked_modules")
        self.assertEqual(made["yes"]["stdout"], "1\n")
        self.assertEqual(made["long"]["status"], "rejected")

    def test_what_is_collected(self):
        self.ask(request("files", "echo hi >a.txt", collect=["*.txt"]))
        self.run_all()
        self.assertEqual([file["path"] for file
                          in self.by_id()["files"]["files"]], ["a.txt"])

    def test_lines_of_any_length(self):
        """Also where a line ends at the end of what is read at once."""
        lines = []
        for i, size in enumerate((65535, 65536, 65537, 1, 131072, 40000)):
            line = request(f"n{i}", f"echo {i}")
            lines.append(line + " " * (size - len(line) - 1))
        self.ask(*lines)
        self.run_all()
        self.assertEqual({name: report["stdout"] for name, report in
                          self.by_id().items()},
                         {f"n{i}": f"{i}\n" for i in range(len(lines))})

    def test_without_an_end_of_line_and_from_a_pipe(self):
        with subprocess.Popen([BATCH, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                              ) as batch:
            batch.stdin.write(request("one").encode() + b"\n")
            batch.stdin.flush()
            # The first is done before the second is asked for.
            first = json.loads(batch.stdout.readline())
            self.assertEqual((first["id"], first["status"]),
                             ("one", "success"))
            batch.stdin.write(request("two").encode())
            batch.stdin.close()
            self.assertEqual(json.loads(batch.stdout.readline())["id"], "two")
        self.assertEqual(batch.returncode, 0)

    def test_memory_does_not_follow_the_file(self):
        """50 MB of requests, of which each keeps no more than its id."""
        peaks, written = [], 0
        with subprocess.Popen([BATCH, "--output", self.output,
                               "--summary=none", "-"],
                              stdin=subprocess.PIPE) as batch:
            for count in (1000, 49000):
                written += count
                batch.stdin.write((b"[]" + b" " * 1021 + b"\n") * count)
                batch.stdin.flush()
                while self.output.read_bytes().count(b"\n") < written:
                    time.sleep(0.1)
                status = (pathlib.Path("/proc") / str(batch.pid) /
                          "status").read_text()
                peaks.append(int(status.split("VmHWM:")[1].split()[0]))
            batch.stdin.close()
        self.assertEqual(batch.returncode, 1)
        self.assertLess(peaks[1] - peaks[0], 8192)

    def test_a_slow_reader_does_not_stop_the_clocks(self):
        """Reports larger than a pipe wait in the batch, and a program that is
        out of time is stopped all the same."""
        self.ask(*(request(f"n{i}", "head -c 300000 /dev/zero | tr '\\0' x")
                   for i in range(3)), request("slow", "sleep 60", timeout=2))
        with subprocess.Popen([BATCH, "--jobs", "4", self.requests],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as batch:
            time.sleep(4)
            got = [json.loads(line) for line in batch.stdout]
        self.assertEqual(batch.returncode, 0)
        slow = {report["id"]: report for report in got}["slow"]
        self.assertEqual(slow["status"], "timeout")
        self.assertLess(slow["wall_time_s"], 3.9)
        self.assertEqual(len(got), 4)

    def test_a_reader_that_goes(self):
        self.ask(*(request(f"n{i}", "head -c 200000 /dev/zero | tr '\\0' x")
                   for i in range(4)))
        with subprocess.Popen([BATCH, self.requests], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as batch:
            batch.stdout.read(10)
            batch.stdout.close()
            self.assertIn(b"Broken pipe", batch.stderr.read())
        self.assertEqual(batch.returncode, 125)

    def test_programs_cannot_reach_each_other_or_the_output(self):
        self.output.touch()
        probe = ("ls /proc/self/fd; ls /workspace /tmp; "
                 "ps ax 2>/dev/null | wc -l; echo '{\"schema\":1}' >&3")
        self.ask(*(request(f"n{i}", probe) for i in range(6)))
        self.run_all("--jobs", 3, "--resume")
        for report in self.by_id().values():
            self.assertNotIn("reports.jsonl", report["stdout"])
            self.assertEqual(report["status"], "failure")


class Parts(Batch):
    def test_shards_are_a_partition(self):
        self.ask(*(request(f"n{i}") for i in range(7)), "broken",
                 request("n0"))  # which is another shard's
        files = []
        for i in (1, 2, 3):
            files.append(self.path / f"{i}.jsonl")
            self.batch("--shard", f"{i}/3", "--output", files[-1],
                       self.requests, status=0 if i == 1 else 1)
        self.assertEqual([len(reports(file)) for file in files], [3, 3, 3])
        self.merged(*files)
        merged = reports(self.path / "merged.jsonl")
        self.assertEqual({report["id"] for report in merged},
                         {*(f"n{i}" for i in range(7)), "line-8", "line-9"})

    def test_merge_finds_what_is_wrong(self):
        self.ask(*(request(f"n{i}") for i in range(3)))
        self.run_all()
        whole = self.output.read_text()
        lines = whole.splitlines(keepends=True)
        stranger = lines[0].replace('"id":"n', '"id":"m')
        rows = (
            ("".join(lines[:2]), "no report of"),
            (whole + lines[0], "another report"),
            (whole + stranger, "no request has its id"),
            (whole[:-1], "cut off"),
            (whole + "{}\n", "not a report"),
            (whole + '{"schema":1,"id":"\n', "not a report"),
            (whole + '{"schema":1,"id":"a\\', "cut off"),
        )
        for text, told in rows:
            self.output.write_text(text)
            done = self.merged(self.output, status=1)
            self.assertIn(told, done.stderr)
        self.output.write_text(whole)
        self.merged(self.output)
        self.assertEqual((self.path / "merged.jsonl").read_text(), whole)
        self.assertEqual(set(os.listdir(self.path)), {
            "requests.jsonl", "reports.jsonl", "merged.jsonl"})

    def test_merge_takes_no_other_file(self):
        """Only a regular one of its name; one named like a part of it is an
        input like any other."""
        self.ask(request("a"))
        self.run_all()
        fifo, link, target = (self.path / name for name in "flt")
        os.mkfifo(fifo)
        link.symlink_to("/dev/null")
        for other in fifo, link, self.path:
            before = os.lstat(other)
            done = self.batch("merge", "--output", other, self.requests,
                              self.output, status=125)
            self.assertIn("not a regular file", done.stderr)
            self.assertEqual(os.lstat(other)[:2], before[:2])
        part = self.path / "t.part"
        self.output.rename(part)
        text = part.read_text()
        self.batch("merge", "--output", target, self.requests, part)
        self.assertEqual((target.read_text(), part.read_text()), (text, text))

    def test_resume_runs_what_is_left(self):
        mark = self.path / "ran"
        mark.mkdir(mode=0o777)
        self.path.chmod(0o755)
        mark.chmod(0o777)
        ask = [request(f"n{i}", f"echo >>/ran/{i}",
                       mounts=[{"source": str(mark), "target": "/ran",
                                "writable": True}])
               for i in range(4)]
        self.ask(*ask[:2])
        self.run_all()
        self.ask(*ask)
        with open(self.output, "a") as stream:
            stream.write('{"schema":1,"id":"n2","sta')
        done = self.run_all("--resume", "--summary", "json")
        self.assertEqual(json.loads(done.stdout)["skipped"], 2)
        self.assertEqual(set(self.by_id()), {"n0", "n1", "n2", "n3"})
        for i in range(4):
            self.assertEqual((mark / str(i)).read_text(), "\n", i)
        self.merged(self.output)

    def test_output_is_not_overwritten(self):
        self.ask(request("a"))
        for text in "mine\n", "mine", request("a"), '{"schema":1,"line":':
            self.output.write_text(text)
            self.assertIn("--resume", self.run_all(status=125).stderr)
            self.assertIn("not a report",
                          self.run_all("--resume", status=125).stderr)
            self.assertEqual(self.output.read_text(), text)
        for text in "{", '{"schema":1,"id":', '{"schema":1,"id":"a","x':
            self.output.write_text(text)
            self.run_all("--resume")
            self.assertEqual(set(self.by_id()), {"a"})

    def test_one_batch_at_a_time(self):
        self.ask(request("a", "sleep 60"))
        with subprocess.Popen([BATCH, "--output", self.output, self.requests],
                              stdout=subprocess.DEVNULL) as batch:
            while not self.output.exists():
                time.sleep(0.01)
            time.sleep(0.2)
            self.assertIn("another batch",
                          self.run_all("--resume", status=125).stderr)
            batch.kill()


class Ends(Batch):
    def test_each_id_exactly_once_whatever_kills_it(self):
        stopped = 0
        for seed in range(ROUNDS):
            self.output.unlink(missing_ok=True)
            stopped += self.interrupted(
                (signal.SIGKILL, signal.SIGTERM, signal.SIGINT), seed)
            self.merged(self.output)
            self.assertEqual(collections.Counter(
                report["status"] for report in reports(self.output)),
                {"success": 40})
            (self.path / "merged.jsonl").unlink()
        self.assertGreater(stopped, ROUNDS)

    def test_sigterm_finishes_what_runs(self):
        self.ask(*(request(f"n{i}", "sleep 1; echo done") for i in range(50)))
        with self.start("--jobs", "2") as batch:
            while not self.output.exists() or not self.output.stat().st_size:
                time.sleep(0.02)
            batch.terminate()
            self.assertIn("comes to its end", batch.stderr.read())
        self.assertEqual(batch.returncode, 128 + signal.SIGTERM)
        got = reports(self.output)
        self.assertLess(len(got), 50)
        self.assertEqual({(r["status"], r["stdout"]) for r in got},
                         {("success", "done\n")})

    def test_what_is_signalled_with_the_batch_is_run_again(self):
        """As a cluster does, which signals all processes of a job."""
        self.ask(request("a", "exec sleep 39.1"), request("b", "kill $$"))
        with self.start("--jobs", "2") as batch:
            match = ["-xf", "sleep 39.1"]
            while subprocess.run(["pgrep", *match], stdout=subprocess.DEVNULL
                                 ).returncode or not reports(self.output):
                time.sleep(0.02)
            subprocess.run(["pkill", "-TERM", *match], check=True)
            batch.terminate()
        self.assertEqual(batch.returncode, 128 + signal.SIGTERM)
        # One that has signalled itself has its verdict.
        self.assertEqual({name: report["signal"] for name, report in
                          self.by_id().items()}, {"b": "SIGTERM"})

    def test_sigterm_is_heard_while_lines_are_skipped(self):
        """Of a file, which never keeps a reader waiting."""
        self.ask(request("a"))
        self.run_all()
        line = self.requests.read_bytes()
        with open(self.requests, "wb") as file:
            for _ in range(1000):
                file.write(line * 1000)
        with subprocess.Popen(
                [BATCH, "--resume", "--summary", "json", "--output",
                 self.output, self.requests],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as batch:
            while not support.read_of(batch.pid, self.requests):
                time.sleep(0.001)
            batch.terminate()
            skipped = json.load(batch.stdout)["skipped"]
        self.assertEqual(batch.returncode, 128 + signal.SIGTERM)
        self.assertLess(skipped, 10**6)

    def test_a_second_signal_ends_what_runs(self):
        self.ask(request("a", "sleep 60"))
        self.signal_twice()

    def test_a_stuck_reader_does_not_keep_it(self):
        self.ask(*(request(f"n{i}", "head -c 300000 /dev/zero | tr '\\0' x")
                   for i in range(2)))
        with subprocess.Popen([BATCH, "--jobs=1", self.requests],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as batch:
            time.sleep(1.5)
            batch.terminate()
            batch.stderr.readline()
            batch.terminate()
            self.assertEqual(batch.wait(20), 128 + signal.SIGTERM)
            self.assertIn("stopped: there are requests left\n",
                          batch.stderr.read())

    def test_sigterm_while_the_last_run(self):
        """All is reported, so there is nothing to go on with."""
        self.ask(request("a"), request("b"))
        self.run_all()
        self.ask(request("a"), *(request(f"n{i}", "sleep 1")
                                 for i in range(2)), "", "[]", request("b"))
        for words in ("--jobs", "2"), ("--jobs", "4"):
            with self.start("--resume", *words) as batch:
                while "line-5" not in self.output.read_text():
                    time.sleep(0.02)
                batch.terminate()
                self.assertIn("comes to its end", batch.stderr.read())
            self.assertEqual(batch.returncode, 1)
            self.assertEqual(set(self.by_id()),
                             {"a", "n0", "n1", "line-5", "b"})
            self.output.write_text("".join(
                line + "\n" for line in self.output.read_text().splitlines()
                if '"id":"n' not in line and "line" not in line))

    def test_a_full_disk_is_told(self):
        self.ask(request("a"))
        with open("/dev/full", "w") as full:
            done = subprocess.run([BATCH, self.requests], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 125)
        self.assertIn("No space left", done.stderr)

    def test_nowhere_to_write_is_told(self):
        self.ask(request("a"))
        session = support.BUILD / "bin/sbx-session"
        for words in ([BATCH, self.requests], [session, "--version"],
                      [os.environ["SBX_EXEC"], "--json", "--command", "true"]):
            done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *words],
                                  stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 125, words)


class Telling(Batch):
    def test_summaries(self):
        self.ask(request("a"), request("b", "exit 1"), request("c", "exit 2"))
        done = self.run_all()
        self.assertRegex(done.stdout, r"success +1 +33\.3 %\n"
                         r"failure +2 +66\.7 %\nall +3  in ")
        self.output.unlink()
        told = json.loads(self.run_all("--summary=json").stdout)
        self.assertEqual(told["status"], {"success": 1, "failure": 2})
        self.assertEqual((told["complete"], told["reports"]), (True, 3))
        done = self.batch("--summary=none", self.requests)
        self.assertEqual((done.stderr, len(done.stdout.splitlines())),
                         ("", 3))

    def test_progress_on_a_terminal(self):
        self.ask(*(request(f"n{i}", "sleep 0.3") for i in range(6)))
        ours, theirs = pty.openpty()
        with subprocess.Popen([BATCH, "--output", self.output, self.requests],
                              stdout=subprocess.DEVNULL, stderr=theirs):
            os.close(theirs)
            text = b""
            try:
                while chunk := os.read(ours, 4096):
                    text += chunk
            except OSError:
                pass  # the other end is closed
        os.close(ours)
        self.assertRegex(text, rb"\r\[#+ *\] \d+ %, \d run, \d+ s left, "
                         rb".*/s, success \d")

    def test_usage(self):
        rows = (
            (["--bogus"], "see --help"), (["--summ=none", "x"], "unknown"),
            (["x", "--out", "y"], '"--out"'), (["--jobs", "0", "x"], "1 to"),
            (["--jbos=2", "x"], 'did you mean "--jobs"?'),
            (["--jobs=99999", "x"], "1 to"), (["--shard=0/3", "x"], "I/N"),
            (["--shard=3/2", "x"], "I/N"), (["--shard=1", "x"], "I/N"),
            ([], "missing"), (["a", "b"], "more than one"),
            (["--output"], "needs a value"), (["--resume", "x"], "--output"),
            (["--summary=xml", "x"], "table"), (["merge", "x"], "REPORTS"),
            (["/no/such"], "/no/such"),
        )
        for words, named in rows:
            done = self.batch(*words, status=125)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            if named != "REPORTS":
                self.assertIn(named, done.stderr)
        self.assertTrue(self.batch("--help").stdout.startswith("Usage: "))
        self.assertIn("sbx-batch 0", self.batch("--version").stdout)

    def test_the_help_and_the_manual_name_the_same_options(self):
        import re
        told = set(re.findall(r"--[a-z]+", self.batch("--help").stdout))
        manual = (support.ROOT / "man/sbx-batch.1").read_text()
        shown = {"--" + name for name in
                 re.findall(r"Fl -([a-z]+)", "".join(
                     re.findall(r"^\.It (.*)", manual, re.M)))}
        self.assertEqual(told - {"--request"}, shown)
