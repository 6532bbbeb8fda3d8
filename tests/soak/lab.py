# SPDX-License-Identifier: MIT
"""A corner of the host, as tests/support/lab.h has it for C: namespaces of its
own for mounts and processes, so that all that is seen there is of the runs, and
nothing of it stays. And what there is in it."""

import ctypes
import json
import os
import pathlib
import signal
import socket
import time

NEWNS, NEWUSER, NEWPID = 0x20000, 0x10000000, 0x20000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
BUILD = "/run/build"
COVERED = "/run", "/tmp", "/dev/shm"
SPACES = "user", "pid", "net", "ipc", "uts", "mnt", "cgroup"
MB = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)


class CannotError(Exception):
    """This host has no namespaces for the test itself."""


def must(result, what):
    if result != 0:
        raise CannotError(f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, place, kind, flags=0, data=None):
    words = [word and word.encode() for word in (source, place, kind, data)]
    must(libc.mount(*words[:3], flags, words[3]), f"mount {place}")


def own_namespaces():
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        must(libc.unshare(NEWNS | NEWPID), "unshare")
        return
    must(libc.unshare(NEWNS | NEWPID | NEWUSER), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                       ("gid_map", f"{gid} {gid} 1")):
        pathlib.Path("/proc/self", name).write_text(text)


def cover(build):
    """The build is at BUILD, whoever may look below its own place."""
    tree = os.open(build, os.O_PATH | os.O_DIRECTORY)
    mount("none", "/", None, MS_PRIVATE | MS_REC)
    mount("proc", "/proc", "proc")
    for place in COVERED:
        mount("none", place, "tmpfs", 0, "mode=1777")
    os.mkdir(BUILD)
    mount(f"/proc/self/fd/{tree}", BUILD, None, MS_BIND)
    os.close(tree)
    os.chdir("/tmp")


def become(user):
    if os.geteuid() != user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def first_process(build, user, body, answer):
    """The lab's pid 1: the answer is what body returns."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    cover(build)
    become(user)
    os.write(answer, json.dumps(body()).encode())


def child(work):
    """Becomes a process that does the work and ends."""
    pid = os.fork()
    if pid != 0:
        return pid
    status = 1
    try:
        work()
        status = 0
    except CannotError as error:
        print("no lab:", error)
        status = 77
    except BaseException:
        __import__("traceback").print_exc()
    finally:
        os._exit(status)


def run(build, user, body):
    """What body returns there; None: there is no lab to be had."""
    reader, answer = os.pipe()

    def outer():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        own_namespaces()
        status = os.waitpid(child(
            lambda: first_process(build, user, body, answer)), 0)[1]
        os._exit(os.waitstatus_to_exitcode(status) & 255)

    pid = child(outer)
    os.close(answer)
    with os.fdopen(reader) as file:
        text = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 77:
        return None
    assert status == 0 and text, f"the lab ended with {status}"
    return json.loads(text)


# ---- what there is ----

def reap():
    """Orphans come here, to pid 1. Nobody else waits now."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def numbers(place):
    return [name for name in os.listdir(place) if name.isdigit()]


def processes():
    for pid in numbers("/proc"):
        yield f"process {pid}"
        for kind in SPACES:
            try:
                yield f"namespace {os.readlink(f'/proc/{pid}/ns/{kind}')}"
            except OSError:
                pass  # it is gone, or nobody's


def files():
    """Files, but for what is mounted there."""
    for place in COVERED:
        device = os.lstat(place).st_dev
        for folder, folders, names in os.walk(place):
            for name in folders + names:
                path = os.path.join(folder, name)
                if os.lstat(path).st_dev == device:
                    yield f"file {path}"
            folders[:] = [name for name in folders if os.lstat(
                os.path.join(folder, name)).st_dev == device]


def locks():
    """Those on files of the lab's own file systems, the uids of runs first."""
    own = {os.stat(place).st_dev for place in COVERED}
    for line in pathlib.Path("/proc/locks").read_text().splitlines():
        for word in line.split():
            parts = word.split(":")
            if len(parts) == 3 and os.makedev(
                    int(parts[0], 16), int(parts[1], 16)) in own:
                yield "lock " + line.split(":", 1)[1]


def descriptors():
    for number in numbers("/proc/self/fd"):
        try:
            yield f"descriptor {number} {os.readlink(f'/proc/self/fd/{number}')}"
        except OSError:
            pass  # what listed them


def mounts():
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        yield "mount " + line


def leaves(parent):
    if parent:
        for path in pathlib.Path(parent).glob("sbx-run-*"):
            yield f"leaf {path.name}"


def things(parent=None):
    """All there is, a line each. parent: of the leaves of runs."""
    reap()
    return {line for kind in (processes(), files(), locks(), descriptors(),
                              mounts(), leaves(parent)) for line in kind}


def leftover(before, parent=None, patience=60):
    """What before does not have, once nothing goes away any more."""
    end = time.monotonic() + patience
    while True:
        left = things(parent) - before
        if not left or time.monotonic() > end:
            return sorted(left)
        time.sleep(0.05)


# ---- memory ----

def meminfo():
    """(what is not available and no process has, slab, MemAvailable)"""
    of = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in
          pathlib.Path("/proc/meminfo").read_text().splitlines()}
    return (of["MemTotal"] - of["MemAvailable"] - of["AnonPages"],
            of["SUnreclaim"], of["MemAvailable"])


def settled():
    """The least there is, once it gets no less: the kernel takes namespaces
    apart when it gets to it."""
    best, since = meminfo(), time.monotonic()
    while time.monotonic() < since + 0.4:
        time.sleep(0.05)
        now = meminfo()
        if any(a < b - MB for a, b in zip(now[:2], best)):
            since = time.monotonic()
        best = (min(now[0], best[0]), min(now[1], best[1]), now[2])
    return best


def growth(points):
    """From the first point to the last along the median slope between any two
    of them: what others on the machine do in between moves that little."""
    slopes = sorted((points[j] - points[i]) / (j - i)
                    for j in range(len(points)) for i in range(j))
    middle = len(slopes) // 2
    median = (slopes[middle] + slopes[-1 - middle]) / 2
    return median * (len(points) - 1)


def hold_memory(size):
    """Sockets with that much data, which is the kernel's own memory."""
    held, used = [], 0
    while used < size:
        sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.setblocking(False)
        try:
            while True:
                used += sender.send(bytes(4000))
        except BlockingIOError:
            sender.close()
            held.append(receiver)
    return held
