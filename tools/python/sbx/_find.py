# SPDX-License-Identifier: MIT
"""Where sbx-exec is."""

from __future__ import annotations

import errno
import os
import shutil

from ._errors import SandboxError

# Seen from the package: in the source tree, and where it is installed in
# PREFIX/lib/python3/dist-packages.
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
