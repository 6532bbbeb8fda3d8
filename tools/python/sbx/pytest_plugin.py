# SPDX-License-Identifier: MIT
"""For pytest: the fixture sandbox, and --sbx-profile, which runs the
subprocesses of the tests in sandboxes."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

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


@pytest.fixture(autouse=True)
def _sbx_subprocesses(request: Any, monkeypatch: Any) -> None:
    profile = request.config.getoption("--sbx-profile")
    if profile:
        # A command line stays one: profiles with a file are for sbx.run().
        boxed = type("Popen", (Popen,),
                     {"defaults": {"profile": profile, "command": True}})
        monkeypatch.setattr(subprocess, "Popen", boxed)
