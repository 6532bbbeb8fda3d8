# SPDX-License-Identifier: MIT
"""TCP: who has a token is served, and nobody else. D131, D132 and S115 of
tests/attack/README.md."""

import concurrent.futures
import contextlib
import hashlib
import http.client
import json
import os
import secrets
import socket
import subprocess
import time

from lab import PATIENCE, Daemon, Skip, expect, until
from test_faults import is_closed

JSON = {"Content-Type": "application/json"}


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    with socket.socket(family) as sock:
        sock.bind((host, 0))
        return sock.getsockname()[1]


class Tcp(Daemon):
    """One with tokens of alice and bob, who are told apart by nothing else."""

    def __init__(self, build, *options, address="127.0.0.1", **more):
        self.port, self.address = free_port(), address
        super().__init__(build, *options, "--listen",
                         f"{address}:{self.port}", **more)
        self.tokens = {name: secrets.token_hex(32)
                       for name in ("alice", "bob")}

    def start(self):
        self.file = os.path.join(self.folder, "tokens")
        self.write("# who may\n\nalice {alice}\nbob sha256:{bob_hash}\n")
        self.options = [*self.options[:], "--tokens", self.file]
        self.env.update(XDG_DATA_HOME=f"{self.folder}/data",
                        XDG_CACHE_HOME=f"{self.folder}/cache")
        super().start()

    def write(self, text):
        with open(self.file, "w", opener=lambda path, flags: os.open(
                path, flags, 0o600)) as file:
            file.write(text.format(**self.tokens, bob_hash=hashlib.sha256(
                self.tokens["bob"].encode()).hexdigest()))

    def over(self, who, what, body=None, headers=None):
        """As ask(), over TCP with the token of that name, or without; what:
        the method and the path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=PATIENCE)
        headers = dict(headers or {})
        if who:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        if isinstance(body, dict):
            body = json.dumps(body)
            headers = JSON | headers
        try:
            connection.request(*what.split(" "), body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return (answer.status, answer.headers,
                json.loads(text) if text.startswith("{") else text)

    def run_as(self, who, code, **more):
        return self.over(who, "POST /v1/run",
                         dict(language="bash", code=code, **more))

    def runs_of(self, who):
        return self.over(who, "GET /v1/runs")[2]

    def connect(self, text=b""):
        """A connection with little room for what is not read."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(60)
        sock.connect(("127.0.0.1", self.port))
        sock.sendall(text)
        return sock


