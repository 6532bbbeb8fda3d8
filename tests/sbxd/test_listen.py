# SPDX-License-Identifier: MIT
"""Where the daemon listens, and what it takes for tokens."""

import contextlib
import http.client
import os
import re
import secrets
import signal
import socket
import subprocess

from lab import OTHER, Daemon, expect, until
from test_tcp import Tcp, free_port

GOOD = "k" * 32
NO_TOKENS = (
    (0o600, "", "there is no token"),
    (0o600, "# none\n \n", "there is no token"),
    (0o600, "alice\n", "line 1: NAME TOKEN"),
    (0o600, f"a {GOOD}\nb {GOOD[1:]}\n", "line 2: has less than 32"),
    (0o600, f"a {GOOD} x\n", "line 1: NAME TOKEN"),
    (0o600, f"../a {GOOD}\n", "line 1: a name"),
    (0o600, f"{'a' * 33} {GOOD}\n", "line 1: a name"),
    (0o600, f"a {GOOD}\nb {GOOD}\n", "line 2: is there before, for a"),
    (0o600, f"a {GOOD}\u00e9\n", "line 1: letters"),
    (0o600, f"a {GOOD}\r\n", "line 1: letters"),
    (0o600, "a sha256:" + "A" * 64 + "\n", "line 1: 64 digits"),
    (0o600, f"a {GOOD * 9}\n", "line 1: letters, digits"),
    (0o600, "#" * (200 << 10), "File too large"),
    (0o640, f"a {GOOD}\n", "chmod 600 "),
    (0o604, f"a {GOOD}\n", "chmod 600 "),
)


def refused(daemon, *options):
    """The exit status and the one line of a second daemon that is to have
    none."""
    done = subprocess.run(
        [f"{daemon.build}/bin/sbxd", "--socket", f"{daemon.folder}/other",
         *options], env=daemon.env, capture_output=True, text=True, timeout=60)
    expect(done.stderr.count("\n"), 1, done.stderr)
    assert not os.path.exists(f"{daemon.folder}/other")
    return done.returncode, done.stderr


def test_what_is_no_file_of_tokens(build):
    """One line that says why, and not a word of what is in it."""
    with Daemon(build, "--warm", "base=0") as daemon:
        path = f"{daemon.folder}/tokens"
        for mode, text, why in NO_TOKENS:
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, mode)
            status, line = refused(daemon, "--listen", "1", "--tokens", path)
            expect((status, why in line), (1, True), line)
            assert "kkk" not in line, line
        os.chmod(path, 0o600)
        os.unlink(path)
        expect(refused(daemon, "--listen", "1", "--tokens", path)[0], 1)
        os.mkfifo(path)
        expect(refused(daemon, "--listen", "1", "--tokens", path)[0], 1)
        os.unlink(path)
        os.mkdir(path)
        expect(refused(daemon, "--listen", "1", "--tokens", path)[0], 1)
        if os.geteuid() == 0:
            path = f"{daemon.folder}/theirs"
            with open(path, "w") as file:
                file.write(f"a {GOOD}\n")
            os.chmod(path, 0o600)
            os.chown(path, OTHER, OTHER)
            assert "another user: chown 0" in refused(
                daemon, "--listen", "1", "--tokens", path)[1]


def test_what_no_daemon_listens_to(build):
    with Daemon(build, "--warm", "base=0") as daemon:
        path = f"{daemon.folder}/tokens"
        with open(path, "w") as file:
            file.write(f"a {GOOD}\n")
        os.chmod(path, 0o600)
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = str(other.getsockname()[1])
            for options, status, why in (
                    (["--listen", "8080"], 2, "add --tokens FILE"),
                    (["--listen", ":8080"], 2, "0.0.0.0:8080"),
                    (["--listen", "0"], 2, "is not like 8080"),
                    (["--listen", "example.org:80"], 2, "is not like 8080"),
                    (["--listen", "1"] * 9, 2, "more than 8"),
                    (["--tokens", path], 1, "add --listen PORT"),
                    (["--tokens", path, "--listen", taken], 1,
                     "somebody listens there already"),
                    (["--tokens", path, "--listen", "203.0.113.1:80"], 1,
                     "listen on 203.0.113.1:80: Cannot assign")):
                got = refused(daemon, *options)
                expect((got[0], why in got[1]), (status, True), got)


