# SPDX-License-Identifier: MIT
"""Rows of section D of tests/attack/README.md: requests that are meant to break
the daemon. Beside each that is bad, a good one goes on."""

import array
import contextlib
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import time

from lab import OTHER, Daemon, expect, processes, until


def talk(daemon, text):
    """What it answers to these bytes, up to the end or a second of silence."""
    answer = b""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(1)
        peer.connect(daemon.socket)
        try:
            peer.sendall(text)
            peer.shutdown(socket.SHUT_WR)
            while part := peer.recv(65536):
                answer += part
        except OSError:
            pass
    return answer


def statuses(answer):
    return [line.split()[1] for line in answer.split(b"\r\n")
            if line.startswith(b"HTTP/1.")]


GOOD = json.dumps({"language": "python", "code": "print(6 * 7)"}).encode()
HEAD = b"POST /v1/run HTTP/1.1\r\nHost: x\r\n"


def test_D133_broken_http(build):
    size = b"Content-Length: %d\r\n" % len(GOOD)
    rows = (
        HEAD + size + b"Transfer-Encoding: chunked\r\n\r\n" + GOOD,
        HEAD + size + b"Content-Length: 2\r\n\r\n" + GOOD,
        HEAD + b"Content-Length: -1\r\n\r\n" + GOOD,
        HEAD + b"Content-Length: 18446744073709551617\r\n\r\n" + GOOD,
        HEAD + b"Content-Length: 1e3\r\n\r\n" + GOOD,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + GOOD,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{",
        HEAD + b"X: a\0b\r\n" + size[:-2] + b"x\r\n\r\n" + GOOD,
        b"POST /v1/run HTTP/9.9\r\n\r\n",
        b"POST  /v1/run\r\n\r\n",
        b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"X: " + b"a" * 100000 + b"\r\n\r\n",
        b"\r\n" * 1000, b"\0" * 1000, b"GET",
    )
    with Daemon(build, "--warm", "python=1") as daemon:
        good = talk(daemon, HEAD + size + b"\r\n" + GOOD)
        expect(statuses(good), [b"200"], "control")
        assert b'"stdout":"42\\n"' in good
        for row in rows:
            answer = talk(daemon, row)
            assert b"stdout" not in answer, (row[:80], answer[:200])
            assert all(status[:1] in b"45" for status in statuses(answer)), (
                row[:80], answer[:200])
            expect(daemon.run("print(1)")[2]["stdout"], "1\n", row[:80])


def test_D134_broken_json(build):
    head = '{"language": "python", "code": "print(42)"'
    rows = (
        "[" * 100000, '{"a":' * 100000, head + ', "code": "print(2)"}',
        head + "} x", head + ', "timeout": NaN}', head + ', "timeout": 1e999}',
        head + ', "timeout": -0}', head + ', "limits": {"pids": 1.5}}',
        head + ', "limits": {"pids": 9223372036854775808}}',
        head + ', "limits": {"pids": "\u0663"}}', head + ', "id": ""}',
        '{"language": "python", "code": "a\\u0000b"}',
        '{"language": "python", "code": "\\ud800"}',
        "\ufeff" + head + "}", head, "", "null", '"x"',
    )
    with Daemon(build, "--warm", "python=1") as daemon:
        expect(daemon.ask("POST", "/v1/run", head + "}")[0], 200, "control")
        rows = [row.encode() for row in rows]
        for row in (*rows, head.encode() + b', "x": "\xff"}',
                    head.encode() + b', "x": "\xc0\xaf"}'):
            status, _, body = daemon.ask("POST", "/v1/run", row)
            expect((status, body["error"]["code"]), (400, "bad_request"),
                   row[:80])
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_D135_odd_limits(build):
    values = ("-1", "0", "18446744073709551616", "1e9", "10Q", " 5", "5 ", "",
              "\u0665", "0x10", "inf", "nan", -1, 0, 2 ** 63 - 1, True, [], {})
    with Daemon(build, "--warm", "python=1") as daemon:
        for field in ("memory", "wall_time", "pids"):
            for value in values:
                status, _, body = daemon.ask("POST", "/v1/run", {
                    "language": "python", "code": "print(42)",
                    "limits": {field: value}})
                assert status == 400 or (
                    body["limits"][field]["value"] != "none"
                    and 0 < body["limits"][field]["value"] < 2 ** 63), (
                    field, value, body)
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_D136_without_end(build):
    more = ({"args": ["a" * 200000]}, {"args": ["a"] * 70000},
            {"env": {"A": "b" * 200000}},
            {"env": {f"A{i}": "b" for i in range(70000)}},
            {"id": "x" * 129},
            {"files": [{"path": "a" * 5000, "content": "x"}]},
            {"files": [{"path": "d/" * 200 + "x", "content": "x"}]})
    with Daemon(build, "--warm", "python=1") as daemon:
        for each in more:
            status, _, body = daemon.ask("POST", "/v1/run", {
                "language": "python", "code": "print(42)", **each})
            assert status in (400, 413) or body["status"] == "error", (
                str(each)[:80], status, body)
            assert "42" not in body.get("stdout", "")
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_D137_arguments_are_no_options(build):
    words = ["--", "--bind", "/:/mnt", "-c", "-", "--help", "a b", "$(id)",
             ";id", "-cimport os", "\n", ""]
    with Daemon(build, "--warm", "python=1") as daemon:
        report = daemon.ask("POST", "/v1/run", {
            "language": "python", "args": words,
            "code": "import sys; print(sys.argv[1:])"})[2]
        expect(report["stdout"], repr(words) + "\n")


def ticks(pid):
    """Hundredths of a second of a processor that it has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_D148_no_descriptors(build):
    """Short of descriptors it answers what it can, does not spin, and goes on
    when there are some again."""
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
    with Daemon(build, "--warm", "python=1") as daemon:
        daemon.warm()
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        n = len(os.listdir(f"/proc/{pid}/fd"))
        for more in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24):
            resource.prlimit(pid, resource.RLIMIT_NOFILE,
                             (n + more, before[1]))
            answer = talk(daemon, request)
            assert not answer or statuses(answer)[0] in (b"200", b"503"), (
                more, answer)
            used = ticks(pid)
            time.sleep(0.5)
            assert ticks(pid) - used < 30, more
            assert daemon.process.poll() is None, more
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_D150_metrics_tell_nothing(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        report = daemon.ask("POST", "/v1/run", {
            "language": "python", "code": "print('CANARY' + '-7')",
            "args": ["CANARY-7"], "id": "CANARY-7",
            "env": {"CANARY": "CANARY-7"}})[2]
        expect(report["stdout"], "CANARY-7\n")
        for path in ("/metrics", "/healthz", "/v1/capabilities"):
            assert "CANARY" not in str(daemon.ask("GET", path)[2]), path


def lingering():
    """A TCP socket whose last close waits for an hour, and its peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
    ours.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            ours.send(bytes(65536))
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 3600))
    return ours, peer


