# SPDX-License-Identifier: MIT
"""locks.py LIB: two that want the lock of a name, the second while the file
is removed under it."""

import fcntl
import os
import sys

sys.path[0] = sys.argv[1]

import store

place = store.Store("rootfs")
first = place.lock("t")
first.__enter__()
take = fcntl.flock


def late(file, how):
    """The first is done when the second has the file open already."""
    first.__exit__(None, None, None)
    return take(file, how)


fcntl.flock = late
try:
    with place.lock("t"):
        print("both have it")
except store.Wrong as error:
    print(error)
print(os.listdir(place.top))
