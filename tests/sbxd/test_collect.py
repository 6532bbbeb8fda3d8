# SPDX-License-Identifier: MIT
"""sbx-exec --pool --collect-to: what a run leaves is written by the client, as
without the daemon, and only where the client may."""

import array
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from lab import OTHER, Daemon, expect, until
from test_attacks import closers
from test_faults import MAGIC, memory, send
from test_session import Kept

CODE = """
import os
os.makedirs('d/e/f')
for name in ('a', 'd/b', 'd/e/c', 'd/e/f/g', '.hidden', 'tab\\there'):
    with open(name, 'w') as file: file.write(name * 1000)
open('empty', 'w').close()
with open('holes', 'wb') as file:
    file.write(b'x'); file.seek(30 << 20); file.write(b'y')
with open('large', 'wb') as file: file.write(b'z' * (20 << 20))
os.symlink('/etc/passwd', 'link'); os.mkfifo('fifo'); os.mkdir('there')
open('there/x', 'w').write('new')
"""


def tree(top):
    """What is there: kinds, modes, sizes, holes and content."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            content = b""
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, top)] = (
                stat.st_mode, stat.st_uid, stat.st_size * bool(content),
                stat.st_blocks < stat.st_size // 512, content[:1],
                content[-5:])
    return found


def collect(build, folder, more, options, code=CODE, **how):
    """One run: status, what it said, what the report has, what is there."""
    os.makedirs(folder, exist_ok=True)
    report = f"{folder}.json"
    done = subprocess.run(
        [*how.pop("before", [f"{build}/bin/sbx-exec"]), *more, "--collect-to",
         folder, "--report", report, *options, "--profile", "python", "--code",
         code], stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        check=False, **how)
    with open(report, encoding="utf-8") as file:
        told = json.load(file)
    return (done.returncode, done.stdout, done.stderr.replace(
        folder.encode(), b""), told.get("files"), told.get("files_skipped"),
            told["status"], tree(folder))


def test_what_cannot_be_written_counts_too(build):
    """A file with many names, of which none fits where it goes: each is sent
    in full before that is known."""
    code = ("import os\nwith open('a', 'wb') as file: file.truncate(9 << 20)\n"
            "for i in range(200): os.link('a', f'{i:03}' + 64 * '\\1')")
    with Daemon(build, "--warm", "python=1") as daemon:
        got = collect(build, f"{daemon.folder}/out",
                      [f"--pool={daemon.socket}"],
                      ["--disk", "20M", "--collect", "0*", "--collect", "1*"],
                      code)
    status, said, skipped = got[0], got[2], got[4]
    expect(status, 0, said)
    why = [file["reason"] for file in skipped]
    expect(why.count("File name too long"), 2, why)
    assert all("limits.disk" in each or "too long" in each for each in why), why


def test_the_same_files(build):
    rows = (
        (["--collect", "**"], CODE),
        (["--collect", "d/**", "--collect", "a"], CODE),
        (["--collect", "**", "--collect-replace"], CODE),
        (["--collect", "none"], CODE),
        (["--collect", "**"], CODE + "raise SystemExit(3)"),
        (["--collect", "a", "--timeout", "2s"], CODE + "while 1: pass"),
        (["--collect", "**"], "for i in range(1100): open(str(i), 'w')"),
        (["--collect", "**", "--quiet"], CODE),
    )
    with Daemon(build, "--warm", "python=1") as daemon:
        for number, (options, code) in enumerate(rows):
            found = []
            for way in ([], [f"--pool={daemon.socket}"]):
                folder = f"{daemon.folder}/{number}{bool(way)}"
                os.makedirs(f"{folder}/there")
                with open(f"{folder}/a", "w", encoding="utf-8") as file:
                    file.write("old")
                os.symlink("/nowhere", f"{folder}/empty")
                os.symlink(daemon.folder, f"{folder}/d")
                found.append(collect(build, folder, way, options, code))
            if number == 6:  # which of them is as the directory has it
                found = [(*each[:3], len(each[3]), each[5], len(each[6]))
                         for each in found]
            expect(found[1], found[0], options)
        assert not os.path.exists(f"{daemon.folder}/b"), "a link was followed"
        expect(daemon.metric("sbx_queued"), 0)
        until(lambda: not closers(daemon))


def test_a_session_and_its_files(build):
    with Kept(build) as daemon:
        for turn in range(3):
            status, out, err, files, *_ = collect(
                build, f"{daemon.folder}/out{turn}",
                [f"--pool={daemon.socket}"],
                ["--session", "s", "--collect", "f"],
                "print(open('f', 'a').write('x')); open('f').read()", env=daemon.env)
            expect((status, out, err), (0, b"1\n", b""))
            expect([(f["path"], f["size_bytes"]) for f in files],
                   [("f", turn + 1)])
            expect(os.stat(f"{daemon.folder}/out{turn}/f").st_size, turn + 1)


def test_only_where_the_client_may(build):
    """The daemon is root's, and its rights are not those of the client."""
    if os.geteuid() != 0:
        return
    with Daemon(build, "--warm", "python=1") as daemon:
        os.chmod(daemon.socket, 0o666)
        shutil.copy(f"{build}/bin/sbx-exec", daemon.folder)
        code = "open('a', 'w').write('1'); open('b', 'w').write('2')"
        for name, mode, owner in (("mine", 0o755, 0), ("theirs", 0o755, OTHER),
                                  ("open", 0o777, 0)):
            folder = f"{daemon.folder}/{name}"
            os.mkdir(folder)
            with open(f"{folder}/a", "w", encoding="utf-8") as file:
                file.write("old")
            os.chown(folder, owner, owner)
            os.chmod(folder, mode)
            with open(f"{folder}.json", "w", encoding="utf-8") as file:
                os.chown(file.fileno(), OTHER, OTHER)
            status, _, err, files, *_ = collect(
                build, folder, [f"--pool={daemon.socket}"],
                ["--collect", "*", "--collect-replace"], code,
                before=[f"{daemon.folder}/sbx-exec"], user=OTHER, group=OTHER,
                extra_groups=[])
            with open(f"{folder}/a", encoding="utf-8") as file:
                content = file.read()
            if name == "mine":
                expect(content, "old")
                expect(os.listdir(folder), ["a"])
                assert b"3 files were not brought out" in err, err
            else:
                expect((status, err, content), (0, b"", "1"), name)
                expect({os.stat(f"{folder}/{each}").st_uid
                        for each in os.listdir(folder)}, {OTHER})
                expect([each["path"] for each in files],
                       ["a", "b", "code.py"])


