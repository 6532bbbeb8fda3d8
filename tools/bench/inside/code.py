# SPDX-License-Identifier: MIT
# The same as nsprobe.c for Python, with what costs the least to import. Python
# has no statx: the id of the root mount is 0.
import posix
import sys

names = ("user", "pid", "net", "ipc", "uts", "mnt", "cgroup")
inodes = [posix.stat("/proc/self/ns/" + name).st_ino for name in names]
print(sys.argv[1], *inodes, 0, posix.stat("/proc").st_ctime_ns)
