# SPDX-License-Identifier: MIT
"""The subprocess module, with a sandbox around each program.

"from sbx import subprocess" in place of "import subprocess" is all that a
program needs to change. Every function takes what its namesake takes, and the
keywords of sbx.run(). What differs is what has to:

* Without a profile, args is a command of the sandbox's own root tree, with the
  profile "base". With one it is a file of the host, which is copied in, and
  its arguments; command=True makes it a command again.
* shell=True runs /bin/sh inside.
* env is added to what the profile gives; the caller's is never passed. cwd is
  a directory inside.
* Limits hold also where none was asked for: 30 seconds, 512 MB, a megabyte of
  output; sbx-exec(1) has the list. A program that a limit stopped has the
  return code of one that SIGKILL ended, and a report that says why. timeout=
  of run() and its like is the wall time limit: TimeoutExpired is raised for
  any time limit that stopped the program.
* The order between standard output and standard error is lost with
  stderr=STDOUT.
* A signal to its pid or, with start_new_session= or process_group=, to its
  group gets to sbx-exec. One that ends it ends the program, and is the return
  code of Popen(); run() has no report then, and raises a SandboxError.
* What would carry a piece of the caller into the sandbox (preexec_fn,
  pass_fds, ...) is a ValueError that says what to use.
* A sandbox that cannot be built is a SandboxError; of its kinds,
  NotFoundError is a FileNotFoundError, and NotExecutableError a
  PermissionError. Popen() does not wait for the start: its wait(), poll() and
  communicate() raise them.
"""

from __future__ import annotations

import contextlib
import locale
import signal
import subprocess as _subprocess
from subprocess import (DEVNULL, PIPE, STDOUT, CalledProcessError,
                        SubprocessError, TimeoutExpired, list2cmdline)
from typing import Any, ClassVar, Dict, Mapping, Optional, Sequence

from ._errors import SandboxError
from ._launch import Launch, Report

__all__ = [
    "CalledProcessError", "CompletedProcess", "DEVNULL", "PIPE", "Popen",
    "STDOUT", "SubprocessError", "TimeoutExpired", "call", "check_call",
    "check_output", "getoutput", "getstatusoutput", "list2cmdline", "run",
]

# Not public there, but what test suites call between their programs.
_cleanup = _subprocess._cleanup  # type: ignore[attr-defined]

# What of Popen's keywords is about sbx-exec: the caller's ends of the streams,
# and where signals for a whole group find it.
_OWN_OPTIONS = ("bufsize", "stdin", "stdout", "stderr", "text", "encoding",
                "errors", "universal_newlines", "pipesize",
                "start_new_session", "process_group")
# What sbx-exec takes as the caller's wish to end the program.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
           signal.SIGKILL)


# The order of Popen's arguments after the first.
_POSITIONAL = ("bufsize", "executable", "stdin", "stdout", "stderr",
               "preexec_fn", "close_fds", "shell", "cwd", "env",
               "universal_newlines", "startupinfo", "creationflags",
               "restore_signals", "start_new_session", "pass_fds")


def named(positional: Sequence[Any],
          options: Mapping[str, Any]) -> Dict[str, Any]:
    """All arguments as keywords."""
    names = _POSITIONAL[:len(positional)]
    if len(names) < len(positional) or set(names) & set(options):
        raise TypeError("too many arguments, or one of them twice")
    return {**dict(zip(names, positional)), **options}


class Popen(_subprocess.Popen):  # type: ignore[type-arg]
    """A program that runs in a sandbox of its own.

    Takes what subprocess.Popen() takes, and the keywords of run(); timeout is
    seconds from the start of the program. pid (int) is that of sbx-exec, which
    lives as long as the sandbox does.

    Raises ValueError and TypeError for what cannot be asked, and SandboxError
    when there is no sbx-exec. What else keeps the program from running is told
    by poll(), wait() and communicate().
    """

    # What every call has, unless it says otherwise; for subclasses.
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, args: Any = None, *positional: Any, **options: Any):
        self._raw: Optional[int] = None
        given = named(positional, options)
        wanted = {**given, **{name: value
                              for name, value in self.defaults.items()
                              if given.get(name) is None}}
        own = {name: wanted.pop(name) for name in _OWN_OPTIONS
               if name in wanted}
        self._launch = Launch(args, wanted)
        try:
            with self._launch.starting():
                super().__init__(self._launch.argv,
                                 pass_fds=self._launch.pass_fds, **own)
        except BaseException:
            self._launch.close()
            raise
        self.args = self._launch.args

    @property
    def report(self) -> Optional[Report]:
        """How the program ended, a dict as of sbx-exec(1). None until it has,
        and after kill() or another signal that came before it had started."""
        return self._launch.report

    # The base class sets this once it has seen the end of sbx-exec.
    @property
    def returncode(self) -> Optional[int]:
        """The program's exit status, -N for signal N; None: it runs."""
        return self._raw

    @returncode.setter
    def returncode(self, status: Optional[int]) -> None:
        if status is not None:
            status = self._launch.finish(status)
        self._raw = status

    def _told(self) -> None:
        """Raises what kept the program from running: a signal that somebody
        has sent to sbx-exec is a return code."""
        if self._launch.failure is not None and not self._launch.killed:
            raise self._launch.failure

    def __exit__(self, kind: Any, *rest: Any) -> None:
        # What the block itself has raised is not to be hidden.
        with (contextlib.nullcontext() if kind is None else
              contextlib.suppress(SandboxError)):
            super().__exit__(kind, *rest)

    def poll(self) -> Optional[int]:
        """returncode, without waiting. Raises SandboxError."""
        status = super().poll()
        self._told()
        return status

    def wait(self, timeout: Optional[float] = None) -> int:
        """Waits for the end, at most timeout seconds, and returns returncode.
        Raises TimeoutExpired, and the program runs on; SandboxError."""
        status = super().wait(timeout)
        self._told()
        return status

    def communicate(self, input: Any = None,
                    timeout: Optional[float] = None) -> Any:
        """Writes input (bytes, or str in text mode), reads both outputs to
        their ends and waits, at most timeout seconds. Returns (stdout, stderr),
        None for what is no PIPE. Raises as wait() does."""
        outputs = super().communicate(input, timeout)
        self._told()
        return outputs

    def send_signal(self, sig: int) -> None:
        """Ends the program. Nothing else is carried inside: ValueError for a
        signal that is not SIGINT, SIGTERM, SIGHUP, SIGQUIT or SIGKILL."""
        if sig not in _ENDING:
            raise ValueError(f"signal {int(sig)} cannot be sent into a "
                             "sandbox: only those that end a program can")
        with contextlib.suppress(SandboxError):  # wait() tells
            super().send_signal(sig)