def hand_over(daemon, code, sock, words=()):
    """Asks for a run whose files go to sock; the connection."""
    text = b"".join(b"%s\0%s\0" % pair for pair in (
        (b"profile", b"python"), (b"set", b"collect=**"), *words))
    fds = [memory(text), memory(code.encode()), sock]
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(120)
    client.connect(daemon.socket)
    client.sendmsg([MAGIC + struct.pack("I", 1 | 16)],
                   [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                     array.array("i", fds))])
    for fd in fds[:2]:
        os.close(fd)
    return client


LARGE = "open('f', 'wb').write(bytes(50 << 20))"


def test_a_client_that_takes_nothing_stops_nobody(build):
    with Daemon(build, "--warm", "python=1", "--drain-time",
                "1s") as daemon:
        ours, theirs = socket.socketpair()
        client = hand_over(daemon, LARGE, theirs.fileno())
        theirs.close()
        until(lambda: [run["state"] for run in daemon.runs()] == ["ending"])
        for _ in range(3):
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")
        expect([run["state"] for run in daemon.runs()], ["ending"])
        # Who goes has no run any more, and leaves no process.
        client.close()
        ours.close()
        until(lambda: not daemon.runs() and not closers(daemon))
        ours, theirs = socket.socketpair()
        client = hand_over(daemon, LARGE, theirs.fileno())
        until(lambda: [run["state"] for run in daemon.runs()] == ["ending"])
        expect(daemon.stop(), 0)
        for each in (client, ours, theirs):
            each.close()


def test_a_client_that_takes_nothing_loses_its_place(build):
    """As soon as the run's own limits say that it is no longer its own."""
    with Daemon(build, "--max-runs", "1") as daemon:
        ours, theirs = socket.socketpair()
        started = time.monotonic()
        client = hand_over(daemon, "open('f', 'wb').write(bytes(4 << 20))",
                           theirs.fileno(), ((b"set", b"limits.wall_time=3s"),
                                             (b"set", b"limits.disk=8M")))
        theirs.close()
        until(lambda: [run["state"] for run in daemon.runs()] == ["ending"])
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")
        took = time.monotonic() - started
        assert 10 <= took < 30, took
        expect(struct.unpack("i", client.recv(4096)[8:12])[0], -1)
        client.close()
        ours.close()


