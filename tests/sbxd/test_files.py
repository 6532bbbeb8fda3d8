# SPDX-License-Identifier: MIT
"""Sessions over HTTP: listed, removed, and their files got and put; nothing
outside of them, and nobody else's."""

import contextlib
import hashlib
import json
import os
import random
import resource
import signal
import socket
import subprocess
import threading
import time

from lab import OTHER, expect, until
from test_attacks import closers, statuses, talk
from test_session import Kept, later

S = "/v1/sessions/s"


def get(daemon, path):
    return daemon.ask("GET", f"{S}/files/{path}")


def put(daemon, path, data=b"put\n"):
    return daemon.ask("PUT", f"{S}/files/{path}", data)


def sessions(daemon):
    status, _, body = daemon.ask("GET", "/v1/sessions")
    expect(status, 200)
    return body["sessions"]


def wrong(answer, status, code):
    expect((answer[0], answer[2]["error"]["code"]), (status, code), answer[2])
    expect(answer[1]["Content-Type"], "application/json")
    assert answer[2]["error"]["text"]


def test_files_of_a_session(build):
    with Kept(build) as daemon:
        expect(sessions(daemon), [])
        wrong(daemon.ask("DELETE", S), 404, "not_found")
        wrong(get(daemon, "a"), 404, "not_found")
        expect(os.listdir(daemon.data.name), [])
        answer = put(daemon, "d/e/f%20%3f%c3%a4", b"one\n")
        expect(answer[0], 200, answer)
        expect(answer[2], {"path": "d/e/f ?ä", "size_bytes": 4, "sha256":
                           hashlib.sha256(b"one\n").hexdigest()})
        report = daemon.turn("cat d/e/*; echo two >>d/e/*; chmod 750 d/e; "
                             "echo x >x; chmod 700 x; : >empty; umask 777; "
                             "echo 1 >shut")
        expect(report["stdout"], "one\n")
        expect(get(daemon, "d/e/f%20%3f%c3%a4")[2], "one\ntwo\n")
        expect(get(daemon, "empty")[:3:2], (200, ""))
        expect(get(daemon, "shut")[2], "1\n")
        expect(get(daemon, "x")[1]["Content-Type"],
               "application/octet-stream")
        for path in ("x", "d/e/g", "y", "d/e/f%20%3f%c3%a4"):
            expect(put(daemon, path)[0], 200, path)
        report = daemon.turn("stat -c %a d d/e x y; cat d/e/* x y; "
                             "echo more >>d/e/g; rm x")
        expect(report["stdout"], "755\n750\n700\n644\n" + "put\n" * 4)
        expect(get(daemon, "d/e/g")[2], "put\nmore\n")
        wrong(get(daemon, "x"), 404, "not_found")
        listed, = sessions(daemon)
        expect((listed["id"], listed["state"], listed["inodes"]),
               ("s", "idle", 8))
        expect(daemon.ask("DELETE", S)[0], 200)
        expect((sessions(daemon), daemon.turn("ls")["stdout"]),
               ([], "code.sh\n"))


def test_hostile_paths(build):
    """None leads out, or to something that it does not say."""
    paths = ("..", ".", "../x", "a/../b", "a/..", "./a", "%2e%2e", "%2E%2e/x",
             "..%2f..%2fx", "%2e%2e%2fmanifest.json", "/etc/passwd",
             "%2fetc%2fpasswd", "//", "a//b", "a%2f%2fb", "a/", "a%2f", "",
             "a%00", "%00", "a%00b", "../s%00", "a%0ab", "a%0a", "%0d%0a",
             "a%1b%5b2J", "%7f", "%", "%4", "a%zz", "%%", "%2", "a" * 256,
             "a" * 4096, "a/" * 2048 + "a", "a/" * 32 + "a", "%2e" * 1365,
             "%61" * 4096)
    with Kept(build) as daemon:
        daemon.turn("mkdir a; echo x >a/b; echo y >b")
        secret = os.path.join(daemon.data.name, "sbx/sessions/x")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("CANARY")
        before = daemon.turn("find . -type f | sort")["stdout"]
        for path in paths:
            for answer in (get(daemon, path), put(daemon, path)):
                assert answer[0] in (400, 404, 414), (path[:40], answer[2])
                assert path == "" or answer[0] != 404 or "%00" not in path
                assert "CANARY" not in str(answer[2])
        for path in (b"a\0b", b"\0", b"a\nb", b"a\r\n\r\nb", b".."):
            for verb in (b"GET ", b"PUT "):
                answer = talk(daemon, verb + f"{S}/files/".encode() + path +
                              b" HTTP/1.1\r\nHost: x\r\n"
                              b"Content-Length: 0\r\n\r\n")
                assert all(each[:1] in b"45" for each in statuses(answer)), (
                    path, answer)
        for name in ("..", ".", "%2e%2e", "", "a%2fb", "-x", "a%00", "a" * 65,
                     "a" * 200, "%0a", "..%2fs", "s%20"):
            for verb, rest in (("DELETE", ""), ("GET", "/files/b"),
                               ("PUT", "/files/b")):
                answer = daemon.ask(verb, f"/v1/sessions/{name}{rest}",
                                    "x" if verb == "PUT" else None)
                assert answer[0] in (400, 404), (verb, name, answer[2])
        expect(daemon.turn("find . -type f | sort")["stdout"], before)
        expect(sorted(os.listdir(os.path.dirname(secret))), ["s", "x"])


