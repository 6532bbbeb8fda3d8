# SPDX-License-Identifier: MIT
"""Run untrusted programs, each in a fresh sandbox.

    done = sbx.run(["code.py", "arg"], profile="python", input="...",
                   capture_output=True, text=True, timeout=5)
    done.returncode, done.stdout, done.report

takes the place of subprocess.run(): the same arguments, the same result, the
same exceptions, and a report of how the program ended. arun() is the same for
asyncio. sbx.subprocess has the names of the standard module, so that a program
changes "import subprocess" to "from sbx import subprocess".

    box = sbx.Sandbox(profile="python", memory="512M")
    result = box.execute("print(1 + 1)")
    result.success, result.stdout, result.usage

is for programs that come as text.

Keywords that subprocess does not know are options of sbx-exec(1), with "_" for
"-": memory="512M", wall_time=5, pids=16, ro_bind=["/data"], env={"A": "1"}.
files={"a.txt": "text"} puts files of these names into the workspace. Numbers
are bytes or seconds; None is as if it was not given; "none" turns a limit off;
a list repeats the option.

Where sbxd(8) of this user listens on its usual socket, or SBX_SOCKET names
one, runs take their sandboxes from it, and results are the same; but runs with
session=, collect=, collect_to=, audit= or a profile's path do so only where
pool=PATH names the socket, and the last two then are an error. pool=False or an
empty SBX_SOCKET takes none.
A daemon that is full or stops is a SandboxError; where nobody has named it,
run() and arun() go on without it.

SBX_EXEC is the path of sbx-exec, where it is not in PATH. pytest has a fixture
"sandbox" and an option --sbx-profile: see sbx.pytest_plugin.

What a program does is a result, never an exception of this package. A sandbox
that cannot be built, or that is asked for what it cannot do, is a
SandboxError.
"""

from . import subprocess
from ._asyncio import arun
from ._errors import NotExecutableError, NotFoundError, SandboxError
from ._launch import Report
from ._sandbox import Result, Sandbox
from .subprocess import (CalledProcessError, CompletedProcess, TimeoutExpired,
                         run)

__version__ = "0.1.0"
__all__ = [
    "CalledProcessError", "CompletedProcess", "NotExecutableError",
    "NotFoundError", "Report", "Result", "Sandbox", "SandboxError",
    "TimeoutExpired", "arun", "run", "subprocess",
]
