# SPDX-License-Identifier: MIT
"""One call of sbx-exec: what is asked becomes a command line, the report
becomes what the subprocess module would have said.

The report comes through a file without a name that only sbx-exec has: it never
reaches the sandbox, and cannot fill up as a pipe can."""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import json
import os
import re
import signal
import tempfile
from typing import IO, Any, Dict, Iterator, List, Mapping, Optional

from ._errors import SandboxError, failure
from ._find import find_daemon, find_exec

Report = Dict[str, Any]

# Keywords whose option has another name: the plain one means another thing to
# subprocess, or is clearer in the plural.
_RENAMED = {"stdin_file": "stdin", "inputs": "input", "packages": "package"}

# Keywords of subprocess.Popen that say something about the caller's side of
# the process, which a sandbox does not have, and options of sbx-exec that leave
# no result. Each with the values that ask for nothing, and what to do instead.
_REFUSED = {
    "preexec_fn": ((None,), "nothing of the caller runs inside; limits are "
                   "keywords, such as memory= and pids="),
    "pass_fds": (((),), "no descriptor but 0, 1 and 2 crosses into a sandbox; "
                 "show a file with ro_bind= or bind="),
    "close_fds": ((True,), "no descriptor but 0, 1 and 2 crosses into a "
                  "sandbox; leave it out"),
    "executable": ((None,), "the program is the first of args, and that is "
                   "what it is called inside; with shell=True it is the "
                   "shell"),
    "startupinfo": ((None,), "it is for Windows"),
    "creationflags": ((0,), "it is for Windows"),
    "restore_signals": ((True,), "a sandbox starts with the default signals"),
    "user": ((None,), "the program is user 1000 of the sandbox"),
    "group": ((None,), "the program is group 1000 of the sandbox"),
    "extra_groups": ((None,), "the program has no further groups"),
    "umask": ((-1,), "a sandbox has its own"),
    "dry_run": ((None, False), "a plan is not a result; print it with "
                "sbx-exec --dry-run"),
    "report": ((None, False), "the result has it, as its report"),
}


def refuse_foreign(options: Dict[str, Any]) -> None:
    """Takes what cannot be carried out of options. ValueError when one of it
    asks for something."""
    for name, (harmless, remedy) in _REFUSED.items():
        value = options.pop(name, harmless[0])
        if not any(value is h or value == h for h in harmless):
            raise ValueError(f"{name} cannot be asked of a sandbox: {remedy}")


def _words(args: Any) -> List[str]:
    """A command line as subprocess takes it: one program, or a sequence."""
    if isinstance(args, (str, bytes, os.PathLike)):
        return [os.fsdecode(args)]
    words = [os.fsdecode(word) for word in args]
    if not words:
        raise ValueError("args is empty: the program is its first word")
    return words


def _value(name: str, value: Any) -> str:
    if isinstance(value, datetime.timedelta):
        value = value.total_seconds()
    if isinstance(value, float):
        return f"{max(value, 0):.9f}".rstrip("0").rstrip(".")
    if isinstance(value, (int, str)):
        return str(value)
    if isinstance(value, (bytes, os.PathLike)):
        return os.fsdecode(value)
    raise TypeError(f"{name} takes a number or a text, not "
                    f"{type(value).__name__}")


