# SPDX-License-Identifier: MIT
"""Builds that the daemon keeps: used again, by whom they are of, and nobody
else's to write."""

import json
import os
import subprocess
import tempfile

from lab import OTHER, Daemon, expect, until

CODE = '#include <stdio.h>\nint main(void) { puts("%s"); }\n'


class Kept(Daemon):
    """A daemon with a place for builds, that is taken away."""

    def __init__(self, build):
        self.cache = tempfile.TemporaryDirectory(prefix="sbx-kept.")
        super().__init__(build, "--warm", "python=0",
                         env={"XDG_CACHE_HOME": self.cache.name})

    def turn(self, word, **more):
        return self.ask("POST", "/v1/run", dict(
            language="c", code=CODE % word, **more))[2]

    def turn_of_another(self, word):
        done = subprocess.run(
            ["curl", "-s", "--unix-socket", self.socket, "http://sbxd/v1/run",
             "-d", json.dumps({"language": "c", "code": CODE % word})],
            user=OTHER, group=OTHER, extra_groups=[], capture_output=True)
        return json.loads(done.stdout)

    def place(self, *names):
        return os.path.join(self.cache.name, "sbx", *names)


def was_kept(report, word):
    expect((report["status"], report["stdout"]), ("success", word + "\n"))
    return report["stages"]["build"]["cached"]


def test_the_same_is_built_once(build):
    """Also in a session, and by sbx-exec; what fails is not kept."""
    with Kept(build) as daemon:
        expect(was_kept(daemon.turn("a"), "a"), False)
        expect(was_kept(daemon.turn("a", args=["x"], timeout=7), "a"), True)
        expect(was_kept(daemon.turn("b"), "b"), False)
        expect(was_kept(daemon.turn("a"), "a"), True)
        for _ in range(2):
            report = daemon.turn('"')
            expect((report["status"], "run" in report["stages"]),
                   ("failure", False))
        expect(len(os.listdir(daemon.place("build"))), 2)
        text = json.dumps({"language": "c", "code": CODE % "a"})
        done = subprocess.run([f"{build}/bin/sbx-exec", "--request", "-"],
                              env=daemon.env, input=text, text=True,
                              capture_output=True)
        expect(was_kept(json.loads(done.stdout), "a"), True)


def test_users_have_builds_of_their_own(build):
    """And none of them can write there, nor a program of theirs."""
    if os.geteuid() != 0:
        return
    with Kept(build) as daemon:
        os.chmod(daemon.socket, 0o666)
        expect(was_kept(daemon.turn("a"), "a"), False)
        expect(was_kept(daemon.turn_of_another("a"), "a"), False)
        expect(was_kept(daemon.turn_of_another("a"), "a"), True)
        for names in (["build"], ["build-of"], ["build-of", str(OTHER)]):
            found = os.stat(daemon.place(*names))
            expect((found.st_uid, found.st_mode & 0o777), (0, 0o700), names)
        seen = daemon.ask("POST", "/v1/run", {
            "language": "bash",
            "code": f"ls {daemon.cache.name} || echo nothing"})[2]
        expect(seen["stdout"], "nothing\n")


def test_what_others_may_write_is_refused(build):
    with Kept(build) as daemon:
        expect(was_kept(daemon.turn("a"), "a"), False)
        os.chmod(daemon.place("build"), 0o777)
        report = daemon.turn("a")
        expect(report["status"], "error")
        assert "others may write to it" in report["message"], report
        os.chmod(daemon.place("build"), 0o700)
        expect(was_kept(daemon.turn("a"), "a"), True)
        # A damaged one is built again.
        kept, = os.listdir(daemon.place("build"))
        os.truncate(daemon.place("build", kept, "tree", "program"), 100)
        expect(was_kept(daemon.turn("a"), "a"), False)
        # The place is free once the run that had it is closed.
        until(lambda: was_kept(daemon.turn("a"), "a"))
