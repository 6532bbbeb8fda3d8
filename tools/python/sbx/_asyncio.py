# SPDX-License-Identifier: MIT
"""run() for asyncio."""

from __future__ import annotations

import asyncio
import io
from typing import Any, Dict, Optional

from ._errors import SandboxError
from ._launch import Launch
from .subprocess import PIPE, CompletedProcess, complete

# What of the keywords is asyncio's.
_CARRIED = ("stdin", "stdout", "stderr", "start_new_session", "process_group",
            "pipesize")


class _Text:
    """The text mode of the subprocess module, which asyncio has not."""

    def __init__(self, options: Dict[str, Any]):
        self.encoding = options.pop("encoding", None)
        self.errors = options.pop("errors", None)
        flags = [bool(options.pop(name, False))
                 for name in ("text", "universal_newlines")]
        self.used = any(flags) or bool(self.encoding or self.errors)

    def _stream(self, data: bytes) -> "tuple[io.BytesIO, io.TextIOWrapper]":
        raw = io.BytesIO(data)
        return raw, io.TextIOWrapper(raw, self.encoding, self.errors)

    def encode(self, text: Any) -> Any:
        if text is None or not self.used:
            return text
        raw, stream = self._stream(b"")
        stream.write(text)
        stream.flush()
        return raw.getvalue()

    def decode(self, data: Optional[bytes]) -> Any:
        if data is None or not self.used:
            return data
        return self._stream(data)[1].read()


async def _communicate(launch: Launch, given: Any,
                       streams: Dict[str, Any]) -> "tuple[Any, Any, int]":
    with launch.starting():
        process = await asyncio.create_subprocess_exec(
            *launch.argv, pass_fds=launch.pass_fds, **streams)
    try:
        outputs = await process.communicate(given)
    except BaseException:
        # Cancelled: the sandbox does not outlive the task.
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    assert process.returncode is not None
    return (*outputs, process.returncode)


async def arun(args: Any = None, **options: Any) -> CompletedProcess:
    """sbx.run() that awaits the end of the program: the same arguments, result
    and exceptions. A task that is cancelled ends its program."""
    given = options.pop("input", None)
    check = options.pop("check", False)
    options.pop("bufsize", None)  # these streams have no other
    streams = {name: options.pop(name) for name in _CARRIED if name in options}
    if given is not None:
        if streams.get("stdin") is not None:
            raise ValueError("stdin and input exclude each other")
        streams["stdin"] = PIPE
    if options.pop("capture_output", False):
        if streams.get("stdout") or streams.get("stderr"):
            raise ValueError("capture_output excludes stdout and stderr")
        streams["stdout"] = streams["stderr"] = PIPE
    try:
        done = await _run_once(args, dict(options), given, streams)
    except SandboxError as error:
        if not error.turned_away:
            raise
        done = await _run_once(args, {**options, "pool": False}, given,
                               streams)
    return complete(done, options, check)


async def _run_once(args: Any, options: Dict[str, Any], given: Any,
                    streams: Dict[str, Any]) -> CompletedProcess:
    text = _Text(options)
    launch = Launch(args, options)
    try:
        out, err, status = await _communicate(launch, text.encode(given),
                                              streams)
        code = launch.finish(status)
    finally:
        launch.close()
    if launch.failure is not None:
        raise launch.failure
    done = CompletedProcess(launch.args, code, text.decode(out),
                            text.decode(err))
    done.report = launch.report or {}
    return done