def _option(name: str, value: Any) -> List[str]:
    """A keyword and its value as words of the command line."""
    option = "--" + _RENAMED.get(name, name).replace("_", "-")
    if value is None or value is False:
        return []
    if value is True:
        return [option]
    if isinstance(value, Mapping):
        if any("=" in os.fsdecode(key) for key in value):
            raise ValueError(f"{name}: illegal environment variable name")
        value = [f"{os.fsdecode(k)}={os.fsdecode(v)}"
                 for k, v in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [f"{option}={_value(name, item)}" for item in value]
    return [f"{option}={_value(name, value)}"]


def _program(args: Any, options: Dict[str, Any],
             is_text: bool) -> "tuple[List[str], List[str]]":
    """The options that say how the program is run, and its words: those after
    a text, or else the program is the first. Takes what it needs out of
    options."""
    profile = options.pop("profile", None)
    command = options.pop("command", False)
    shell = options.pop("shell", False)
    if shell:
        if isinstance(args, os.PathLike):
            raise TypeError("a path is no command of a shell")
        shell = os.fsdecode(options.pop("executable", None) or "/bin/sh")
    words = [] if args is None else _words(args)
    chosen = []
    if isinstance(profile, os.PathLike):
        chosen = [f"--profile-file={os.fspath(profile)}"]
    elif profile is not None:
        chosen = [f"--profile={profile}"]
    if is_text:
        if shell or command:
            raise ValueError("code excludes shell and command: it is run by "
                             "the profile")
        return chosen, words
    if not words:
        raise TypeError("there is no program: give args or code")
    if shell:
        words = [shell, "-c", *words]
    if shell or command or profile is None:
        chosen.append("--command")
    return chosen, words


def _unnamed_file(content: bytes = b"") -> IO[bytes]:
    """A file without a name, and not at the place of a standard stream that
    the caller has closed."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return open(fcntl.fcntl(file.fileno(), fcntl.F_DUPFD_CLOEXEC, 3),
                    "r+b")


def _write_files(files: Mapping[str, Any], directory: str) -> List[str]:
    """Puts contents into files of the host; returns the options that take
    them into the workspace, each under its own name."""
    if not isinstance(files, Mapping):
        raise TypeError("files takes a mapping of names to contents, not "
                        f"{type(files).__name__}")
    words = []
    for number, (name, content) in enumerate(files.items()):
        path = os.path.join(directory, str(number))
        with open(path, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str)
                         else content)
        words.append(f"--input={path}:{os.fsdecode(name)}")
    return words


# A run with one of these goes to no daemon, unless it is told to, and some are
# refused then.
_OURS = ("audit", "cold", "collect", "collect_to", "profile_file", "session")


def _is_ours(options: Mapping[str, Any]) -> bool:
    return (any(options.get(name) for name in _OURS) or
            isinstance(options.get("profile"), os.PathLike))


_REMEDIES = {
    errno.ENOENT: "; install it, or set SBX_EXEC to its path",
    errno.E2BIG: "; give what is long as input=, files= or code=",
}


class Program(str):
    """The path of sbx-exec in a command line of ours: needs no sandbox."""


class Launch:
    """argv runs sbx-exec, and needs the descriptors in pass_fds. Once it has
    ended, finish() tells what came of it. close() it.

    args is what the caller sees of the program; report, failure and killed
    (a signal has ended sbx-exec, and there is no report) are set by finish().
    """

    def __init__(self, args: Any, options: Mapping[str, Any]):
        wanted = dict(options)
        timeout = wanted.pop("timeout", None)
        if timeout is not None:
            wanted["wall_time"] = stricter(timeout, wanted.get("wall_time"))
        cwd = wanted.pop("cwd", None)
        if cwd is not None:
            wanted["workdir"] = os.fsdecode(cwd)
        files = wanted.pop("files", None) or {}
        code = wanted.pop("code", None)
        self._found = False  # a daemon that nobody has named
        if wanted.get("pool") is None and not _is_ours(wanted):
            wanted["pool"] = find_daemon()
            self._found = "SBX_SOCKET" not in os.environ
        chosen, words = _program(args, wanted, code is not None)
        self._name = words[0] if code is None else None
        self.args = args if code is None else [
            *chosen, f"--code={os.fsdecode(code)}", *words]
        refuse_foreign(wanted)
        chosen += [word for name, value in wanted.items()
                   for word in _option(name, value)]
        self.report: Optional[Report] = None
        self.failure: Optional[SandboxError] = None
        self.killed = False
        with contextlib.ExitStack() as stack:
            self._report = stack.enter_context(_unnamed_file())
            self.pass_fds = [self._report.fileno()]
            if code is not None:
                # Not in a word, which has at most 128 KiB.
                text = stack.enter_context(_unnamed_file(os.fsencode(code)))
                self.pass_fds.append(text.fileno())
                words.insert(0, f"/dev/fd/{text.fileno()}")
            if files:
                chosen += _write_files(files, stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="sbx.")))
            self.argv = [Program(find_exec()), "--quiet",
                         f"--report=fd:{self._report.fileno()}", *chosen, "--",
                         *words]
            self.close = stack.pop_all().close

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """That sbx-exec itself cannot be started is a SandboxError."""
        try:
            yield
        except OSError as error:
            raise SandboxError(
                error.errno, f"{self.argv[0]} cannot be started: "
                f"{error.strerror}{_REMEDIES.get(error.errno, '')}"
            ) from error

    def finish(self, status: int) -> int:
        """The return code that subprocess would have given, from the exit
        status of sbx-exec as subprocess gave it. Sets report and failure."""
        if not self._report.closed:
            self._report.seek(0)
            line = self._report.read()
            self.report = json.loads(line) if line else None
            self.close()
        if self.report is None:
            self.killed = status < 0
            self.failure = SandboxError(errno.EIO, "sbx-exec ended with "
                                        f"status {status} and no report")
        elif self.report and self.report["status"] == "error":
            self.failure = failure(status, self.report)
            self.failure.turned_away = self._found and (
                self.failure.errno in (errno.EAGAIN, errno.ESHUTDOWN))
            if self._name is not None:
                self.failure.filename = self._name
        return _returncode(status, self.report)


# As sbx-exec reads a DUR.
_DURATION = re.compile(r"(\d*\.?\d+)(d|h|m|s|ms|us|ns)?")
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6,
          "ns": 1e-9}


def stricter(timeout: Any, wall_time: Any) -> Any:
    """The smaller of both, for --wall-time. Of what is no duration sbx-exec
    says so."""
    if isinstance(timeout, datetime.timedelta):
        timeout = timeout.total_seconds()
    timeout = max(float(timeout), 0.001)
    if wall_time is None or wall_time is False or wall_time == "none":
        return timeout
    seconds = wall_time
    if isinstance(wall_time, datetime.timedelta):
        seconds = wall_time.total_seconds()
    elif isinstance(wall_time, str):
        read = _DURATION.fullmatch(wall_time)
        if read:
            seconds = float(read[1]) * _UNITS[read[2] or "s"]
    if isinstance(seconds, (int, float)) and timeout < seconds:
        return timeout
    return wall_time


def _signal_number(name: str) -> int:
    if name.startswith("SIGRTMIN"):
        return signal.SIGRTMIN + int(name[len("SIGRTMIN"):] or 0)
    return int(getattr(signal, name))


def _returncode(status: int, report: Optional[Report]) -> int:
    if report is None or report["status"] in ("error", "rejected"):
        return status
    if report["status"] == "cancelled":
        return 128 - status  # by the signal that sbx-exec got
    if "exit_code" in report:
        return int(report["exit_code"])
    return -_signal_number(report["signal"])