def test_links_are_not_followed(build):
    with Kept(build) as daemon:
        out = os.path.join(daemon.folder, "out")
        os.mkdir(out)
        with open(f"{out}/f", "w", encoding="utf-8") as file:
            file.write("CANARY")
        daemon.turn(f"ln -s {out} d; ln -s {out}/f f; ln -s . here; mkdir e; "
                    f"ln -s ../e e/up; ln -s {out} e/d; echo x >x; "
                    f"ln -s x l; mkfifo p; ln -s /proc/self/root r")
        for path in ("d/f", "f", "here/x", "e/up/d", "e/d/f", "l", "p", "r",
                     "r/etc/passwd", "e", "x/y", "d"):
            for answer in (get(daemon, path), put(daemon, path + (
                    "/new" if path == "e/d" else ""))):
                if path == "p" and answer[0] == 200:
                    continue  # a FIFO is not kept: the name is free
                assert answer[0] in (400, 404), (path, answer)
                assert "CANARY" not in str(answer[2])
        wrong(put(daemon, "d/new"), 400, "bad_request")
        expect(os.listdir(out), ["f"])
        with open(f"{out}/f", encoding="utf-8") as file:
            expect(file.read(), "CANARY")
        expect(daemon.turn("readlink f l; cat x")["stdout"], f"{out}/f\nx\nx\n")


def test_it_is_what_a_run_sees(build):
    """Whatever runs have removed, replaced and made again, in many layers."""
    names = [a + b for a in ("a", "b", "a/x", "b/x", "a/x/y") for b in
             ("", "/f", "/g")]
    moves = random.Random(5)
    with Kept(build) as daemon:
        for turn in range(30):
            name = moves.choice(names)
            code = moves.choice((
                "rm -rf {0}", "rm -rf {0}; mkdir -p {0}; echo {1} >{0}/f",
                "mkdir -p $(dirname {0}); echo {1} >{0}",
                "mv a c; mv b a; mv c b"))
            daemon.turn(code.format(name, turn))
            name = moves.choice(names)
            there = put(daemon, name, b"%d put\n" % turn)[0]
            seen = daemon.turn(
                "for f in %s; do if [ -f $f ]; then cat $f; else echo -; fi; "
                "done" % " ".join(names))["stdout"].splitlines()
            got = [get(daemon, each) for each in names]
            expect([each[2].strip() if each[0] == 200 else "-"
                    for each in got], seen, turn)
            if there == 200:
                expect(seen[names.index(name)], f"{turn} put")
        listed, = sessions(daemon)
        counted = daemon.turn("find . -mindepth 1 | wc -l")["stdout"]
        expect(listed["inodes"], int(counted))


def test_files_are_bounded(build):
    most = 16 << 20
    with Kept(build) as daemon:
        wrong(put(daemon, "f", bytes(most + 1)), 413, "too_large")
        expect(sessions(daemon), [])
        expect(put(daemon, "f", b"x" * most)[0], 200)
        expect(len(get(daemon, "f")[2]), most)
        daemon.turn("truncate -s %d big; truncate -s 1000G huge || :" %
                    (most + 1))
        wrong(get(daemon, "big"), 413, "too_large")
        daemon.turn("rm *")
        daemon.turn("head -c 90M /dev/zero >z")
        before = sessions(daemon)[0]["disk_bytes"]
        wrong(put(daemon, "g", bytes(most)), 413, "too_large")
        expect(sessions(daemon)[0]["disk_bytes"], before)
        expect(put(daemon, "g", b"1")[0], 200)
        daemon.turn("for i in $(seq 9000); do : >$i; done", "many")
        daemon.turn("for i in $(seq 9001 9996); do : >$i; done", "many")
        path = "/v1/sessions/many/files/d/"
        answers = [daemon.ask("PUT", f"{path}{i}", "")[0] for i in range(9)]
        expect((answers[0], answers[-1]), (200, 413))
        wrong(daemon.ask("PUT", f"{path}x", ""), 413, "too_large")
        wrong(daemon.ask("PUT", "/v1/sessions/new/files/" + "d/" * 31 + "x",
                         bytes(most + 1)), 413, "too_large")
        expect({each["id"] for each in sessions(daemon)}, {"s", "many"})


def test_many_large_ones_at_once(build):
    """There is room for some, and the others are told; small ones go on."""
    with Kept(build) as daemon:
        put(daemon, "f", b"x" * (16 << 20))
        answers = []
        threads = [threading.Thread(
            target=lambda: answers.append(get(daemon, "f")))
            for _ in range(30)]
        for thread in threads:
            thread.start()
        expect(daemon.ask("GET", "/healthz")[0], 200)
        for thread in threads:
            thread.join(120)
        expect({answer[0] for answer in answers} | {200, 429}, {200, 429})
        assert any(len(answer[2]) == 16 << 20 for answer in answers)
        expect(len(get(daemon, "f")[2]), 16 << 20)


