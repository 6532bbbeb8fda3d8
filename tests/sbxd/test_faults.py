# SPDX-License-Identifier: MIT
"""What dies, stops, starts again, or sends what it should not."""

import array
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from lab import Connection, Daemon, expect, processes, until

MAGIC = b"\1sbxrun\0"


def test_a_stop_waits_for_what_runs(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(daemon.run(
            "import time; time.sleep(1); print('done')")))
        thread.start()
        until(lambda: len(daemon.runs()) == 1)
        open_one = Connection(daemon.socket)
        open_one.request("GET", "/healthz")
        expect(open_one.getresponse().read(), b'{"status":"ok"}\n')
        daemon.process.send_signal(signal.SIGTERM)
        until(lambda: not os.path.exists(daemon.socket))
        open_one.request("POST", "/v1/run",
                         '{"language": "python", "code": ""}')
        answer = open_one.getresponse()
        expect((answer.status, b"draining" in answer.read()), (503, True))
        open_one.close()
        thread.join(60)
        expect(answers[0][2]["stdout"], "done\n")
        expect(daemon.process.wait(60), 0)


def test_a_stop_waits_no_longer_than_said(build):
    with Daemon(build, "--drain-time", "500ms") as daemon:
        done = daemon.exec("--profile", "python", "--code",
                           "import time; time.sleep(60)")
        until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
        expect(daemon.stop(), 0)
        expect(done.wait(30), 137)
        assert b"cancelled" in done.communicate()[1]


def test_a_killed_daemon_leaves_nothing(build):
    word = f"canary-{os.getpid()}"
    with Daemon(build, "--warm", "python=3") as daemon:
        daemon.warm(3)
        clients = [daemon.exec("--command", "--", "sh", "-c", "sleep 60; :",
                               word) for _ in range(2)]
        until(lambda: len(processes(word)) == 4)
        expect(daemon.stop(signal.SIGKILL), -9)
        for client in clients:
            _, err = client.communicate(timeout=30)
            expect(client.returncode, 125)
            assert b"daemon went away" in err, err
        until(lambda: not processes(word), 20)
        # The socket is still there, and the next daemon takes its place.
        again = subprocess.Popen([f"{build}/bin/sbxd", "--socket",
                                  daemon.socket])
        until(lambda: Daemon.answers(daemon_of(daemon, again)), 30)
        again.terminate()
        expect(again.wait(30), 0)


def daemon_of(daemon, process):
    daemon.process = process
    process.stderr = open(os.devnull, "rb")
    return daemon


def test_one_daemon_a_socket(build):
    with Daemon(build) as daemon:
        second = subprocess.run(
            [f"{build}/bin/sbxd", "--socket", daemon.socket],
            capture_output=True, timeout=30)
        expect(second.returncode, 1)
        assert b"somebody listens there already" in second.stderr, second.stderr
        expect(daemon.run("print(1)")[0], 200)


