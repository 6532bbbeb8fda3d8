# SPDX-License-Identifier: MIT
"""Sessions of the daemon: kept, in order, apart from each other, and whole."""

import base64
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from lab import OTHER, Daemon, Skip, expect, skips, until


class Kept(Daemon):
    """A daemon with a place for sessions, that is taken away."""

    def __init__(self, build, *options, data=None):
        if not skips.has_sessions():
            raise Skip(skips.OLD_KERNEL)
        self.data = data or tempfile.TemporaryDirectory(prefix="sbx-kept.")
        super().__init__(build, "--warm", "python=0", *options,
                         env={"XDG_DATA_HOME": self.data.name})

    def turn(self, code, session="s", **more):
        answer = self.ask("POST", "/v1/run", {
            "language": "bash", "code": code, "session": session, **more})
        expect(answer[0], 200, answer[2])
        return answer[2]

    def exec_here(self, *words):
        """sbx-exec without the daemon, on the same sessions."""
        return subprocess.Popen(
            [f"{self.build}/bin/sbx-exec", *words], env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)


def test_a_session_too_large_for_a_run_is_listed_meanwhile(build):
    """Its run cannot be planned once the session is open."""
    with tempfile.NamedTemporaryFile(prefix="sbx-audit.") as log, Kept(
            build, "--audit", log.name) as daemon:
        daemon.turn("head -c 1M /dev/zero >f")
        over = threading.Event()

        def look():
            while not over.is_set():
                daemon.runs()

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                report = daemon.turn("true", limits={"disk": "64K"})
                expect(report["status"], "error")
        finally:
            over.set()
            for thread in threads:
                thread.join()


def test_runs_that_wait_for_a_session_fill_the_queue(build):
    with Kept(build, "--max-runs", "4", "--max-queue", "2") as daemon:
        answers = []

        def ask(code):
            answers.append(daemon.ask("POST", "/v1/run", {
                "language": "bash", "code": code, "session": "s"})[0])

        threads = [threading.Thread(target=ask, args=(code,))
                   for code in ["sleep 2"] + 7 * ["true"]]
        threads[0].start()
        until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join()
        expect(sorted(answers), [200] * 6 + [429] * 2)


def test_sbx_exec_has_them_through_the_daemon(build):
    """The same ones as without it, cold or warm, and of a request, too."""
    with Kept(build) as daemon:
        pool = f"--pool={daemon.socket}"

        def turn(*words, **more):
            run = daemon.exec_here(*words)
            return (*run.communicate(**more), run.returncode)

        for number, words in enumerate(((pool,), (), (pool, "--cold"),
                                        (pool,))):
            expect(turn(*words, "--session", "s", "--profile", "bash",
                        "--code", "cat f; echo $0 >>f; exit 5"),
                   ("code.sh\n" * number, "", 5) if number else
                   ("", "cat: f: No such file or directory\n", 5), words)
        path = f"{daemon.folder}/request"
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"language": "bash", "code": "wc -l <f",
                       "session": "s"}, file)
        report = json.loads(turn(pool, "--request", path)[0])
        expect((report["stdout"], report["session"]), ("4\n", "s"))
        for bad in ("..", "a/b", "", "a" * 65):
            wanted = turn("--session", bad, "--command", "--", "true")
            expect(turn(pool, "--session", bad, "--command", "--", "true"),
                   wanted, bad)
            expect(wanted[2], 125)
        daemon.env = dict(daemon.env, XDG_DATA_HOME=daemon.folder)
        out, err, status = turn(pool, "--session", "s", "--command", "--",
                                "true")
        expect((out, status), ("", 125))
        assert daemon.data.name in err and "--cold" in err, err
        expect(turn(pool, "--command", "--", "true"), ("", "", 0))


def later(daemon, answers, code, **more):
    thread = threading.Thread(
        target=lambda: answers.append(daemon.turn(code, **more)))
    thread.start()
    return thread


def test_it_goes_on(build):
    with Kept(build) as daemon:
        report = daemon.turn("echo 1 >a; ls")
        expect((report["stdout"], report["session"]), ("a\ncode.sh\n", "s"))
        expect(daemon.turn("cat a; echo 2 >a; exit 3")["exit_code"], 3)
        report = daemon.turn("cat a; echo 3 >a; sleep 60", timeout=1,
                             collect=["a"])
        expect((report["status"], report["stdout"]), ("timeout", "2\n"))
        expect(base64.b64decode(report["files"][0]["content_b64"]), b"3\n")
        expect(daemon.turn("cat a", "t")["exit_code"], 1)
        expect(daemon.turn("cat a")["stdout"], "3\n")
        expect(daemon.exec_here("--session", "s", "--command", "--", "cat",
                                "a").communicate()[0], "3\n")
        code = "int main(void) { return 4; }"
        report = daemon.turn(code, language="c")
        expect((report["exit_code"], report["session"]), (4, "s"))
        expect(daemon.turn("cat a")["stdout"], "3\n")


def test_bad_ids(build):
    with Kept(build) as daemon:
        for name in ("", ".", "..", "../x", "/abs", "a/b", "a\n", "\u00e4",
                     "-rf", "%2e%2e", "a" * 65, "a\0b", 5, None, ["s"]):
            answer = daemon.ask("POST", "/v1/run", dict(
                language="bash", code="true", session=name))
            expect((answer[0], answer[2]["error"]["code"]),
                   (400, "bad_request"), name)
        expect(os.listdir(daemon.data.name), [])
        expect(daemon.turn("echo hi", "a" * 64)["stdout"], "hi\n")