def test_nothing_says_which_files(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        folder = f"{daemon.folder}/out"
        done = subprocess.run(
            [f"{build}/bin/sbx-exec", f"--pool={daemon.socket}",
             "--collect-to", folder, "--profile", "python", "--code",
             "print(1)"], capture_output=True, timeout=120, check=False)
        expect((done.returncode, done.stdout), (125, b""))
        assert b"nothing says which files" in done.stderr, done.stderr


def test_answers_that_are_none(build):
    """To each file the client says what became of it, or anything else."""
    code = "open('a', 'w').write('x'); open('b', 'w').write('y')"
    with Daemon(build, "--warm", "python=1") as daemon:
        for answer, wanted in ((struct.pack("i", 0), 0),
                               (struct.pack("i", 13), 0),
                               (struct.pack("i", -1), -1),
                               (struct.pack("i", 1 << 30), -1),
                               (b"\0", -1), (b"", -1)):
            ours, theirs = socket.socketpair()
            client = hand_over(daemon, code, theirs.fileno())
            theirs.close()
            ours.settimeout(120)
            if answer:
                ours.sendall(answer * 3)
            ours.shutdown(socket.SHUT_WR)
            expect(struct.unpack("i", client.recv(4096)[8:12])[0], wanted,
                   answer)
            client.close()
            ours.close()
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_what_files_are_not_sent_to(build):
    """A file, a pipe, a network: nothing is written to these."""
    with Daemon(build, "--warm", "python=1") as daemon:
        path = f"{daemon.folder}/file"
        reader, writer = os.pipe()
        near, far = socket.socketpair(type=socket.SOCK_DGRAM)
        with open(path, "wb") as file, near, far, socket.create_server(
                ("127.0.0.1", 0)) as server, socket.create_connection(
                    server.getsockname()) as inet:
            for fd in (file.fileno(), writer, near.fileno(), inet.fileno()):
                with hand_over(daemon, "open('f', 'w')", fd) as client:
                    answer = client.recv(4096)
                    expect(struct.unpack("i", answer[8:12])[0], -1)
                    assert b"files are to be sent to" in answer, answer
        os.close(reader)
        os.close(writer)
        expect(os.stat(path).st_size, 0)
        answer = send(daemon, MAGIC + struct.pack("I", 16),
                      (memory(b"profile\0python\0"),))
        expect(answer, b"")
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_clients_that_die_leave_nothing(build):
    with Daemon(build, "--warm", "python=1", "--max-runs", "4") as daemon:
        clients = []
        for number in range(12):
            folder = f"{daemon.folder}/out{number}"
            clients.append(daemon.exec(
                "--collect", "f", "--collect-to", folder, "--profile",
                "python", "--code", LARGE))
        threads = []
        for number, client in enumerate(clients):
            threads.append(threading.Timer(number / 8, client.send_signal, (
                signal.SIGKILL if number % 2 else signal.SIGTERM,)))
            threads[-1].start()
        for client in clients:
            client.communicate(timeout=120)
        for thread in threads:
            thread.join()
        until(lambda: not daemon.runs() and not closers(daemon))
        for number in range(12):
            for name in os.listdir(f"{daemon.folder}/out{number}"):
                assert name == "f" or name.startswith(".sbx-"), name
        time.sleep(0.1)
        expect(daemon.run("print(1)")[2]["stdout"], "1\n")


def test_clients_that_take_nothing_leave_the_others_room(build):
    """However many they are, what a session holds is kept meanwhile."""
    with Kept(build, "--max-runs", "48") as daemon:
        peers = []
        for _ in range(36):
            ours, theirs = socket.socketpair()
            peers += [ours, hand_over(
                daemon, "open('f', 'wb').write(bytes(1 << 20))",
                theirs.fileno())]
            theirs.close()
        until(lambda: [run["state"] for run in daemon.runs()].count(
            "ending") == 36)
        expect(daemon.turn("echo kept | tee f")["stdout"], "kept\n")
        expect([run["state"] for run in daemon.runs()], ["ending"] * 36)
        for peer in peers:
            peer.close()
        until(lambda: not daemon.runs() and not closers(daemon))
