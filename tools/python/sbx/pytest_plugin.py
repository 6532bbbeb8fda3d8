# SPDX-License-Identifier: MIT
"""For pytest: the fixture sandbox, and --sbx-profile, which runs the
subprocesses of the tests in sandboxes.

They are those of the tests and of fixtures of every scope, setUpClass() and
the like too, from the first test to the end of the session. Outside stays what
is started before that, when modules are imported and tests are collected; what
does not go through subprocess.Popen, such as os.system(), os.fork() and
multiprocessing; and a module's own name of it, as of "from subprocess import
Popen".

asyncio has the exit status of sbx-exec(1): 128+n where signal n ended a
program, and 127 where there is none, in place of -n and FileNotFoundError.
"""

from __future__ import annotations

import subprocess
import unittest.mock
from typing import Any, Iterator

import pytest

from ._launch import Program
from ._sandbox import Sandbox
from .subprocess import Popen


def pytest_addoption(parser: Any) -> None:
    parser.getgroup("sbx").addoption(
        "--sbx-profile", metavar="NAME", default=None,
        help="run what tests start through subprocess in sandboxes, with this "
             "profile; it is the profile of the fixture sandbox, too")


@pytest.fixture
def sandbox(request: Any) -> Sandbox:
    """A sbx.Sandbox of the profile of --sbx-profile, or python."""
    return Sandbox(request.config.getoption("--sbx-profile") or "python")


def _boxed(profile: str) -> Any:
    """What takes the place of subprocess.Popen."""
    plain = subprocess.Popen

    class Boxed(Popen):
        # A command line stays one: profiles with a file are for sbx.run().
        defaults = {"profile": profile, "command": True}

        def __new__(cls, args: Any = None, *rest: Any, **options: Any) -> Any:
            # arun() comes by here, through asyncio, to start sbx-exec.
            if isinstance(args, (list, tuple)) and args and (
                    isinstance(args[0], Program)):
                return plain(args, *rest, **options)
            return super().__new__(cls)

    Boxed.__name__ = Boxed.__qualname__ = "Popen"
    return Boxed


# A plugin's fixtures for the session are set up before those of the tests.
@pytest.fixture(scope="session", autouse=True)
def _sbx_subprocesses(request: Any) -> Iterator[None]:
    profile = request.config.getoption("--sbx-profile")
    if not profile:
        yield
        return
    with unittest.mock.patch.object(subprocess, "Popen", _boxed(profile)):
        yield