def test_runs_of_one_are_in_order_and_others_do_not_wait(build):
    with Kept(build, "--max-runs", "4") as daemon:
        answers, threads = [], []
        threads.append(later(daemon, answers, "sleep 2; echo 0 >>f"))
        until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
        for number in range(1, 4):
            threads.append(later(daemon, answers, f"echo {number} >>f"))
            until(lambda: len(daemon.runs()) == number + 1)
        expect(daemon.turn("echo free", "t")["stdout"], "free\n")
        expect(len(daemon.runs()), 4)
        for thread in threads:
            thread.join(120)
        expect(daemon.turn("cat f")["stdout"], "0\n1\n2\n3\n")


def test_it_waits_for_sbx_exec_and_not_for_ever(build):
    with Kept(build) as daemon:
        for seconds, status in ((2, "success"), (60, "error")):
            outside = daemon.exec_here("--session", "s", "--command", "--",
                                       "sh", "-c", f"echo up; sleep {seconds}"
                                       "; echo outside >>f")
            expect(outside.stdout.readline(), "up\n")
            report = daemon.turn("echo inside >>f")
            expect(report["status"], status)
            outside.kill()
            outside.communicate()
        assert "busy" in report["message"], report
        expect(daemon.turn("cat f")["stdout"], "outside\ninside\n")


def test_who_is_cancelled_leaves_nothing(build):
    with Kept(build) as daemon:
        daemon.turn("echo 1 >f")
        answers = []
        threads = [later(daemon, answers, "echo 2 >f; sleep 60", id=name)
                   for name in ("one", "two")]
        until(lambda: len(daemon.runs()) == 2)
        until(lambda: "running" in [r["state"] for r in daemon.runs()])
        for run in sorted(daemon.runs(), key=lambda run: run["state"]):
            daemon.ask("DELETE", "/v1/runs/" + run["id"])
        for thread in threads:
            thread.join(60)
        expect({report["status"] for report in answers}, {"cancelled"})
        expect(daemon.turn("cat f")["stdout"], "1\n")


def test_users_have_sessions_of_their_own(build):
    if os.geteuid() != 0:
        return
    with Kept(build) as daemon:
        daemon.turn("echo mine >f")
        os.chmod(daemon.socket, 0o666)
        text = json.dumps({"language": "bash", "session": "s",
                           "code": "cat f; echo theirs >f"})
        words = ["curl", "-s", "--unix-socket", daemon.socket,
                 "http://sbxd/v1/run", "-d", text]
        for wanted in ("", "theirs\n"):
            done = subprocess.run(words, user=OTHER, group=OTHER,
                                  extra_groups=[], capture_output=True)
            expect(json.loads(done.stdout)["stdout"], wanted)
        shutil.copy(f"{build}/bin/sbx-exec", daemon.folder)
        done = subprocess.run(
            [f"{daemon.folder}/sbx-exec", f"--pool={daemon.socket}",
             "--session", "s", "--command", "--", "cat", "f"],
            user=OTHER, group=OTHER, extra_groups=[], env={},
            stdin=subprocess.DEVNULL, capture_output=True)
        expect((done.stdout, done.stderr), (b"theirs\n", b""))
        expect(daemon.turn("cat f")["stdout"], "mine\n")


def test_the_daemon_does_not_wait_for_a_commit(build):
    """While much is kept, others are served."""
    with Kept(build) as daemon:
        for _ in range(10):
            answers, seen = [], set()
            thread = later(daemon, answers, "for i in $(seq 8000); do echo "
                           ">f$i; done; head -c 60M /dev/zero >g")
            while thread.is_alive():
                seen.update(run["state"] for run in daemon.runs())
            expect(answers[0]["status"], "success")
            expect(daemon.turn("ls | wc -l")["stdout"], "8002\n")
            if "keeping" in seen:
                return
        raise AssertionError(seen)


def test_a_killed_daemon_leaves_a_whole_state(build):
    """Killed at random moments, also while it commits."""
    moments = random.Random(7)
    data = tempfile.TemporaryDirectory(prefix="sbx-kept.")
    code = ("n=$(($(cat a) + 1)); for f in a b c d; do echo $n >$f; done; "
            "head -c 8M /dev/zero >e")
    with Kept(build, data=data) as daemon:
        daemon.turn("for f in a b c d; do echo 0 >$f; done")
        begun = time.monotonic()
        daemon.turn(code)
        usual = time.monotonic() - begun
    for _ in range(12):
        with Kept(build, data=data) as daemon:
            run = subprocess.Popen(
                ["curl", "-s", "--unix-socket", daemon.socket,
                 "http://sbxd/v1/run", "-d", json.dumps(
                     {"language": "bash", "session": "s", "code": code})],
                stdout=subprocess.DEVNULL)
            time.sleep(moments.random() * usual * 1.2)
            daemon.process.send_signal(signal.SIGKILL)
            run.wait(60)
        with Kept(build, data=data) as daemon:
            report = daemon.turn("cat a b c d | sort -u | wc -l; ls | wc -l")
            expect(report["stdout"], "1\n6\n")