def listeners(daemon):
    """The ports of TCP on which this process listens."""
    own = set()
    for fd in os.listdir(f"/proc/{daemon.process.pid}/fd"):
        with contextlib.suppress(OSError):
            own.add(os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}"))
    ports = set()
    for name in ("tcp", "tcp6"):
        with open(f"/proc/{daemon.process.pid}/net/{name}") as file:
            for line in list(file)[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in own:
                    ports.add(int(words[1].rpartition(":")[2], 16))
    return ports


def test_D131_no_tcp_unless_told(build):
    with Daemon(build, "--warm", "base=0") as daemon:
        expect(listeners(daemon), set())
    with Tcp(build, "--warm", "base=0") as daemon:
        expect(listeners(daemon), {daemon.port}, "control")
        with open(f"/proc/{daemon.process.pid}/net/tcp") as file:
            assert f"0100007F:{daemon.port:04X}" in file.read()


def test_D130_no_box_reaches_it(build):
    """Nor does it where all addresses of the host are listened on."""
    code = ("import socket\nfor host in ('127.0.0.1', %r):\n"
            "  s = socket.socket()\n  s.settimeout(5)\n"
            "  print(s.connect_ex((host, %d)) != 0)")
    host = "127.0.0.2"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, \
            contextlib.suppress(OSError):
        sock.connect(("203.0.113.1", 9))
        host = sock.getsockname()[0]
    with Tcp(build, "--warm", "base=0", address="0.0.0.0") as daemon:
        with socket.create_connection((host, daemon.port)):
            pass
        expect(daemon.run(code % (host, daemon.port))[2]["stdout"],
               "True\nTrue\n")


def test_D131_a_token_is_the_way_in(build):
    paths = ("/v1/runs", "/v1/runs/x", "/metrics", "/v1/profiles", "/none",
             "/v1/capabilities", "/v1/sessions", "/healthz/", "/%00")
    with Tcp(build, "--warm", "base=0") as daemon:
        token = daemon.tokens["alice"]
        wrong = [{}] + [{"Authorization": value} for value in (
            "", "Bearer", "Bearer ", token, f"Basic {token}",
            f"Bearer {token[:-1]}", f"Bearer {token}0", f"Bearer {token} x",
            f"Bearer{token}", "Bearer " + "0" * 64, "Bearer " + "a" * 9000,
            "Bearer " + hashlib.sha256(token.encode()).hexdigest(),
            "Bearer sha256:" + hashlib.sha256(token.encode()).hexdigest(),
            "Bearer " + token.upper())]
        for headers in wrong:
            status, answer, body = daemon.over(None, "GET /v1/runs",
                                               headers=headers)
            expect((status, answer["WWW-Authenticate"], body["error"]["code"]),
                   (401, 'Bearer realm="sbxd"', "unauthorized"), headers)
            assert token not in str(body)
        for path in paths:
            expect(daemon.over(None, f"GET {path}")[0], 401, path)
            assert daemon.over("alice", f"GET {path}")[0] != 401, path
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"):
            expect(daemon.over(None, f"{method} /v1/run", None, JSON)[0], 401,
                   method)
        expect(daemon.over(None, "GET /healthz")[2], {"status": "ok"})
        for scheme in ("Bearer", "bearer", "BEARER "):
            expect(daemon.over(None, "GET /v1/runs", headers={
                "Authorization": f"{scheme} {token}"})[0], 200)
        for who in ("alice", "bob"):
            expect(daemon.run_as(who, "echo 7")[2]["stdout"], "7\n")
        # A body that nobody may send is not kept.
        expect(daemon.over(None, "PUT /v1/sessions/a/files/b",
                           b"x" * (8 << 20))[0], 401)
        assert daemon.metric("sbx_unauthorized_total") > len(wrong)
        with daemon.connect(b"\1sbxrun\0" + bytes(4)) as sock:
            assert not sock.recv(100).startswith(b"\1sbx"), "passing"


def test_D131_browsers(build):
    """What a page of somebody else's can have a browser send."""
    run = {"language": "bash", "code": "echo 7"}
    with Tcp(build, "--warm", "base=0") as daemon:
        here = f"127.0.0.1:{daemon.port}"
        rows = [
            ({}, 200),
            ({"Host": f"localhost:{daemon.port}"}, 200),
            ({"Host": "LOCALHOST"}, 200),
            ({"Host": "127.0.0.1:1"}, 200),
            ({"Host": "[::1]"}, 200),
            ({"Host": "evil.example"}, 403),
            ({"Host": "localhost.evil.example"}, 403),
            ({"Host": "127.0.0.1.evil.example"}, 403),
            ({"Host": "127.0.0.1:80@evil.example"}, 403),
            ({"Host": "10.0.0.1"}, 403),
            ({"Host": ""}, 403),
            ({"Origin": f"http://{here}"}, 200),
            ({"Origin": f"http://{here}", "Sec-Fetch-Site": "same-origin"},
             200),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://127.0.0.1:1"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Sec-Fetch-Site": "none"}, 200),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 403),
            ({"Content-Type": "application/json; charset=utf-8"}, 200),
            ({"Content-Type": "text/plain"}, 415),
            ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
            ({"Content-Type": "application/jsonx"}, 415),
            ({"Content-Type": ""}, 415),
        ]
        for headers, wanted in rows:
            status, answer, body = daemon.over("alice", "POST /v1/run",
                                               run, headers)
            expect(status, wanted, headers)
            expect("stdout" in body, wanted == 200, headers)
            assert not [name for name in answer if name.lower().startswith(
                "access-control")], headers
            expect(answer["X-Content-Type-Options"], "nosniff")
        for headers, wanted in rows:
            if wanted == 403:
                for path in ("/healthz", "/", "/metrics"):
                    expect(daemon.over("alice", f"GET {path}", None,
                                       headers)[0], 403, (path, headers))
        # Two of what there may be one of, or no Host at all.
        head = (b"GET /v1/runs HTTP/1.1\r\nConnection: close\r\n"
                b"Authorization: Bearer %s\r\n"
                % daemon.tokens["alice"].encode())
        for more, wanted in ((b"Host: localhost\r\n", b"200"),
                             (b"Host: localhost\r\nHost: evil\r\n", b"400"),
                             (b"Host: localhost\r\nAuthorization: x\r\n",
                              b"400"), (b"", b"4")):
            with daemon.connect(head + more + b"\r\n") as sock:
                expect(sock.recv(12)[9:].startswith(wanted), True, more)
        # It is all as it was over the Unix socket.
        expect(daemon.ask("POST", "/v1/run", json.dumps(run))[0], 200)


def memory_of(pid):
    """What there is in the memory that a process can write."""
    with open(f"/proc/{pid}/maps") as file, \
            open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in file:
            words = line.split()
            if "w" not in words[1] or "[v" in line:
                continue
            begin, end = (int(word, 16) for word in words[0].split("-"))
            with contextlib.suppress(OSError):
                memory.seek(begin)
                yield memory.read(end - begin)


def family(pid):
    yield pid
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            below = file.read().split()
        for child in below:
            yield from family(int(child))


def holders(daemon, text):
    """Which of the daemon's processes, and of its boxes', have it."""
    found = []
    for pid in family(daemon.process.pid):
        with contextlib.suppress(OSError):
            if any(text in part for part in memory_of(pid)):
                found.append(pid)
    return found


def test_D132_a_token_is_nowhere(build):
    if os.geteuid() != 0:
        return
    with Tcp(build, "--warm", "python=2") as daemon:
        daemon.options += ["--audit", f"{daemon.folder}/log"]
        daemon.stop()
        daemon.process.stderr.close()
        Daemon.start(daemon)
        secret = daemon.tokens["alice"].encode()
        daemon.warm(2)
        answers = [daemon.run_as("alice", "echo 1; env; cat /proc/*/cmdline "
                                 "/proc/*/environ"),
                   daemon.run_as("alice", "echo 1", limits={"pids": "x"}),
                   daemon.over("alice", "GET /metrics"),
                   daemon.over("alice", "GET /v1/runs"),
                   daemon.over("alice", "GET /v1/capabilities"),
                   daemon.over("alice", "GET /none")]
        expect([answer[0] for answer in answers],
               [200, 400, 200, 200, 200, 404])
        # While a request is answered its other headers are there.
        body = b'{"language": "bash", "code": "sleep 60"}'
        hashed = hashlib.sha256(secret).hexdigest().encode()
        with daemon.connect(
                b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\n"
                b"Authorization: Bearer %s\r\nX-Canary: not-a-secret\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n"
                b"\r\n%s" % (secret, len(body), body)):
            until(lambda: [run["state"] for run in daemon.runs()]
                  == ["running"])
            assert daemon.process.pid in holders(daemon, b"not-a-secret")
            expect(holders(daemon, secret), [])
            expect(holders(daemon, hashed), [daemon.process.pid])
        until(lambda: not daemon.runs())
        for pid in family(daemon.process.pid):
            for name in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        assert secret not in file.read(), (pid, name)
        with open(f"{daemon.folder}/log") as file:
            log = file.read()
        lines = [json.loads(line) for line in log.splitlines()]
        expect([(line["uid"], line.get("who")) for line in lines],
               [(0, "alice")] * 3)
        daemon.stop()
        everything = log + str(answers) + daemon.process.stderr.read().decode()
        assert secret.decode() not in everything
        assert hashed.decode() not in everything


def test_S115_callers_are_apart(build):
    """Those of another token are as if they were not there; the user whose
    daemon it is sees them, and has sessions of its own."""
    with Tcp(build, "--warm", "base=0") as daemon:
        expect(daemon.run_as("alice", "echo hers >f", session="s",
                             id="done")[2]["status"], "success")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            run = pool.submit(daemon.run_as, "alice", "sleep 60", id="long")
            until(lambda: daemon.runs_of("alice")["runs"])
            expect(daemon.runs_of("alice")["runs"][0]["token"], "alice")
            expect(daemon.runs_of("bob"), {"runs": [], "recent": []})
            for what in ("GET /v1/runs/{}", "DELETE /v1/runs/{}",
                         "GET /v1/sessions/{}/files/f",
                         "DELETE /v1/sessions/{}"):
                for name in ("long", "done", "s"):
                    there = daemon.over("bob", what.format(name))
                    none = daemon.over("bob", what.format("none"))
                    expect((there[0], there[2]), (404, json.loads(json.dumps(
                        none[2]).replace("none", name))), what)
            expect(daemon.over("bob", "GET /v1/sessions")[2],
                   {"sessions": []})
            expect(daemon.ask("GET", "/v1/sessions")[2], {"sessions": []})
            expect(daemon.run_as("bob", "cat f; echo his >f",
                                 session="s")[2]["stdout"], "")
            expect([each["id"] for each in daemon.runs()], ["long"])
            expect(daemon.over("alice", "DELETE /v1/runs/long")[0], 200)
            expect(run.result()[2]["status"], "cancelled")
        for who, wanted in (("alice", "hers\n"), ("bob", "his\n")):
            expect(daemon.over(who, "GET /v1/sessions/s/files/f")[2],
                   wanted)
            assert os.path.isdir(f"{daemon.folder}/data/sbx/sessions-of/"
                                 f"token-{who}/s"), who
        expect(daemon.run("", session="s", collect=["f"])[2]["files"], [])


def test_a_token_opens_no_path(build):
    """Which for the daemon's own user it does."""
    with Tcp(build, "--warm", "base=0") as daemon:
        with open(f"{daemon.folder}/in", "w") as file:
            file.write("text\n")
        os.chmod(file.name, 0o644)
        for more in ({"mounts": [{"source": daemon.folder,
                                  "target": "/mnt"}]},
                     {"stdin_file": file.name}):
            request = dict(language="bash", code="cat /mnt/in - 2>/dev/null",
                           **more)
            expect(daemon.ask("POST", "/v1/run", request)[2]["stdout"],
                   "text\n", "control")
            status, _, body = daemon.over("alice", "POST /v1/run", request)
            expect(status, 400)
            assert "names a path of the host" in body["error"]["text"], body


def test_builds_are_apart(build):
    if subprocess.run(["which", "gcc"], capture_output=True).returncode:
        raise Skip("no gcc")
    code = "int main(void) { return 0; }"
    with Tcp(build, "--warm", "base=0") as daemon:
        for who, cached in (("alice", False), ("alice", True), ("bob", False)):
            report = daemon.over(who, "POST /v1/run", {
                "language": "c", "code": code})[2]
            expect(report["stages"]["build"]["cached"], cached, who)


def test_tokens_take_turns(build):
    """Who asks for much does not keep another waiting."""
    with Tcp(build, "--warm", "base=1", "--max-runs", "1") as daemon, \
            concurrent.futures.ThreadPoolExecutor(8) as pool:
        many = [pool.submit(daemon.run_as, "alice", "sleep 0.5")
                for _ in range(6)]
        until(lambda: len(daemon.runs()) == 6)
        expect(daemon.run_as("bob", "echo 7")[2]["stdout"], "7\n")
        assert sum(each.done() for each in many) <= 3
        expect([each.result()[0] for each in many], [200] * 6)


def opened(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_strangers_take_no_place(build):
    """Whether they say nothing, half of something, or ask what they may and do
    not read it. Users of the Unix socket, and who has a token, are served; and
    whom a token has let in keeps a connection that says nothing."""
    said = (b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
            b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 9\r\n\r\n{",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
    with Tcp(build, "--warm", "base=0", files=256) as daemon:
        known = http.client.HTTPConnection("127.0.0.1", daemon.port)
        headers = {"Authorization": f"Bearer {daemon.tokens['alice']}"}
        for text in said:
            user = socket.socket(socket.AF_UNIX)
            user.connect(daemon.socket)
            known.request("GET", "/v1/runs", headers=headers)
            expect(known.getresponse().read()[:8], b'{"runs":')
            many, before = [], opened(daemon)
            for _ in range(80):
                many.append(daemon.connect())
                many[-1].setblocking(False)
                with contextlib.suppress(OSError):
                    many[-1].send(text)
            expect(daemon.ask("GET", "/healthz")[0], 200, text)
            expect(daemon.run_as("bob", "echo 7")[2]["stdout"], "7\n", text)
            expect(is_closed(user), False, text)
            sock = known.sock
            known.request("GET", "/v1/runs", headers=headers)
            expect(known.getresponse().status, 200)
            assert known.sock is sock, "it was closed"
            known.close()
            # 32 for one address, of 128 in all, long before their time is
            # over.
            until(lambda: opened(daemon) <= before + 32, 5)
            for each in many + [user]:
                each.close()


def test_a_stranger_is_not_kept(build):
    with Tcp(build, "--warm", "base=0") as daemon:
        many = [daemon.connect(text) for text in (
            b"", b"GET /h", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")]
        begun = time.monotonic()
        for each in many:
            while each.recv(1000):
                pass
            assert time.monotonic() - begun < 14
            each.close()


def test_D139_who_hangs_up_cancels_over_tcp(build):
    with Tcp(build, "--warm", "base=1") as daemon:
        body = b'{"language": "bash", "code": "sleep 60"}'
        for end in (socket.socket.close, lambda s: s.shutdown(1)):
            sock = daemon.connect(
                b"POST /v1/run HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n"
                b"Authorization: Bearer %s\r\n\r\n%s" % (
                    len(body), daemon.tokens["alice"].encode(), body))
            until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
            end(sock)
            until(lambda: not daemon.runs(), 20)
            sock.close()
        until(lambda: daemon.metric(
            'sbx_runs_total{status="cancelled"}') == 2, 20)
