# SPDX-License-Identifier: MIT
"""Settings that several runs share, and programs as text."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any, Dict, Optional

from ._asyncio import arun
from ._launch import stricter
from .subprocess import PIPE, CompletedProcess, Popen, run


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of a run. report has all of it; the rest are its most used
    fields."""

    report: Dict[str, Any]
    stdout: str  # bytes that are not UTF-8 are U+FFFD
    stderr: str
    returncode: int  # as of subprocess: -n for signal n

    @property
    def success(self) -> bool:
        """It ran to its end, with exit status 0."""
        return bool(self.report["status"] == "success")

    @property
    def status(self) -> str:
        """success, failure, timeout, limit, denied, rejected or cancelled."""
        return str(self.report["status"])

    @property
    def reason(self) -> str:
        """exited, signaled, wall_time, cpu_time, memory, ..."""
        return str(self.report["reason"])

    @property
    def message(self) -> str:
        """One sentence for a person."""
        return str(self.report["message"])

    @property
    def exit_code(self) -> Optional[int]:
        """The program's own; None where it did not exit."""
        return self.report.get("exit_code")

    @property
    def execution_time(self) -> float:
        """Seconds from the start of the program to its end."""
        return float(self.report.get("wall_time_s", 0.0))

    @property
    def usage(self) -> Dict[str, Any]:
        """What it used; units are in the names: cpu_time_s,
        memory_peak_bytes, ..."""
        return dict(self.report.get("usage", {}))

    @property
    def isolation(self) -> Dict[str, Any]:
        """What it was held by."""
        return dict(self.report.get("isolation", {}))

    @property
    def files(self) -> Dict[str, bytes]:
        """What collect= brought out: {path: content}. Files above 1M, and what
        goes above 4M in all, have none and are left out: report["files"] has
        their path and size_bytes. Where collect_to= names a directory, all are
        there, and in the report."""
        return {file["path"]: base64.b64decode(file["content_b64"])
                for file in self.report.get("files", [])
                if "content_b64" in file}


def _text(data: Any) -> str:
    """What run() has kept of a stream; nothing where it went elsewhere."""
    return data if isinstance(data, str) else (data or b"").decode(
        "utf-8", "replace")


def _result(done: CompletedProcess) -> Result:
    return Result(done.report, _text(done.stdout), _text(done.stderr),
                  done.returncode)


class Sandbox:
    """A profile and options of sbx-exec(1) that several runs share. Each run
    has a fresh sandbox; with session=, the workspace stays from run to run.
    profile is a name or a pathlib.Path; options are the keywords of run().

    Sandbox("python", memory="512M", wall_time=5, ro_bind=["/data"])
    Sandbox("python", session="s1", collect=["*.png"])
    """

    def __init__(self, profile: Any = "python", **options: Any):
        self.options = {"profile": profile, **options}

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in self.options.items())
        return f"Sandbox({shown})"

    def popen(self, args: Any = None, **options: Any) -> Popen:
        """sbx.subprocess.Popen() with these settings; a keyword given here
        wins."""
        return Popen(args, **{**self.options, **options})

    def run(self, args: Any = None, **options: Any) -> CompletedProcess:
        """sbx.run() with these settings; a keyword given here wins."""
        return run(args, **{**self.options, **options})

    async def arun(self, args: Any = None, **options: Any) -> CompletedProcess:
        """sbx.arun() with these settings; a keyword given here wins."""
        return await arun(args, **{**self.options, **options})

    def execute(self, code: str, args: Any = None,
                **options: Any) -> Result:
        """Runs a program that is given as text. Whatever it does is a Result:
        only SandboxError is raised, when there was no run. input is text or
        bytes; timeout is seconds."""
        return _result(run(args, **self._captured(code, options)))

    async def aexecute(self, code: str, args: Any = None,
                       **options: Any) -> Result:
        """execute() for asyncio."""
        return _result(await arun(args, **self._captured(code, options)))

    def _captured(self, code: str, options: Dict[str, Any]) -> Dict[str, Any]:
        """The options of a run whose streams are kept, and which raises
        nothing for what the program does."""
        made = {**self.options, "stdout": PIPE, "stderr": PIPE, **options,
                "code": code, "check": False}
        for name in ("text", "universal_newlines", "capture_output"):
            made.pop(name, None)  # a Result is that anyway
        timeout = made.pop("timeout", None)
        if timeout is not None:
            made["wall_time"] = stricter(timeout, made.get("wall_time"))
        given = made.get("input")
        if given is None and made.get("stdin") is None:
            given = ""
        if isinstance(given, str) and not (made.get("encoding") or
                                           made.get("errors")):
            given = given.encode()
        return {**made, "input": given}