def test_reload(build):
    with tempfile.TemporaryDirectory() as home:
        os.makedirs(f"{home}/sbx/profiles")
        path = f"{home}/sbx/profiles/mine.json"

        def profile(word):
            with open(path, "w", encoding="utf-8") as file:
                file.write('{"extends": "base", "file": "code.py", "command": '
                           '["python3", "{file}"], "env": {"WORD": "%s"}, '
                           '"warm": {"kind": "standby"}}' % word)
        profile("old")
        with Daemon(build, "--warm", "mine=1",
                    env={"XDG_CONFIG_HOME": home}) as daemon:
            def word():
                daemon.warm()
                report = daemon.ask("POST", "/v1/run", {
                    "profile": "mine",
                    "code": "import os; print(os.environ['WORD'])"})[2]
                return report["stdout"], report["isolation"]["warm"]
            expect(word(), ("old\n", True))
            profile("new")
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            expect(word(), ("new\n", True))
            with open(path, "w", encoding="utf-8") as file:
                file.write("{")
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_killed_interpreters_are_replaced(build):
    with Daemon(build, "--warm", "python=2") as daemon:
        for _ in range(3):
            daemon.warm(2)
            path = (f"/proc/{daemon.process.pid}/task/"
                    f"{daemon.process.pid}/children")
            with open(path, encoding="utf-8") as file:
                for pid in file.read().split():
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.3)
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def send(daemon, data, fds=()):
    """What the daemon answers to raw bytes and descriptors."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(daemon.socket)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                   array.array("i", fds))] if fds else []
        sock.sendmsg([data], rights)
        try:
            return sock.recv(4096)
        except ConnectionResetError:
            return b""


def memory(data, seals=7 << 1):
    import fcntl
    fd = os.memfd_create("x", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    if seals:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


def test_hostile_clients(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        daemon.warm()
        before = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        reader, writer = os.pipe()
        good = memory(b"profile\0python\0")
        header = MAGIC + struct.pack("I", 0)
        words = (b"", b"x", b"profile", b"profile\0", b"profile\0python",
                 b"set\0", b"set\0limits\0", b"set\0no.such=1\0",
                 b"none\0x\0", b"argument\0x\0" * 20000, b"\0" * 1000,
                 b"profile\0../../etc\0", b"file\0../x\0", b"file\0/\0")
        rows = [(MAGIC, ()), (header, ()), (b"\1", ()), (header[:-1], (good,)),
                (MAGIC + struct.pack("I", 0xffffffff), (good,) * 5),
                (MAGIC + struct.pack("I", 15), (good,) * 4),
                (MAGIC + struct.pack("I", 2), (good,)),
                (header, (good,) * 200), (header, (reader,)),
                (header, (memory(b"profile\0python\0", 0),)),
                (MAGIC + struct.pack("I", 1), (good, reader))]
        rows += [(MAGIC + struct.pack("I", 1),
                  (memory(text), memory(b"print(1)"))) for text in words]
        for data, fds in rows:
            answer = send(daemon, data, fds)
            assert not answer or answer.startswith(MAGIC), answer
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")
        until(lambda: not daemon.runs(), 30)
        daemon.warm()
        until(lambda: len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
              <= before + 12, 20)
        os.close(reader)
        os.close(writer)


def test_no_secret_of_the_daemon_is_inside(build):
    code = ("import re\nfound = 0\nkeep = b'HERE-9'\n"
            "for line in open('/proc/self/maps'):\n"
            "  a, b = (int(x, 16) for x in line.split()[0].split('-'))\n"
            "  if 'r' not in line.split()[1] or '[v' in line: continue\n"
            "  with open('/proc/self/mem', 'rb') as f:\n"
            "    f.seek(a)\n"
            "    try: text = f.read(b - a)\n"
            "    except OSError: continue\n"
            "    found += bool(re.search(b'CAN[A]RY-7', text))\n"
            "    found += 1000 * bool(re.search(b'HER[E]-9', text))\n"
            "print(found)")
    with Daemon(build, "--warm", "python=1",
                env={"SECRET": "CANARY-7"}) as daemon:
        daemon.warm()
        report = daemon.run(code)[2]
        expect(report["status"], "success", report)
        found = int(report["stdout"])
        assert found >= 1000, "the search finds what is there"
        expect(found % 1000, 0)


def activated(build, folder):
    """sbxd with a socket from its starter, and one to tell it of."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/s")
    listener.listen()
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(f"{folder}/n")
    told.settimeout(60)
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.dup(listener.fileno()), 3, inheritable=True)
            os.execve(f"{build}/bin/sbxd", ["sbxd"], {
                "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()),
                "NOTIFY_SOCKET": f"{folder}/n", "WATCHDOG_USEC": "400000",
                "XDG_RUNTIME_DIR": "/no/such"})
        finally:
            os._exit(127)
    return pid, listener, told


def test_started_by_systemd(build):
    with tempfile.TemporaryDirectory() as folder:
        pid, listener, told = activated(build, folder)
        try:
            expect(told.recv(100), b"READY=1")
            daemon = Daemon(build)
            daemon.socket = f"{folder}/s"
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")
            expect(told.recv(100), b"WATCHDOG=1")
            os.kill(pid, signal.SIGTERM)
            last = b""
            while last != b"STOPPING=1":
                last = told.recv(100)
            expect(os.waitpid(pid, 0)[1], 0)
            pid = 0
            assert os.path.exists(f"{folder}/s"), "not ours to take away"
        finally:
            if pid:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            listener.close()
            told.close()


