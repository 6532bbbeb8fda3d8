# SPDX-License-Identifier: MIT
"""The dashboard: what it may do, and what it shows."""

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading

from lab import Daemon, Skip, expect, until
from test_tcp import Tcp

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../runtime/sbxd/page.html")


def between(page, tag):
    expect(page.count(f"<{tag}>"), 1)
    return page.split(f"<{tag}>")[1].split(f"</{tag}>")[0]


def test_the_page_may_do_little(build):
    """Its own script, its own style, this daemon: by its policy, and by what
    is in it. It has no data, so that anybody may have it."""
    with open(SOURCE, encoding="utf-8") as file:
        page = file.read()
    with Tcp(build, "--warm", "base=0") as daemon:
        daemon.run("1", id="canary")
        for answer in (daemon.over(None, "GET /"), daemon.ask("GET", "/")):
            status, headers, text = answer
            expect((status, text), (200, page))
            assert "canary" not in text
            expect(headers["Content-Type"], "text/html; charset=utf-8")
            expect(headers["X-Content-Type-Options"], "nosniff")
            expect(headers["Cache-Control"], "no-store")
            expect(headers["Referrer-Policy"], "no-referrer")
            expect(headers["Set-Cookie"], None)
            policy = dict(each.strip().split(" ", 1) for each in
                          headers["Content-Security-Policy"].split(";"))
            hashes = {name: base64.b64encode(hashlib.sha256(
                between(page, tag).encode()).digest()).decode()
                for name, tag in (("script-src", "script"),
                                  ("style-src", "style"))}
            expect(policy, {
                "default-src": "'none'", "connect-src": "'self'",
                "base-uri": "'none'", "form-action": "'none'",
                "frame-ancestors": "'none'",
                **{name: f"'sha256-{value}'"
                   for name, value in hashes.items()}})
        expect(daemon.ask("POST", "/", "")[0], 405)
        expect(daemon.over(None, "GET /index.html")[0], 401)
    assert page.count("\n") < 200
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write",
                 "eval(", "Function(", "//cdn", "http:", "https:", "src=",
                 "@import", "url(", "cookie", "Storage", " style=", "onclick",
                 " on\\w+=", "javascript:", "import("):
        assert not re.search(re.escape(word) if "\\" not in word else word,
                             page), word


def show(url, *token):
    if not shutil.which("node"):
        raise Skip("no node")
    done = subprocess.run(
        ["node", os.path.join(os.path.dirname(SOURCE),
                              "../../tests/sbxd/page.js"), SOURCE, url,
         *token], capture_output=True, text=True, timeout=120)
    expect(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


HOSTILE = "<img src=x onerror=alert(1)>"


def test_the_page_over_tcp(build):
    """It asks for a token, shows what the token may see, as text, and does not
    keep what it was given."""
    with Tcp(build, "--warm", "python=1") as daemon:
        daemon.warm()
        url = f"http://127.0.0.1:{daemon.port}/"
        daemon.run_as("alice", "exit 3", id=HOSTILE)
        daemon.over("bob", "POST /v1/run", {
            "language": "python", "code": "while 1: pass", "timeout": 0.2,
            "id": "his"})
        locked = show(url)
        expect((locked["locked"], locked["before"]), (True, "wants a token"))
        expect({each["path"] for each in locked["asked"]},
               {"healthz", "metrics"})
        wrong = show(url, "0" * 64)
        expect((wrong["locked"], wrong["seen"]["state"]),
               (True, "this is no token of ours"))
        page = show(url, daemon.tokens["alice"])
        seen = page["seen"]
        expect((page["locked"], seen["state"], page["left"]),
               (False, "ok", ""))
        assert re.match(re.escape(HOSTILE) + r"\|bash\|failure\|exited\|"
                        r"[\d.]+ m?s\|(warm|cold)\|\d+ s ago$", seen["runs"]
                        ), seen["runs"]
        assert "python" in seen["profiles"].split("|")
        assert "|1|python boxes wait|" in seen["tiles"] + "|", seen["tiles"]
        assert "1|failure" in seen["tiles"] and "1|timeout" in seen["tiles"]
        assert "seccomp" in seen["checks"] or "filter" in seen["checks"]
        assert seen["about"].startswith("0."), seen["about"]
        expect(page["tags"], ["b", "div", "span", "td", "tr"])
        assert all(each["authorized"] for each in page["asked"][2:])
        seen = show(url, daemon.tokens["bob"])["seen"]
        assert seen["runs"].startswith("his|python|timeout|wall_time|2"), seen


def relay(server, path):
    """What a proxy before the Unix socket does, for one connection at once."""
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        daemon = socket.socket(socket.AF_UNIX)
        daemon.connect(path)

        def copy(source, target):
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        for ends in ((client, daemon), (daemon, client)):
            threading.Thread(target=copy, args=ends, daemon=True).start()


def test_the_page_before_a_unix_socket(build):
    """There it wants no token."""
    with Daemon(build, "--warm", "base=0") as daemon, \
            socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=relay, args=(server, daemon.socket),
                         daemon=True).start()
        daemon.run("print(1)", id="mine")
        until(lambda: daemon.ask("GET", "/v1/runs/mine")[0] == 200)
        page = show("http://127.0.0.1:%d/" % server.getsockname()[1])
        expect((page["locked"], page["seen"]["state"]), (False, "ok"))
        assert page["seen"]["runs"].startswith("mine|python|success|exited|")
        assert not any(each["authorized"] for each in page["asked"])
