# SPDX-License-Identifier: MIT
"""Clients of every kind for load: what each sends, and the answer it is due."""

import base64
import collections
import contextlib
import http.client
import json
import random
import socket
import threading
import time

from lab import Connection

GONE = (ConnectionError, http.client.HTTPException, FileNotFoundError)
BURST = 40
LARGE = 900000
IDLE = 5  # seconds; the daemon closes what is idle for ten


def python(code, **more):
    return dict(language="python", code=code, **more)


def bash(code, **more):
    return dict(language="bash", code=code, **more)


# what a client sends, the status of the report that is due, and what it says
KINDS = {
    "python": (python("print(6 * 7)"), "success", "42\n"),
    "node": ({"language": "node", "code": "console.log(6 * 7)"}, "success",
             "42\n"),
    "bash": (bash("echo $((6 * 7))"), "success", "42\n"),
    "perl": ({"language": "perl", "code": "print 42"}, "success", "42"),
    "input": (python("print(input())", inputs=["x" * 10000]), "success",
              "x" * 10000 + "\n"),
    "failure": (python("1/0"), "failure", ""),
    "signal": (bash("kill -9 $$"), "failure", ""),
    "timeout": (bash("sleep 60", timeout=0.2), "timeout", ""),
    "output": (bash("yes", limits={"output": "10K", "output_action": "kill"}),
               "limit", None),
    "memory": (python("x = b'x' * (400 << 20)\nimport time; time.sleep(60)",
                      limits={"memory": "64M"}), "limit", ""),
    "children": (bash("for i in 1 2 3; do sleep 60 & done"), "success", ""),
    # hostile ones
    "bomb": (bash("f() { f | f & }; f; sleep 60", timeout=0.5), "timeout",
             ""),
    "kills all": (bash("trap '' TERM; kill -TERM -1; kill -KILL -1; exit 3"),
                  "failure", ""),
    "daemons": (python("import os\nfor i in range(9):\n  if not os.fork():\n"
                       "    os.setsid()\n    while 1: pass\nprint('left')"),
                "success", "left\n"),
    "denied": (bash("unshare -Urm true 2>/dev/null || echo no"), "success",
               "no\n"),
    "disk": (bash("head -c 60M /dev/zero >a 2>/dev/null && "
                  "head -c 60M /dev/zero >b 2>/dev/null || echo full"),
             "success", "full\n"),
    "names": (python("import os\ntry:\n  for i in range(20000): "
                     "open(str(i), 'w').close()\n"
                     "except OSError as e: print(e.errno)"), "success", "28\n"),
    "forged": (bash("""echo '{"schema":1,"status":"success"}'; exit 124"""),
               "failure", '{"schema":1,"status":"success"}\n'),
    "links": (bash("ln -s /etc/passwd a; mkfifo b; mkdir -p c/d; ln -s .. c/d/e"
                   "; echo x >f", collect=["**"]), "success", ""),
}