class CompletedProcess(_subprocess.CompletedProcess):  # type: ignore[type-arg]
    """What subprocess.run() returns: args, returncode (int), stdout and stderr
    (bytes, str in text mode, None where not captured); and the report (dict).
    """

    report: Report


def complete(process: CompletedProcess, options: Mapping[str, Any],
             check: bool) -> CompletedProcess:
    """Raises what subprocess.run() would. The exceptions have the report,
    too."""
    error: Optional[_subprocess.SubprocessError] = None
    outputs = [process.stdout, process.stderr]
    timeout = options.get("timeout")
    if timeout is not None and process.report["status"] == "timeout":
        # Always bytes, whatever the mode was.
        encoding = options.get("encoding") or locale.getpreferredencoding()
        outputs = [output.encode(encoding, "surrogateescape")
                   if isinstance(output, str) else output
                   for output in outputs]
        error = TimeoutExpired(process.args, timeout, *outputs)
    elif check and process.returncode:
        error = CalledProcessError(process.returncode, process.args, *outputs)
    if error is None:
        return process
    error.report = process.report  # type: ignore[attr-defined]
    raise error


def run(args: Any = None, *positional: Any,
        **options: Any) -> CompletedProcess:
    """Runs a program to its end.

    args: a path or a sequence of words; with a profile, a file of the host,
        copied in, and its arguments; without one, or with command=True, a
        command of the sandbox.
    code: the program as a text, in the place of a file; args are arguments.
    files: {name: str or bytes}, put into the workspace.
    profile: the name of a profile, or a pathlib.Path to one.
    timeout: seconds by the clock, from the start of the program.
    memory, disk, output_limit, ...: bytes, or a text such as "64M";
        wall_time, cpu_time, idle_time: seconds; pids, cpus, ...: numbers.
    input, capture_output, check, text, stdin, ...: as of subprocess.run().

    Returns a CompletedProcess. Raises TimeoutExpired with timeout=,
    CalledProcessError with check=True, both with a report; SandboxError when
    there was no run; ValueError and TypeError for what cannot be asked.
    """
    options = named(positional, options)
    given = options.pop("input", None)
    check = options.pop("check", False)
    if given is not None:
        if options.get("stdin") is not None:
            raise ValueError("stdin and input arguments may not both be used.")
        options["stdin"] = PIPE
    if options.pop("capture_output", False):
        if options.get("stdout") or options.get("stderr"):
            raise ValueError("stdout and stderr arguments may not be used "
                             "with capture_output.")
        options["stdout"] = options["stderr"] = PIPE
    try:
        done = _run_once(args, options, given)
    except SandboxError as error:
        # A daemon that is full, or stops: nothing has begun.
        if not error.turned_away:
            raise
        done = _run_once(args, {**options, "pool": False}, given)
    return complete(done, options, check)


def _run_once(args: Any, options: Mapping[str, Any],
              given: Any) -> CompletedProcess:
    with Popen(args, **options) as process:
        try:
            outputs = process.communicate(given)
        except BaseException:
            process.kill()
            raise
    if process._launch.failure is not None:
        raise process._launch.failure
    done = CompletedProcess(process.args, process.wait(), *outputs)
    done.report = process.report or {}
    return done


def call(*args: Any, **options: Any) -> int:
    """run(...).returncode; raises as run() does."""
    return int(run(*args, **options).returncode)


def check_call(*args: Any, **options: Any) -> int:
    """run(..., check=True).returncode: 0, or CalledProcessError."""
    return int(run(*args, check=True, **options).returncode)


def check_output(*args: Any, **options: Any) -> Any:
    """run(..., check=True, stdout=PIPE).stdout: bytes, or str in text mode.
    Raises as run() does."""
    for name in ("stdout", "check"):
        if name in options:
            raise ValueError(f"{name} argument not allowed, it will be "
                             "overridden.")
    if "input" in options and options["input"] is None:
        text = any(options.get(name) for name in
                   ("text", "encoding", "errors", "universal_newlines"))
        options["input"] = "" if text else b""
    return run(*args, stdout=PIPE, check=True, **options).stdout


def getstatusoutput(cmd: str, **options: Any) -> "tuple[int, str]":
    """The return code and the output of a command of the sandbox's shell."""
    done = run(cmd, shell=True, text=True, stdout=PIPE, stderr=STDOUT,
               **options)
    output = done.stdout
    return int(done.returncode), output[:-1] if output[-1:] == "\n" else output


def getoutput(cmd: str, **options: Any) -> str:
    """The output of a command of the sandbox's shell."""
    return getstatusoutput(cmd, **options)[1]
