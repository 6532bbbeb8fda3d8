# SPDX-License-Identifier: MIT
"""What the tests share."""

import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["SBX_BUILD"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"


sys.path.append(str(ROOT / "tests/support"))
import skips  # noqa: E402

needs_sessions = unittest.skipUnless(skips.has_sessions(), skips.OLD_KERNEL)


class Scratch(unittest.TestCase):
    """A test with a directory of its own, self.path, that is taken away."""

    def setUp(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="sbx-test."))
        self.addCleanup(shutil.rmtree, self.path)

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


def open_files():
    """The descriptors of this process, and what is behind them."""
    links = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            links[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            pass  # that of the listing
    return links


def read_of(pid, path):
    """How many bytes of a file a process has read by now."""
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it has closed that
            if os.readlink(f"/proc/{pid}/fd/{name}") == str(path):
                with open(f"/proc/{pid}/fdinfo/{name}") as info:
                    return int(info.readline().split()[1])
    return 0