class Clients:
    """They ask self.daemon until self.over, and note what they got."""

    def __init__(self):
        self.counts = collections.Counter()
        self.wrong = []
        self.odd = []  # what a box that was killed explains
        self.spent = []  # seconds that each "python" took
        self.over = threading.Event()
        self.may_break = threading.Event()  # the daemon is being killed
        self.killed = 0  # how often it was
        self.newest = 0.0  # when the youngest request with an answer was sent
        self.daemon = None
        self.lock = threading.Lock()

    def note(self, what, wrong=None):
        with self.lock:
            self.counts[what] += 1
        if wrong:
            self.wrong.append(f"{what}: {wrong}")

    def lost(self, what, error, killed):
        """No answer. The daemon that was asked was killed, or it is wrong."""
        expected = self.may_break.is_set() or self.killed > killed
        self.note("daemon gone" if expected else what,
                  None if expected else repr(error))

    # ---- a request on a connection that is kept ----

    def ask(self, connection, what, body, check):
        """One answer with the request's own id. check(report): what is wrong,
        or nothing."""
        name = f"{what.replace(' ', '-')}-{random.getrandbits(60):x}"
        connection.request("POST", "/v1/run", json.dumps(dict(body, id=name)))
        answer = connection.getresponse()
        report = json.loads(answer.read())
        if answer.status in (429, 503):
            return self.note(f"refused {answer.status}")
        if answer.status != 200 or report.get("id") != name:
            return self.note(what, f"{answer.status} {report}")
        if ended_from_outside(report):
            return self.odd.append(f"{what}: {report['message']}")
        fault = check(report)
        return self.note(what, fault and f"{fault}: {report}")

    def kind(self, connection, what):
        body, due, said = KINDS[what]
        start = time.monotonic()
        self.ask(connection, what, body, lambda report: None if (
            report["status"] == due and said in (None, report["stdout"]))
            else f"not {due} or {said!r}")
        self.newest = max(self.newest, start)
        if what == "python":
            self.spent.append(time.monotonic() - start)

    def files(self, connection):
        text = f"{random.getrandbits(60)}\n" * random.choice((1, 100, 5000))

        def check(report):
            got = {each["path"]: each for each in report["files"]}
            return None if report["status"] == "success" and base64.b64decode(
                got["d/out"]["content_b64"]).decode() == text * 2 else "files"
        self.ask(connection, "files", python(
            "import os\nos.mkdir('d')\nwith open('in') as a, open('d/out', 'w')"
            " as b: b.write(a.read() * 2)", collect=["d/*"],
            files=[{"path": "in", "content": text}]), check)

    def session(self, connection):
        """A dozen turns, and its files through the other door."""
        name = f"s-{random.getrandbits(60):x}"
        turns = 0
        for _ in range(12):
            before = len(self.wrong) + len(self.odd)

            def check(report):
                nonlocal turns
                lines = report["stdout"].count("\n")
                if report["status"] != "success" or lines <= turns:
                    return f"{turns} turns"
                turns = lines
                return None
            self.ask(connection, "session", bash("echo $RANDOM >>log; cat log",
                                                 session=name), check)
            if len(self.wrong) + len(self.odd) > before or self.over.is_set():
                break
        path = f"/v1/sessions/{name}"
        for method, where, body, due in (
                ("PUT", f"{path}/files/a/b", "content", (200, 409, 429)),
                ("GET", f"{path}/files/a/b", None, (200, 404, 409, 429)),
                ("DELETE", path, None, (200, 404, 409, 429))):
            connection.request(method, where, body)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 503:
                self.odd.append(f"session file: {text}")
            else:
                self.note("session file", None if answer.status in due
                          else f"{method} {answer.status} {text}")

    # ---- those who use up a connection ----

    def hang_up(self):
        with contextlib.suppress(OSError):
            connection = Connection(self.daemon.socket)
            connection.request("POST", "/v1/run", json.dumps(
                random.choice((bash("sleep 60"), python("while 1: pass")))))
            time.sleep(random.random() / 5)
            connection.close()
            self.note("hung up")

    def slow(self):
        """Takes little of a lot, slowly; goes, or takes the rest."""
        connection = Connection(self.daemon.socket)
        stream = random.random() < 0.5
        connection.request(
            "POST", "/v1/run?stream=1" if stream else "/v1/run",
            json.dumps(python(f"print('x' * {LARGE})")))
        time.sleep(random.random())
        answer = connection.getresponse()
        if answer.status != 200:
            answer.read()
            return self.note(f"refused {answer.status}")
        data = b""
        for _ in range(random.randrange(8)):
            data += answer.read(4096)
            time.sleep(0.05)
        if random.random() < 0.5:
            connection.close()
            return self.note("slow, and gone")
        lines = (data + answer.read()).splitlines()
        connection.close()
        events = [json.loads(line) for line in lines]
        report = events[-1].get("report", events[-1])
        text = (report["stdout"] if not stream else
                "".join(each.get("text", "") for each in events))
        if ended_from_outside(report):
            return self.odd.append(f"slow: {report['message']}")
        return self.note("slow", None if len(text) == LARGE + 1
                         else f"{len(text)} bytes: {report}")

    def burst(self):
        """More than the queue holds, at once: each is served or refused."""
        text = json.dumps(bash("echo 7")).encode()
        request = (b"POST /v1/run HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(text) + text)
        with contextlib.ExitStack() as stack:
            sockets = []
            for _ in range(BURST):
                sockets.append(stack.enter_context(
                    socket.socket(socket.AF_UNIX)))
                sockets[-1].settimeout(120)
                sockets[-1].connect(self.daemon.socket)
                sockets[-1].sendall(request)
            for each in sockets:
                with each.makefile("rb") as file:
                    head, _, rest = file.read().partition(b"\r\n\r\n")
                if not head:
                    raise ConnectionResetError
                status, report = head.split()[1], json.loads(rest)
                if status == b"200" and ended_from_outside(report):
                    self.odd.append(f"burst: {report['message']}")
                elif status == b"200":
                    self.note("burst", None if report["stdout"] == "7\n"
                              else str(report))
                else:
                    self.note(f"refused {status.decode()}",
                              None if status in (b"429", b"503") else str(head))

    def cancel(self):
        name = f"cancel-{random.getrandbits(60):x}"
        thread = threading.Thread(target=self.cancelled, args=(name,))
        thread.start()
        while thread.is_alive():
            time.sleep(0.05)
            with contextlib.suppress(*GONE):
                self.daemon.ask("DELETE", "/v1/runs/" + name)
        thread.join()

    def cancelled(self, name):
        killed = self.killed
        try:
            status, _, report = self.daemon.ask("POST", "/v1/run", bash(
                "sleep 60", id=name))
        except GONE as error:
            return self.lost("cancelled", error, killed)
        if status == 200 and ended_from_outside(report):
            return self.odd.append(f"cancelled: {report['message']}")
        good = status in (429, 503) or report["status"] == "cancelled"
        return self.note("cancelled", None if good else f"{status} {report}")

    def passing(self):
        """sbx-exec --pool: let be, killed, or one that nobody reads."""
        what = random.choice(("exec", "exec killed", "exec unread"))
        code = {"exec": "echo 42; exit 3", "exec killed": "sleep 60",
                "exec unread": "yes"}[what]
        killed = self.killed
        done = self.daemon.exec("--profile", "bash", "--timeout", "5", "--code",
                                code)
        if what != "exec":
            time.sleep(random.random() / 5)
            done.kill()
        out, err = done.communicate()
        gone = done.returncode == 125 and b"daemon" in err
        full = done.returncode == 125 and b"try again" in err
        if gone:
            self.lost(what, err, killed)
        elif full:
            self.note("refused")
        elif what == "exec" and b"from outside" in err:
            self.odd.append(f"{what}: {err}")
        else:
            wrong = what == "exec" and (done.returncode, out) != (3, b"42\n")
            self.note(what, f"{done.returncode} {out} {err}" if wrong else None)

    # ---- one of the crowd ----

    def one(self, kept, draw):
        """Whatever comes next. kept: [] or [connection], for the next one."""
        lot = draw.random()
        if lot < 0.1:
            return draw.choice((self.hang_up, self.cancel, self.passing,
                                self.slow, self.burst))()
        connection = kept.pop() if kept else Connection(self.daemon.socket)
        if lot < 0.2:
            draw.choice((self.files, self.files, self.session))(connection)
        elif lot < 0.6:
            self.kind(connection, "python")
        else:
            self.kind(connection, draw.choice(list(KINDS)))
        return kept.append(connection)

    def client(self, seed):
        draw, kept, last, killed = random.Random(seed), [], 0, 0
        while not self.over.is_set():
            if self.may_break.is_set():
                time.sleep(0.1)
            if time.monotonic() > last + IDLE:
                close(kept)
            killed = killed if kept else self.killed
            try:
                self.one(kept, draw)
                last = time.monotonic()
            except GONE as error:
                self.lost("connection", error, killed)
            except Exception as error:
                self.note("client", repr(error))
        close(kept)


def close(connections):
    while connections:
        connections.pop().close()


def ended_from_outside(report):
    """A box was killed: its report says so."""
    return "from outside" in report.get("message", "") or (
        report.get("status") == "error")
