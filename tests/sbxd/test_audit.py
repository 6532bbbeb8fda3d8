# SPDX-License-Identifier: MIT
"""One audit log, whoever runs: each run is a line, and each line holds the one
before. The chain is read here by hand, and by sbx-check."""

import concurrent.futures
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from lab import Daemon, children, expect, until
from test_attacks import closers


def chain(path):
    """The lines, after their hashes were made again."""
    lines, before = [], "0" * 64
    with open(path, "rb") as file:
        for text in file:
            line = json.loads(text)
            held = text[:text.rindex(b'","hash":"')]
            expect(line["hash"], hashlib.sha256(held).hexdigest(), text)
            expect(line["prev"], before, text)
            before = line["hash"]
            lines.append(line)
    return lines


def check(build, path):
    done = subprocess.run([f"{build}/bin/sbx-check", "--audit", path],
                          capture_output=True, text=True)
    expect(done.returncode, 0, done.stdout + done.stderr)
    return chain(path)


def test_each_run_is_a_line(build):
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/log"
        with Daemon(build, "--warm", "python=1", "--audit", log) as daemon:
            expect(daemon.run("print('secret')", id="first")[0], 200)
            expect(daemon.run("import sys; sys.exit(3)")[0], 200)
            expect(daemon.run("1", limits={"wall_time": "never"})[0], 400)
            expect(daemon.exec("--command", "--", "no-such").wait(60), 127)
            slow = daemon.exec("--command", "--", "sleep", "60")
            until(lambda: daemon.runs())
            slow.kill()
            slow.communicate()
            until(lambda: not daemon.runs())
            os.rename(log, log + ".1")
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: os.path.exists(log))
            expect(daemon.run("print(1)")[0], 200)
        lines = check(build, log + ".1")
        expect([(line["status"], line["uid"]) for line in lines],
               [(status, os.getuid()) for status in
                ("success", "failure", "error", "error", "cancelled")])
        expect(lines[3]["error"]["code"], "ENOENT")
        expect((lines[0]["id"], lines[0]["profile"]), ("first", "python"))
        expect(lines[0]["code_sha256"],
               hashlib.sha256(b"print('secret')").hexdigest())
        assert "memory" in lines[0]["limits"] and "usage" in lines[0], lines
        assert "secret" not in json.dumps(lines)
        expect(len(check(build, log)), 1)


def test_a_line_that_cannot_be_written_is_an_error(build):
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/log"
        with Daemon(build, "--warm", "python=0", "--audit", log) as daemon:
            expect(daemon.run("print(1)")[2]["status"], "success")
            with open(log, "a") as file:
                file.write('{"half')
            report = daemon.run("print(1)")[2]
            expect(report["status"], "error")
            assert "audit" in report["message"], report
        done = subprocess.run([f"{build}/bin/sbxd", "--socket", f"{folder}/s",
                               "--audit", "/no/log"], capture_output=True)
        expect((done.returncode, done.stderr.count(b"\n")), (1, 1))


def test_many_writers(build):
    """A daemon, a batch and single runs at once: no line is lost or torn."""
    with tempfile.TemporaryDirectory() as folder:
        log, requests = f"{folder}/log", f"{folder}/requests"
        with open(requests, "w") as file:
            for number in range(12):
                file.write(json.dumps({"command": ["true"],
                                       "id": f"batch-{number}"}) + "\n")
            file.write("not a request\n")
        words = [[f"{build}/bin/sbx-batch", "--output", f"{folder}/reports",
                  "--audit", log, requests]]
        words += [[f"{build}/bin/sbx-exec", "--audit", log, "--command", "--",
                   "true"]] * 8
        with Daemon(build, "--warm", "python=1", "--audit", log) as daemon, \
                concurrent.futures.ThreadPoolExecutor(6) as pool:
            runs = [pool.submit(daemon.run, "print(1)", id=f"sbxd-{number}")
                    for number in range(12)]
            done = list(pool.map(
                lambda each: subprocess.run(each, capture_output=True), words))
            expect([run.result()[0] for run in runs], [200] * 12)
        expect([each.returncode for each in done], [1] + [0] * 8)
        lines = check(build, log)
        expect(len(lines), 12 + 1 + 8 + 12)
        named = [line["id"] for line in lines
                 if line["id"].startswith(("batch-", "sbxd-"))]
        expect(len(set(named)), 24)
        expect([line["status"] for line in lines if line["id"] == "line-13"],
               ["error"])