def test_no_room_for_an_answer(build):
    """It says so, as any error does."""
    with Kept(build) as daemon:
        put(daemon, "f", bytes(16 << 20))
        peers = [begin_put(daemon, 15 << 20) for _ in range(4)]
        wrong(get(daemon, "f"), 429, "no_room")
        for peer in peers:
            peer.close()


def test_a_session_in_use_is_busy(build):
    with Kept(build) as daemon:
        put(daemon, "f")
        answers = []
        thread = later(daemon, answers, "sleep 5; cat f")
        until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
        wrong(get(daemon, "f"), 409, "busy")
        wrong(put(daemon, "f", b"other"), 409, "busy")
        wrong(daemon.ask("DELETE", S), 409, "busy")
        expect([each["state"] for each in sessions(daemon)], ["busy"])
        thread.join(60)
        expect(answers[0]["stdout"], "put\n")
        expect(get(daemon, "f")[2], "put\n")


def test_each_user_has_its_own(build):
    if os.geteuid() != 0:
        return
    with Kept(build) as daemon:
        put(daemon, "f", b"mine\n")
        os.chmod(daemon.socket, 0o666)

        def ask(*words):
            done = subprocess.run(
                ["curl", "-s", "--unix-socket", daemon.socket, *words],
                user=OTHER, group=OTHER, extra_groups=[],
                capture_output=True, text=True)
            return done.stdout

        url = f"http://sbxd{S}"
        expect(json.loads(ask("http://sbxd/v1/sessions")), {"sessions": []})
        for words in ([f"{url}/files/f"], ["-X", "DELETE", url],
                      [f"{url}/files/..%2f..%2fsessions%2fs/f"]):
            assert "error" in json.loads(ask(*words)), words
        ask("-X", "PUT", "--data", "theirs", f"{url}/files/f")
        expect(ask(f"{url}/files/f"), "theirs")
        expect(get(daemon, "f")[2], "mine\n")
        expect(len(sessions(daemon)), 1)
        json.loads(ask("-X", "DELETE", url))
        expect(get(daemon, "f")[2], "mine\n")


def test_a_file_is_put_whole_or_not_at_all(build):
    """The daemon, or the process that does it, is killed at random moments."""
    moments = random.Random(9)
    with Kept(build) as daemon:
        begun = time.monotonic()
        put(daemon, "f", b"0" * (8 << 20))
        usual = time.monotonic() - begun
        for turn in range(1, 13):
            request = (f"PUT {S}/files/f HTTP/1.1\r\nHost: x\r\n"
                       f"Content-Length: {8 << 20}\r\n\r\n").encode()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(daemon.socket)
                client.sendall(request + b"%x" % turn * (8 << 20))
                time.sleep(moments.random() * usual)
                if turn % 2:
                    for pid in closers(daemon):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                    client.settimeout(60)
                    answer = client.recv(4096)
                    assert statuses(answer)[0] in (b"200", b"503"), answer
                else:
                    daemon.process.kill()
                    daemon.process.wait()
                    daemon.process.stderr.close()
            if turn % 2 == 0:
                daemon.start()
            report = daemon.turn("fold -w 1 f | sort -u; wc -c <f; ls")
            lines = report["stdout"].split()
            expect(lines[1:], ["8388608", "code.sh", "f"], report)
            assert int(lines[0], 16) <= turn


def begin_put(daemon, size):
    """One whose last byte does not come."""
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(60)
    peer.connect(daemon.socket)
    with contextlib.suppress(OSError):
        peer.sendall(f"PUT {S}/files/f HTTP/1.1\r\nHost: x\r\nContent-Length: "
                     f"{size}\r\n\r\n".encode() + bytes(size - 1))
    return peer


def test_one_user_leaves_room(build):
    """Neither the room for large ones nor the memory is one user's to take."""
    if os.geteuid() != 0:
        return
    with Kept(build) as daemon:
        os.chmod(daemon.socket, 0o666)
        peers = [begin_put(daemon, 1 << 20) for _ in range(150)]
        with open(f"/proc/{daemon.process.pid}/statm", encoding="utf-8") as file:
            pages = int(file.read().split()[1])
        peers += [begin_put(daemon, 15 << 20) for _ in range(8)]
        answer = subprocess.run(
            ["curl", "-s", "--unix-socket", daemon.socket, "-X", "PUT",
             "--data-binary", "@-", f"http://sbxd{S}/files/f"],
            user=OTHER, group=OTHER, extra_groups=[], input=bytes(15 << 20),
            capture_output=True).stdout
        for peer in peers:
            peer.close()
        assert pages * resource.getpagesize() < 120 << 20, pages
        expect(json.loads(answer).get("size_bytes"), 15 << 20, answer)