def test_tokens_are_read_anew(build):
    with Tcp(build, "--warm", "base=0") as daemon:
        expect(daemon.over("alice", "GET /v1/runs")[0], 200)
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port)
        headers = {"Authorization": f"Bearer {daemon.tokens['alice']}"}
        connection.request("GET", "/v1/runs", headers=headers)
        expect(connection.getresponse().read()[:8], b'{"runs":')
        daemon.tokens["new"] = secrets.token_hex(32)
        daemon.write("bob {bob}\nalice {new}\n")
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: daemon.over("new", "GET /v1/runs")[0] == 200)
        # Also on a connection that there was.
        connection.request("GET", "/v1/runs", headers=headers)
        expect(connection.getresponse().status, 401)
        connection.close()
        expect(daemon.over("bob", "GET /v1/runs")[0], 200)
        # What is wrong changes nothing.
        for text in ("", "bob short\n"):
            daemon.write(text)
            daemon.process.send_signal(signal.SIGHUP)
            line = daemon.process.stderr.readline()
            assert b"everything stays as it was" in line, line
            expect(daemon.over("new", "GET /v1/runs")[0], 200)


@contextlib.contextmanager
def activated(build, folder, socks, *options):
    """sbxd with these sockets, as systemd starts it."""
    def inherit():
        fds = [os.dup(sock.fileno()) for sock in socks]
        fds = [fd if fd > 20 else os.dup2(fd, 20 + fd) for fd in fds]
        for number, fd in enumerate(fds):
            os.dup2(fd, 3 + number)
    words = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "-",
             f"{build}/bin/sbxd", "--warm", "base=0", *options]
    with subprocess.Popen(
            words, env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": folder,
                        "LISTEN_FDS": str(len(socks))},
            preexec_fn=inherit, close_fds=False,
            stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_systemd_hands_over(build):
    with Tcp(build, "--warm", "base=0") as other:
        path = f"{other.folder}/unix"
        with socket.create_server(("127.0.0.1", 0)) as tcp, \
                socket.socket(socket.AF_UNIX) as unix:
            unix.bind(path)
            unix.listen()
            with activated(build, other.folder, [tcp]) as process:
                expect(process.wait(60), 1)
                line = process.stderr.read()
                assert b"add --tokens FILE" in line, line
            with activated(build, other.folder, [unix, tcp], "--tokens",
                           other.file) as process:
                mine = Tcp(build)
                mine.port, mine.tokens = tcp.getsockname()[1], other.tokens
                mine.socket = path
                expect(mine.over(None, "GET /v1/runs")[0], 401)
                expect(mine.run_as("alice", "echo 7")[2]["stdout"], "7\n")
                expect(mine.run("print(7)")[2]["stdout"], "7\n")
                process.send_signal(signal.SIGTERM)
                expect(process.wait(60), 0)
            expect(os.path.exists(path), True, "it is systemd's")


def test_addresses(build):
    """All of them where that is asked for, which is said; IPv6."""
    with Tcp(build, "--warm", "base=0", address="0.0.0.0") as daemon:
        line = daemon.process.stderr.readline()
        assert re.search(rb"0\.0\.0\.0:\d+, which has no TLS", line), line
        with socket.create_connection(("127.0.0.2", daemon.port)) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.2:%d\r\n\r\n"
                         % daemon.port)
            expect(sock.recv(12), b"HTTP/1.1 200")
    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
        return
    with Tcp(build, "--warm", "base=0") as daemon:
        port = free_port(socket.AF_INET6, "::1")
        daemon.options += ["--listen", f"[::1]:{port}"]
        daemon.stop()
        daemon.process.stderr.close()
        Daemon.start(daemon)
        with socket.create_connection(("::1", port)) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: [::1]:%d\r\n\r\n"
                         % port)
            expect(sock.recv(12), b"HTTP/1.1 200")
        expect(daemon.over("alice", "GET /v1/runs")[0], 200)