def send_with(sock, data, fd):
    sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                           array.array("i", [fd]))])


def test_D155_closing_waits_for_nobody(build):
    """What is sent along is closed by the daemon, last of all."""
    header = b"\1sbxrun\0" + bytes(4)
    with Daemon(build) as daemon:
        for nested, data in ((False, header), (True, header),
                             (False, b"GET /healthz HTTP/1.1\r\n")):
            ours, peer = lingering()
            with socket.socket(socket.AF_UNIX) as sock:
                daemon.process.send_signal(signal.SIGSTOP)
                sock.connect(daemon.socket)
                if nested:
                    one, other = socket.socketpair()
                    with one, other:
                        send_with(one, b"x", ours.fileno())
                        send_with(sock, data, other.fileno())
                else:
                    send_with(sock, data, ours.fileno())
            ours.close()
            daemon.process.send_signal(signal.SIGCONT)
            expect(daemon.ask("GET", "/healthz")[0], 200, (nested, data))
            peer.close()


def closers(daemon):
    """The daemon's copies of itself; its boxes have wiped their arguments."""
    return set(daemon.children()) & set(processes(daemon.socket))


def test_D155_nor_for_a_file_system(build):
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        return
    with Daemon(build) as daemon:
        os.chmod(daemon.socket, 0o666)
        place = os.path.join(daemon.folder, "f")
        with open(place, "wb"):
            pass
        helper = os.path.join(os.path.dirname(__file__), "hang.py")
        with subprocess.Popen([helper, daemon.socket, place, str(OTHER)],
                              stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as client:
            word, server = client.stdout.readline().split()
            try:
                expect(word, b"sent")
                expect(daemon.ask("GET", "/healthz")[0], 200)
                expect(len(closers(daemon)), 1, "what hangs")
            finally:
                os.kill(int(server), signal.SIGKILL)
                client.stdin.close()
        until(lambda: not closers(daemon))
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")
