# SPDX-License-Identifier: MIT
# forks.py SOCKET none|namespaces [MODULE...]: keeps forks of itself waiting, each for one
# connection: it runs the program that the words there name, prints into the
# connection, and ends. No sandbox: that is what a warm start costs at least,
# of the interpreter, and with namespaces of the kernel. The modules are imported
# before it forks.
import contextlib
import ctypes
import gc
import importlib
import os
import signal
import socket
import sys

WAITING = 8
CLONE3 = 435
NAMESPACES = 0x7E020000  # user, pid, net, ipc, uts, mnt, cgroup


class CloneArgs(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack",
        "stack_size", "tls")]


def fork_into_namespaces():
    args = CloneArgs(flags=NAMESPACES, exit_signal=signal.SIGCHLD)
    return ctypes.CDLL(None).syscall(CLONE3, ctypes.byref(args),
                                     ctypes.sizeof(args))


def serve_one(listener):
    connection = listener.accept()[0]
    sys.argv = connection.recv(65536).decode().split("\0")
    os.dup2(connection.fileno(), 1)
    with open(sys.argv[0], "rb") as file:
        code = compile(file.read(), sys.argv[0], "exec")
    exec(code, {"__name__": "__main__"})
    sys.stdout.flush()
    os._exit(0)


def end(children):
    for pid in children:
        with contextlib.suppress(OSError):  # it may have ended just now
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    os._exit(0)


def main():
    path, inside, *modules = sys.argv[1:]
    fork = fork_into_namespaces if inside == "namespaces" else os.fork
    children = set()
    signal.signal(signal.SIGTERM, lambda *_: end(children))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    for module in modules:
        importlib.import_module(module)
    # What has run once finds its caches filled.
    exec(compile("import sys; print(end='')", "", "exec"), {})
    gc.freeze()
    while True:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        pid = fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            serve_one(listener)
        if pid < 0:
            sys.exit("clone3: no namespaces")
        children.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        if len(children) >= WAITING:
            children.remove(os.wait()[0])


main()
