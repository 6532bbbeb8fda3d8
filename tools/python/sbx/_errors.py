# SPDX-License-Identifier: MIT
"""Failures of a sandbox. What a program does is no failure."""

from __future__ import annotations

import errno
from typing import Any, Dict, Optional


class SandboxError(OSError):
    """The sandbox could not be built, or was asked for what it cannot do;
    nothing of the program ran, or it was killed.

    report: the report with status "error", or None where there is none.
    stage: "mount", "spec", ...; errno and strerror are those of the report.
    """

    report: Optional[Dict[str, Any]] = None
    turned_away = False  # by a daemon that nobody had named

    @property
    def stage(self) -> Optional[str]:
        """Where it failed, in the words of the report; None without one."""
        return self.report["error"]["stage"] if self.report else None

    def __str__(self) -> str:
        return str(self.strerror)


class NotFoundError(SandboxError, FileNotFoundError):
    """The program was not found: exit status 127."""


class NotExecutableError(SandboxError, PermissionError):
    """The program was found, but may not be executed: exit status 126."""


# The exit statuses of sbx-exec that say more than that it failed.
_KINDS = {126: NotExecutableError, 127: NotFoundError}


def failure(status: int, report: Dict[str, Any]) -> SandboxError:
    """The exception for a report with status "error"."""
    error = report["error"]
    code = getattr(errno, error["code"], errno.EIO)
    made = _KINDS.get(status, SandboxError)(code, error["text"])
    made.report = report
    return made
