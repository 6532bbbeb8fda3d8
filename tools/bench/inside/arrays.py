# SPDX-License-Identifier: MIT
# The same as code.py with numpy, through which the numbers go.
import posix
import sys

import numpy

names = ("user", "pid", "net", "ipc", "uts", "mnt", "cgroup")
inodes = [posix.stat("/proc/self/ns/" + name).st_ino for name in names]
print(sys.argv[1], *numpy.array(inodes), 0, posix.stat("/proc").st_ctime_ns)
