# SPDX-License-Identifier: MIT
"""Where sbx-exec and sbxd are."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import stat
from typing import Optional

from ._errors import SandboxError

# Seen from the package: in the source tree, and where it is installed in
# PREFIX/lib/python3*/dist-packages.
_BESIDE = ("../../../build/bin/sbx-exec", "../../../../bin/sbx-exec")


def find_exec() -> str:
    """The path of sbx-exec: $SBX_EXEC, or the first of PATH, or the one that
    was built or installed with this package. Raises SandboxError."""
    told = os.environ.get("SBX_EXEC")
    if told:
        return told
    found = shutil.which("sbx-exec")
    if found:
        return found
    here = os.path.dirname(os.path.abspath(__file__))
    for relative in _BESIDE:
        path = os.path.normpath(os.path.join(here, relative))
        if os.access(path, os.X_OK):
            return path
    raise SandboxError(errno.ENOENT, "sbx-exec: not found; install it, or "
                       "set SBX_EXEC to its path")


def _answers(path: str) -> bool:
    """Whether a daemon of this very user listens there: that of another one
    opens no file for us."""
    try:
        found = os.stat(path)
        if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
            return False
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)
            client.connect(path)
    except OSError:
        return False
    return True


def find_daemon() -> Optional[str]:
    """The socket of sbxd: $SBX_SOCKET, or one of the usual that answers. None:
    there is none, or SBX_SOCKET is empty."""
    told = os.environ.get("SBX_SOCKET")
    if told is not None:
        return told or None
    usual = [os.path.join(os.environ.get("XDG_RUNTIME_DIR") or "/run",
                          "sbx/sbxd.sock"), "/run/sbx/sbxd.sock"]
    return next((path for path in usual if _answers(path)), None)