def test_the_daemon_does_not_wait_for_the_log(build):
    """Somebody has locked it. Runs wait, and refusals; nobody else does."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/log"
        with Daemon(build, "--warm", "python=1", "--audit", log) as daemon:
            expect(daemon.run("print(1)")[0], 200)
            for held in (True, False):
                with open(log, "rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    answers = []
                    threads = [threading.Thread(
                        target=lambda code: answers.append(daemon.run(
                            "print(2)", **code)), args=(more,))
                        for more in ({}, {"limits": {"pids": "x"}})]
                    for thread in threads:
                        thread.start()
                    until(lambda: [run["state"] for run in daemon.runs()]
                          == ["ending"])
                    expect(daemon.ask("GET", "/healthz")[0], 200)
                    expect(answers, [], "they wait for their line")
                    if held:
                        for thread in threads:
                            thread.join(60)
                for thread in threads:
                    thread.join(60)
                found = {status: body for status, _, body in answers}
                expect(set(found), {200, 400})
                expect(found[200]["status"], "error" if held else "success")
        expect(sorted(line["status"] for line in check(build, log)),
               ["error", "success", "success"])


def test_who_is_cancelled_is_not_started(build):
    """Not when the box that it waited for has not come either, and its line
    still waits for the log."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/log"
        with Daemon(build, "--warm", "python=1", "--audit", log) as daemon, \
                concurrent.futures.ThreadPoolExecutor(2) as pool:
            zygote = children(children(daemon.warm().process.pid)[0])[0]
            os.kill(zygote, signal.SIGSTOP)
            pool.submit(daemon.run, "import time; time.sleep(60)", id="first")
            until(lambda: [run["state"] for run in daemon.runs()]
                  == ["running"])
            with open(log, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                second = pool.submit(daemon.run, "print(2)", id="second")
                until(lambda: len(daemon.runs()) == 2)
                daemon.ask("DELETE", "/v1/runs/second")
                until(lambda: closers(daemon))
                before = daemon.children()
                time.sleep(1)
                expect(daemon.children(), before)
            expect(second.result()[2]["status"], "cancelled")
            os.kill(zygote, signal.SIGCONT)
            daemon.ask("DELETE", "/v1/runs/first")
        expect([line["status"] for line in check(build, log)],
               ["cancelled"] * 2)


def test_writers_exclude_each_other(build):
    """Those who wait for the log at one time, and so write at one time."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/log"
        with Daemon(build, "--audit", log) as daemon:
            answers = []
            with open(log, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                threads = [threading.Thread(
                    target=lambda: answers.append(daemon.ask(
                        "POST", "/v1/run", json.dumps(
                            {"language": "bash", "code": ":"}))))
                    for _ in range(8)]
                for thread in threads:
                    thread.start()
                until(lambda: [run["state"] for run in daemon.runs()]
                      == ["ending"] * 8)
            for thread in threads:
                thread.join(60)
            expect([status for status, _, _ in answers], [200] * 8)
        expect([line["status"] for line in check(build, log)],
               ["success"] * 8)


def test_a_killed_writer_leaves_a_line(build):
    """Of each run there is one, whatever became of who was to write it."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/log"
        with Daemon(build, "--warm", "python=0", "--audit", log) as daemon:
            daemon.run("print(1)")
            with open(log, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                answers = []
                thread = threading.Thread(
                    target=lambda: answers.append(daemon.run("print(2)")))
                thread.start()
                until(lambda: [run["state"] for run in daemon.runs()]
                      == ["ending"])
                os.kill(closers(daemon).pop(), signal.SIGKILL)
            thread.join(60)
            expect((answers[0][0], answers[0][2]["status"]), (200, "error"))
            assert "was killed" in answers[0][2]["message"], answers
        expect([line["status"] for line in check(build, log)],
               ["success", "error"])


def test_what_is_no_file_is_no_log(build):
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(f"{folder}/fifo")
        os.symlink("/nowhere", f"{folder}/link")
        for path in (f"{folder}/fifo", f"{folder}/link", folder, "/dev/null",
                     "/dev/full"):
            done = subprocess.run(
                [f"{build}/bin/sbxd", "--socket", f"{folder}/s", "--audit",
                 path], capture_output=True, timeout=60, check=False)
            expect((done.returncode, done.stderr.count(b"\n")), (1, 1), path)
