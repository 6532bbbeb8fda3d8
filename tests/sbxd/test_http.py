# SPDX-License-Identifier: MIT
"""What the daemon answers over HTTP."""

import base64
import collections
import contextlib
import json
import resource
import socket
import subprocess
import threading
import time

from lab import Connection, Daemon, expect, until


def test_what_there_is(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        expect(daemon.ask("GET", "/healthz")[2], {"status": "ok"})
        profiles = daemon.ask("GET", "/v1/profiles")[2]["profiles"]
        assert {"base", "python", "node"} <= set(profiles), profiles
        expect(sorted(set(profiles)), profiles, "each once, sorted")
        expect(daemon.runs(), [])


def test_capabilities(build):
    """What sbx-check finds here; many at once ask it once, and nobody waits
    who does not ask."""
    with Daemon(build, "--warm", "python=1") as daemon:
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(
            daemon.ask("GET", "/v1/capabilities"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        while not answers:
            expect(daemon.ask("GET", "/healthz")[0], 200)
        for thread in threads:
            thread.join(60)
        expect({status for status, _, _ in answers}, {200})
        about = answers[0][2]
        assert all(answer[2] == about for answer in answers)
        found = json.loads(subprocess.run(
            [f"{build}/bin/sbx-check", "--json"], env=daemon.env,
            stdout=subprocess.PIPE, check=False).stdout)
        for each in ("schema", "verdict"):
            expect(about[each], found[each])

        def names(checks):
            return [(check["name"], check["verdict"]) for check in checks]
        expect(names(about["checks"]), names(found["checks"]))
        expect((about["warm"], about["max_runs"]), (["python"], 16))
        expect(daemon.ask("GET", "/v1/capabilities")[2], about)


def test_a_stop_and_a_client_that_goes_while_it_checks(build):
    with Daemon(build, "--warm", "python=0", "--drain-time",
                "100ms") as daemon:
        for _ in range(3):
            connection = Connection(daemon.socket)
            connection.request("GET", "/v1/capabilities")
            time.sleep(0.05)
            connection.close()
        connection = Connection(daemon.socket)
        connection.request("GET", "/v1/capabilities")
        time.sleep(0.1)
        expect(daemon.stop(), 0)
        connection.close()


def test_runs_are_warm(build):
    with Daemon(build, "--warm", "python=2") as daemon:
        seen = set()
        for turn in range(4):
            daemon.warm()
            status, _, report = daemon.run(
                "import random; print(random.random())")
            expect(status, 200)
            expect(report["status"], "success")
            expect(report["isolation"]["warm"], True)
            seen.add((report["stdout"], report["id"]))
        expect(len({a for a, _ in seen}), 4, "random numbers")
        expect(len({b for _, b in seen}), 4, "ids")
        expect(daemon.metric('sbx_starts_total{box="warm"}'), 4)


def test_a_new_kind_of_run_is_warm_the_next_time(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        more = {"limits": {"memory": "128M"}}
        expect(daemon.run("1", **more)[2]["isolation"]["warm"], False)
        daemon.warm(2)
        expect(daemon.run("1", **more)[2]["isolation"]["warm"], True)
        report = daemon.run("x = bytearray(200 << 20)", **more)[2]
        assert report["reason"] in ("memory", "exited"), report
        expect(report["limits"]["memory"]["value"], 128 << 20)


def test_modules_of_one_are_not_anothers(build):
    """What a caller has loaded ahead is in no box of who did not ask."""
    with Daemon(build, "--warm", "python=0") as daemon:
        odd = {"warm": {"kind": "standby", "preload": ["this"]}}
        expect(daemon.run("print(1)", **odd)[0], 200)
        daemon.warm()
        assert "Zen" in daemon.run("print(1)", **odd)[2]["stdout"]
        for _ in range(3):
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")
            time.sleep(0.5)


def test_files_go_before_what_is_loaded(build):
    """A module of the standard library that the interpreter has loaded already
    is the program's own where that brings a file of the name."""
    code = "import heapq, json; print(heapq.__file__, json.__file__)"
    rows = (
        ([], "/heapq.py", "/json/__init__.py"),
        (["heapq.py"], "/workspace/heapq.py", "/json/__init__.py"),
        (["json/__init__.py"], "/heapq.py", "/workspace/json/__init__.py"),
    )
    with Daemon(build, "--warm", "python=1") as daemon:
        for files, heapq, json_file in rows:
            daemon.warm()
            report = daemon.run(code, files=[
                {"path": path, "content": ""} for path in files])[2]
            expect(report["isolation"]["warm"], True)
            words = report["stdout"].split()
            assert words[0].endswith(heapq), report
            assert words[1].endswith(json_file), report
        # Loaded before anybody asks for them.
        daemon.warm()
        loaded = "import sys; print('json' in sys.modules)"
        expect(daemon.run(loaded)[2]["stdout"], "True\n")
        daemon.warm()
        expect(daemon.run(loaded, files=[
            {"path": "re.py", "content": ""}])[2]["stdout"], "False\n")


def test_verdicts(build):
    rows = (
        ("import sys; sys.exit(3)", {}, "failure", "exited"),
        ("while True: pass", {"timeout": 0.3}, "timeout", "wall_time"),
        ("import os; os.kill(os.getpid(), 9)", {}, "failure", "signaled"),
        ("print('x' * 5000)", {"limits": {"output": "1K",
                                          "output_action": "kill"}},
         "limit", "output"),
        ("print(input())", {"inputs": ["line"]}, "success", "exited"),
    )
    with Daemon(build, "--warm", "python=1") as daemon:
        for code, more, status, reason in rows:
            answer = daemon.run(code, **more)
            expect(answer[0], 200, code)
            expect((answer[2]["status"], answer[2]["reason"]),
                   (status, reason), code)
        expect(daemon.metric('sbx_runs_total{status="timeout"}'), 1)


def test_texts_are_checked(build):
    """Before the run, which is warm; a rejection is a report, and no error."""
    checks = [
        ("import os", {"blocked_modules": ["os"]}, "rejected"),
        ("import math", {"max_code_bytes": 5}, "rejected"),
        ("import math", {"blocked_modules": ["os"]}, "success"),
    ]
    with Daemon(build, "--warm", "python=1") as daemon:
        daemon.warm()
        for code, check, wanted in checks:
            status, _, report = daemon.run(code, check=check)
            expect((status, report["status"]), (200, wanted), code)
        expect(report["stages"]["check"]["status"], "success")
        expect(report["isolation"]["warm"], True)
        expect(daemon.metric('sbx_runs_total{status="rejected"}'), 2)


def test_files_come_back(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        daemon.warm()
        report = daemon.run(
            "import os; os.mkdir('d'); open('d/x', 'w').write('text'); "
            "os.symlink('/etc/passwd', 'd/y')", collect=["d/*"])[2]
        expect(report["isolation"]["warm"], True)
        expect([(f["path"], f["content_b64"]) for f in report["files"]
                if "content_b64" in f],
               [("d/x", "dGV4dA==")])


def test_bad_requests(build):
    rows = (
        ("POST", "/v1/run", "{bad", 400, "bad_request"),
        ("POST", "/v1/run", "", 400, "bad_request"),
        ("POST", "/v1/run", "[]", 400, "bad_request"),
        ("POST", "/v1/run", '{"language": "python"}', 400, "bad_request"),
        ("POST", "/v1/run", '{"language": "no", "code": ""}', 400,
         "bad_request"),
        ("POST", "/v1/run", '{"language": "python", "code": "", "x": 1}', 400,
         "bad_request"),
        ("POST", "/v1/run", '{"language": "python", "code": "", "session": '
         '"a/b"}', 400, "bad_request"),
        ("POST", "/v1/run", " " * ((1 << 20) + 1), 413, "too_large"),
        ("POST", "/v1/run?stream=yes", '{"language": "python", "code": ""}',
         400, "bad_request"),
        ("GET", "/v1/run", None, 405, "method"),
        ("POST", "/healthz", "", 405, "method"),
        ("GET", "//", None, 404, "not_found"),
        ("GET", "/v1/run/", None, 404, "not_found"),
        ("DELETE", "/v1/runs/", None, 404, "not_found"),
        ("DELETE", "/v1/runs/none", None, 404, "not_found"),
        ("DELETE", "/v1/runs/../../x", None, 404, "not_found"),
    )
    with Daemon(build, "--warm", "python=0") as daemon:
        for method, path, body, status, code in rows:
            answer = daemon.ask(method, path, body)
            expect(answer[0], status, (method, path))
            expect(answer[2]["error"]["code"], code)
            assert answer[2]["error"]["text"]
        answer = daemon.ask("POST", "/v1/sessions/a/files/b", "")
        expect(answer[1]["Allow"], "DELETE, GET, PUT")
        expect(answer[2]["error"]["text"],
               "what this path has is: DELETE, GET, PUT")
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def run_later(daemon, answers, code, **more):
    thread = threading.Thread(
        target=lambda: answers.append(daemon.run(code, **more)))
    thread.start()
    return thread


def test_delete_cancels(build):
    with Daemon(build, "--warm", "python=1", "--max-runs", "1") as daemon:
        answers = []
        threads = [run_later(daemon, answers, "import time; time.sleep(60)",
                             id=name) for name in ("one", "two")]
        until(lambda: len(daemon.runs()) == 2)
        states = {run["id"]: run["state"] for run in daemon.runs()}
        expect(sorted(states.values()), ["queued", "running"])
        for name in sorted(states, key=states.get):
            expect(daemon.ask("DELETE", "/v1/runs/" + name)[0], 200)
        for thread in threads:
            thread.join(30)
        expect([status for status, _, _ in answers], [200, 200])
        expect(sorted(report["id"] for _, _, report in answers),
               ["one", "two"])
        expect({report["status"] for _, _, report in answers}, {"cancelled"})


def test_a_full_queue_is_429(build):
    with Daemon(build, "--warm", "python=1", "--max-runs", "1",
                "--max-queue", "1") as daemon:
        answers = []
        code = "import time; time.sleep(1)"
        threads = [run_later(daemon, answers, code)]
        until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
        threads.append(run_later(daemon, answers, code))
        until(lambda: len(daemon.runs()) == 2)
        status, headers, body = daemon.run(code)
        expect((status, body["error"]["code"]), (429, "queue_full"))
        assert int(headers["Retry-After"]) > 0
        for thread in threads:
            thread.join(60)
        expect([status for status, _, _ in answers], [200, 200])
        expect(daemon.run("print(1)")[0], 200)


def test_who_hangs_up_cancels(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        connection = Connection(daemon.socket)
        connection.request("POST", "/v1/run", json.dumps(
            {"language": "python", "code": "import time; time.sleep(60)"}))
        until(lambda: len(daemon.runs()) == 1)
        connection.close()
        until(lambda: not daemon.runs(), 20)
        until(lambda: daemon.metric(
            'sbx_runs_total{status="cancelled"}') == 1, 20)


def test_nobody_waits_for_another(build):
    """Clients that say nothing, half of something, or read nothing."""
    with Daemon(build, "--warm", "python=1") as daemon:
        idle = []
        for text in (b"", b"P", b"POST /v1/run HTTP/1.1\r\nContent-Length: 9"
                     b"\r\n\r\n{", b"\x01sbx", b"\x00\xff"):
            idle.append(socket.socket(socket.AF_UNIX))
            idle[-1].connect(daemon.socket)
            idle[-1].sendall(text)
        deaf = Connection(daemon.socket)
        deaf.request("POST", "/v1/run", json.dumps(
            {"language": "python", "code": "print('x' * 900000)"}))
        for _ in range(3):
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")
        expect(len(json.loads(deaf.getresponse().read())["stdout"]), 900001)
        for each in idle:
            each.close()
        deaf.close()


def test_many_at_once(build):
    with Daemon(build, "--warm", "python=2", "--max-runs", "4",
                "--max-queue", "10") as daemon:
        answers, threads = [], []
        for _ in range(40):
            threads.append(run_later(daemon, answers, "print(7)"))
        for thread in threads:
            thread.join(120)
        expect(len(answers), 40)
        good = [a for a in answers if a[0] == 200]
        expect({a[2]["stdout"] for a in good}, {"7\n"})
        expect({a[0] for a in answers} - {200, 429}, set())
        assert len(good) >= 10
        time.sleep(0.3)
        expect(daemon.runs(), [])


def test_what_became_of_a_run(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        daemon.warm()
        answers = []
        thread = run_later(daemon, answers, "import time; time.sleep(60)",
                           id="long")
        until(lambda: daemon.runs())
        expect(daemon.ask("GET", "/v1/runs/long")[2]["state"], "running")
        daemon.run("print('secret-word'); 1/0", id="short")
        run = daemon.ask("GET", "/v1/runs/short")[2]
        expect((run["state"], run["status"]), ("over", "failure"))
        daemon.ask("DELETE", "/v1/runs/long")
        thread.join(30)
        status, _, body = daemon.ask("GET", "/v1/runs")
        expect([(run["id"], run["status"]) for run in body["recent"]],
               [("long", "cancelled"), ("short", "failure")])
        assert "secret" not in json.dumps(body)
        expect(daemon.ask("GET", "/v1/runs/none")[0], 404)


def test_a_run_does_not_reach_the_daemon(build):
    code = ("import os, socket\nfor path in (%r, '/run/sbx/sbxd.sock'):\n"
            "  s = socket.socket(socket.AF_UNIX)\n"
            "  print(s.connect_ex(path), os.path.exists(path))\n"
            "print(len(open('/proc/net/unix').readlines()) - 2)")
    with Daemon(build, "--warm", "python=1") as daemon:
        expect(daemon.run(code % daemon.socket)[2]["stdout"],
               "2 False\n2 False\n0\n")


def test_cancel_and_end_at_once(build):
    """Whichever comes first, there is one answer, and one state."""
    with Daemon(build, "--warm", "base=2") as daemon:
        for i in range(60):
            answers = []
            thread = threading.Thread(target=lambda: answers.append(daemon.ask(
                "POST", "/v1/run", {"language": "bash", "id": f"run-{i}",
                                    "code": "sleep 0.0%d" % (i % 10)})))
            thread.start()
            while thread.is_alive():
                daemon.ask("DELETE", f"/v1/runs/run-{i}")
            thread.join()
            expect([answer[0] for answer in answers], [200])
            state = daemon.ask("GET", f"/v1/runs/run-{i}")[2]
            expect(state["status"], answers[0][2]["status"])


def test_a_thousand_clients(build):
    """At once: each has one answer, and nobody is forgotten."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    body = b'{"language": "bash", "code": "echo 7"}'
    request = (b"POST /v1/run HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body) + body)
    with Daemon(build, "--warm", "base=2", "--max-runs", "4",
                "--max-queue", "40") as daemon:
        clients = []
        for _ in range(1000):
            clients.append(socket.socket(socket.AF_UNIX))
            clients[-1].settimeout(120)
            clients[-1].connect(daemon.socket)
        for client in clients:
            client.sendall(request)
        answers = collections.Counter()
        for client in clients:
            with client, client.makefile("rb") as file:
                head, _, rest = file.read().partition(b"\r\n\r\n")
            answers[head.split()[1]] += 1
            if head.split()[1] == b"200":
                expect(json.loads(rest)["stdout"], "7\n")
        expect(set(answers) - {b"200", b"429"}, set())
        expect(sum(answers.values()), 1000)
        assert answers[b"200"] >= 40, answers
        expect(daemon.runs(), [])
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def events(daemon, code, **more):
    """The events of a run, as they come."""
    connection = Connection(daemon.socket)
    connection.request("POST", "/v1/run?stream=1", json.dumps(
        dict(language="python", code=code, **more)))
    answer = connection.getresponse()
    expect((answer.status, answer.headers["Content-Type"]),
           (200, "application/x-ndjson"))
    for line in answer:
        yield json.loads(line)
    connection.close()


def test_streams(build):
    with Daemon(build, "--warm", "python=2") as daemon:
        daemon.warm()
        code = ("import sys\nprint('one', flush=True)\nfor line in sys.stdin:"
                " pass\nsys.stderr.write('two')\nsys.exit(3)")
        got = list(events(daemon, code))
        report = got.pop()
        expect(got, [{"event": "stdout", "text": "one\n"},
                     {"event": "stderr", "text": "two"}])
        expect((report["event"], report["report"]["exit_code"],
                report["report"]["stdout_bytes"]), ("report", 3, 4))
        # It comes before the end of the run.
        stream = events(daemon, "import time\nprint('a', flush=True)\n"
                        "time.sleep(60)", id="long")
        expect(next(stream)["text"], "a\n")
        expect([run["state"] for run in daemon.runs()], ["running"])
        daemon.ask("DELETE", "/v1/runs/long")
        expect(next(stream)["report"]["status"], "cancelled")
        # Characters that are cut, bytes that are none, more than is kept.
        text = "".join(each["text"] for each in events(
            daemon, "print('\u20ac' * 200000, end='')") if "text" in each)
        expect(text, "\u20ac" * 200000)
        got = list(events(daemon, "import os; os.write(1, b'\\xff\\xe2\\x82')"))
        expect(b"".join(base64.b64decode(each["text_b64"])
                        for each in got[:-1]), b"\xff\xe2\x82")
        status, _, body = daemon.ask("POST", "/v1/run?stream=1", "{")
        expect((status, body["error"]["code"]), (400, "bad_request"))
        status, _, body = daemon.ask("POST", "/v1/run?stream=1", {
            "language": "python", "code": "", "packages": ["no-such"]})
        expect((status, body["error"]["code"]), (400, "bad_request"))
        # Who hangs up in the middle cancels; who stops reading harms nobody.
        stream = events(daemon, "while 1: print('x' * 1000)",
                        limits={"output": "none"})
        next(stream)
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")
        stream.close()
        until(lambda: not daemon.runs(), 20)
