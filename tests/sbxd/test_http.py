# SPDX-License-Identifier: MIT
"""What the daemon answers over HTTP."""

import json
import socket
import threading
import time

from lab import Connection, Daemon, expect, until


def test_what_there_is(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        expect(daemon.ask("GET", "/healthz")[2], {"status": "ok"})
        profiles = daemon.ask("GET", "/v1/profiles")[2]["profiles"]
        assert {"base", "python", "node"} <= set(profiles), profiles
        expect(sorted(set(profiles)), profiles, "each once, sorted")
        about = daemon.ask("GET", "/v1/capabilities")[2]
        expect((about["schema"], about["warm"]), (1, ["python"]))
        expect(daemon.runs(), [])


def test_runs_are_warm(build):
    with Daemon(build, "--warm", "python=2") as daemon:
        seen = set()
        for turn in range(4):
            daemon.warm()
            status, _, report = daemon.run(
                "print(hash('x'))")
            expect(status, 200)
            expect(report["status"], "success")
            expect(report["isolation"]["warm"], True)
            seen.add((report["stdout"], report["id"]))
        expect(len({a for a, _ in seen}), 4, "hash seeds")
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
        ("GET", "/v1/run", None, 405, "method"),
        ("POST", "/healthz", "", 405, "method"),
        ("GET", "/", None, 404, "not_found"),
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
        expect({report["status"] for _, _, report in answers},
               {"cancelled", "error"})


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