def test_command_line(build):
    rows = ((["--help"], 0, b"Usage: sbxd"), (["--version"], 0, b"sbxd "),
            (["--sokcet", "x"], 2, b'did you mean "--socket"'),
            (["--socket"], 2, b"needs a value"),
            (["--socket", "x" * 108], 2, b"longer than 107"),
            (["--max-runs", "-1"], 2, b"not a number"),
            (["--max-runs", "0"], 2, b"nobody"),
            (["--warm", "python=3:2"], 2, b"at most 2 and at least 3"),
            (["--warm", "=3"], 2, b"does not name"),
            (["--drain-time", "x"], 2, b"30s"),
            (["--help=1"], 2, b"takes no value"), (["x"], 2, b"unknown"),
            (["--socket", "/proc/x", "--warm", "python=0"], 1, b"listen on"),
            (["--socket", "/tmp/sbx-x", "--warm", "nope"], 1, b"no profile"),
            (["--socket", "/tmp/sbx-x", "--warm", "c"], 1, b"builds first"))
    for words, status, text in rows:
        done = subprocess.run([f"{build}/bin/sbxd", *words],
                              capture_output=True, timeout=30)
        expect(done.returncode, status, words)
        assert text in done.stdout + done.stderr, (words, done)


def test_mixed_load(build):
    """As make load, for some seconds."""
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([f"{here}/load", build, "4"], timeout=300,
                          capture_output=True, text=True)
    expect(done.returncode, 0, done.stdout + done.stderr)


def test_the_socket(build):
    """It is its owner's, and takes the place of nothing but a dead one."""
    with Daemon(build) as daemon:
        expect(os.stat(daemon.socket).st_mode & 0o777, 0o600)
        path = f"{daemon.folder}/other"
        for make in (lambda: open(path, "x", encoding="utf-8").close(),
                     lambda: os.symlink("/no/such", path),
                     lambda: os.symlink(daemon.socket, path),
                     lambda: os.mkdir(path)):
            make()
            done = subprocess.run([f"{build}/bin/sbxd", "--socket", path],
                                  capture_output=True, timeout=30)
            expect(done.returncode, 1, done.stderr)
            assert os.path.lexists(path)
            (os.rmdir if os.path.isdir(path) else os.unlink)(path)
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_no_room_for_descriptors(build):
    """Who finds no room waits; the daemon does not turn round and round."""
    with Daemon(build, "--warm", "base=0", wait=False,
                files=40) as daemon:
        until(daemon.answers)
        many = []
        for _ in range(60):
            many.append(socket.socket(socket.AF_UNIX))
            many[-1].connect(daemon.socket)
        time.sleep(0.5)
        before = processor_time(daemon.process.pid)
        time.sleep(2)
        assert processor_time(daemon.process.pid) - before < 1
        for each in many:
            each.close()
        until(lambda: daemon.run("print(1)")[0] == 200, 30)


def processor_time(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def silent(daemon, text=b""):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(60)
    sock.connect(daemon.socket)
    sock.sendall(text)
    return sock


def is_closed(sock):
    try:
        return sock.recv(1, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_the_silent_take_no_others_place(build):
    """Whether they say nothing, or half of something."""
    said = (b"", b"\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
            b"POST /v1/run HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    with Daemon(build, "--warm", "base=0", files=256) as daemon:
        for text in said:
            many = [silent(daemon, text) for _ in range(400)]
            expect(daemon.ask("GET", "/healthz")[0], 200, text)
            expect(daemon.run("print(1)")[2]["stdout"], "1\n", text)
            until(lambda many=many: sum(map(is_closed, many)) >= 336)
            for each in many:
                each.close()


def test_a_request_must_come(build):
    """Within seconds, and be whole; a run may take longer than that."""
    with Daemon(build, "--warm", "base=0") as daemon:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(daemon.run(
            "import time; time.sleep(14); print('done')")))
        thread.start()
        served = Connection(daemon.socket)
        served.request("GET", "/healthz")
        expect(served.getresponse().read(), b'{"status":"ok"}\n')
        quiet = [silent(daemon), served.sock]
        slow = [silent(daemon, b"GET /healthz HTTP/1.1\r\nX: "),
                silent(daemon, b"POST /v1/run HTTP/1.1\r\nHost: x\r\n"
                       b"Content-Length: 99999\r\n\r\n")]

        def closed():
            for each in slow:
                try:
                    each.sendall(b"x")
                except OSError:
                    pass
            return all(map(is_closed, quiet + slow))
        until(closed, 60)
        thread.join(60)
        expect(answers[0][2]["stdout"], "done\n")
        for each in quiet + slow:
            each.close()
