# SPDX-License-Identifier: MIT
"""What a test cannot do on this host, and says so."""

import os

OLD_KERNEL = "sessions take Linux 6.6"


def has_sessions():
    release = os.uname().release.split(".")
    return (int(release[0]), int(release[1].split("-")[0])) >= (6, 6)


def must_work():
    """A test that is skipped is a failed one."""
    return os.environ.get("SBX_MUST_WORK") == "1"
