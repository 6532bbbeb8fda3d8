# SPDX-License-Identifier: MIT
"""A daemon for a test, and ways to talk to it."""

import contextlib
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../support"))
import skips  # noqa: E402

OTHER = 64001  # an id of nobody's
PATIENCE = 120


class Skip(Exception):
    """The host lacks what the test needs."""


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("sbxd", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


class Daemon:
    """sbxd in a directory of its own, until the end of the with."""

    def __init__(self, build, *options, env=None, wait=True, files=0):
        self.build, self.options, self.wait = build, options, wait
        self.files = files  # the most it may have open; 0: as here
        self.env = dict(env or {}, PATH=os.environ["PATH"])

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="sbx-sbxd.")
        os.chmod(self.folder, 0o755)
        self.socket = os.path.join(self.folder, "s")
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(
            [f"{self.build}/bin/sbxd", "--socket", self.socket, *self.options],
            env=self.env, stderr=subprocess.PIPE,
            preexec_fn=self.limit if self.files else None)
        if self.wait:
            until(lambda: self.answers())

    def limit(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.files,) * 2)

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.folder)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(self.process.stderr.read())
        with contextlib.suppress(OSError):
            return self.ask("GET", "/healthz")[0] == 200

    def warm(self, n=1):
        """Waits until n boxes are idle."""
        until(lambda: self.metric("sbx_waiting_boxes") >= n)
        return self

    def ask(self, method, path, body=None):
        """(status, headers, JSON or text)"""
        connection = Connection(self.socket)
        if isinstance(body, dict):
            body = json.dumps(body)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return (answer.status, answer.headers,
                json.loads(text) if text.startswith("{") else text)

    def run(self, code, **more):
        return self.ask("POST", "/v1/run",
                        dict(language="python", code=code, **more))

    def metric(self, name):
        for line in self.ask("GET", "/metrics")[2].splitlines():
            if line.rsplit(" ", 1)[0] == name:
                return int(line.rsplit(" ", 1)[1])
        raise AssertionError(name)

    def runs(self):
        return self.ask("GET", "/v1/runs")[2]["runs"]

    def exec(self, *words, **more):
        """sbx-exec --pool, as subprocess.Popen."""
        return subprocess.Popen(
            [f"{self.build}/bin/sbx-exec", f"--pool={self.socket}", *words],
            **dict(dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE), **more))

    def children(self):
        return children(self.process.pid)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def until(true, patience=PATIENCE):
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def expect(got, wanted, what=""):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]


def processes(word):
    """The processes whose arguments have the word."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if word.encode() in file.read() and int(pid) != os.getpid():
                    found.append(int(pid))
    return found
