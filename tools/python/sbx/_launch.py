# SPDX-License-Identifier: MIT
"""One call of sbx-exec: what is asked becomes a command line, the report
becomes what the subprocess module would have said.

The report comes through a file without a name that only sbx-exec has: it never
reaches the sandbox, and cannot fill up as a pipe can."""

from __future__ import annotations

import datetime
import errno
import fcntl
import json
import os
import signal
import tempfile
from typing import IO, Any, Dict, List, Mapping, Optional, Union

from ._errors import SandboxError, failure
from ._find import find_daemon, find_exec

Report = Dict[str, Any]

# Keywords whose option has another name: the plain one means another thing to
# subprocess, or is clearer in the plural.
_RENAMED = {"stdin_file": "stdin", "inputs": "input", "packages": "package"}

# Keywords of subprocess.Popen that say something about the caller's side of
# the process, which a sandbox does not have. Each with the values that ask for
# nothing, and what to do instead.
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
    "process_group": ((None, -1, 0), "a sandbox has a session of its own"),
    "user": ((None,), "the program is user 1000 of the sandbox"),
    "group": ((None,), "the program is group 1000 of the sandbox"),
    "extra_groups": ((None,), "the program has no further groups"),
    "umask": ((-1,), "a sandbox has its own"),
}


def refuse_foreign(options: Dict[str, Any]) -> None:
    """Takes what cannot be carried out of options. ValueError when one of it
    asks for something."""
    options.pop("start_new_session", None)  # it always is one
    for name, (harmless, remedy) in _REFUSED.items():
        value = options.pop(name, harmless[0])
        if not any(value is h or value == h for h in harmless):
            raise ValueError(f"{name} cannot be carried into a sandbox: "
                             f"{remedy}")


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


def _program(args: Any, options: Dict[str, Any]) -> List[str]:
    """The words that name the program, and takes what they need out of
    options."""
    profile = options.pop("profile", None)
    code = options.pop("code", None)
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
    if code is not None:
        if shell or command:
            raise ValueError("code excludes shell and command: it is run by "
                             "the profile")
        return [*chosen, f"--code={os.fsdecode(code)}", "--", *words]
    if not words:
        raise TypeError("there is no program: give args or code")
    if shell:
        return [*chosen, "--command", "--", shell, "-c", *words]
    if command or profile is None:
        return [*chosen, "--command", "--", *words]
    return [*chosen, "--", *words]


def _unnamed_file() -> IO[bytes]:
    """A file without a name, and not at the place of a standard stream that
    the caller has closed."""
    with tempfile.TemporaryFile() as file:
        return open(fcntl.fcntl(file.fileno(), fcntl.F_DUPFD_CLOEXEC, 3),
                    "r+b")


def _write_files(files: Mapping[str, Any], directory: str) -> List[str]:
    """Puts contents into files of the host; returns the options that take
    them into the workspace, each under its own name."""
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
_OURS = ("audit", "cold", "collect", "collect_to", "dry_run", "profile_file",
         "session")


def _is_ours(options: Mapping[str, Any]) -> bool:
    return (any(options.get(name) for name in _OURS) or
            isinstance(options.get("profile"), os.PathLike))


class Launch:
    """argv runs sbx-exec, and needs the descriptors in pass_fds. Once it has
    ended, finish() tells what came of it. close() it."""

    def __init__(self, args: Any, options: Mapping[str, Any]):
        wanted = dict(options)
        timeout = wanted.pop("timeout", None)
        if timeout is not None:
            wanted["wall_time"] = max(_seconds(timeout), 0.001)
        cwd = wanted.pop("cwd", None)
        if cwd is not None:
            wanted["workdir"] = os.fsdecode(cwd)
        files = wanted.pop("files", None) or {}
        self._found = False  # a daemon that nobody has named
        if wanted.get("pool") is None and not _is_ours(wanted):
            wanted["pool"] = find_daemon()
            self._found = "SBX_SOCKET" not in os.environ
        program = _program(args, wanted)
        refuse_foreign(wanted)
        words = [word for name, value in wanted.items()
                 for word in _option(name, value)]
        self.args = program[program.index("--") + 1:]
        self.report: Optional[Report] = None
        self.failure: Optional[SandboxError] = None
        self._report = _unnamed_file()
        self.pass_fds = (self._report.fileno(),)
        self._files = (tempfile.TemporaryDirectory(prefix="sbx.")
                       if files else None)
        try:
            if self._files:
                words += _write_files(files, self._files.name)
            self.argv = [find_exec(), "--quiet",
                         f"--report=fd:{self.pass_fds[0]}", *words, *program]
        except BaseException:
            self.close()
            raise

    def finish(self, status: int) -> int:
        """The return code that subprocess would have given, from the exit
        status of sbx-exec as subprocess gave it. Sets report and failure."""
        if not self._report.closed:
            self._report.seek(0)
            line = self._report.read()
            self.report = json.loads(line) if line else None
            self.close()
        if self.report is None:
            self.failure = SandboxError(errno.EIO, "sbx-exec ended with "
                                        f"status {status} and no report")
        elif self.report and self.report["status"] == "error":
            self.failure = failure(status, self.report)
            self.failure.turned_away = self._found and (
                self.failure.errno in (errno.EAGAIN, errno.ESHUTDOWN))
            if self.args:
                self.failure.filename = self.args[0]
        return _returncode(status, self.report)

    def close(self) -> None:
        self._report.close()
        if self._files:
            self._files.cleanup()


def _seconds(value: Union[float, datetime.timedelta]) -> float:
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return float(value)


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
