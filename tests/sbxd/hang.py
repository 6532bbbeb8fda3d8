#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hang.py SOCKET FILE UID: hands sbxd a file of FUSE that nobody closes.

The file system is mounted on FILE, for this process alone. Its server answers
to open(), and to nothing after that. As user UID the file is sent in a request
that lacks all else; then "sent" is printed, with the pid of the server. It ends
with its input, once the server is dead. As root.
"""

import array
import ctypes
import os
import signal
import socket
import struct
import sys

INIT, OPEN = 26, 14  # of enum fuse_opcode
INIT_OUT = struct.pack("IIIIHHIIHHI", 7, 31, 0, 0, 0, 0, 4096, 1, 0, 0, 0)
ANSWERS = {INIT: INIT_OUT + bytes(28), OPEN: struct.pack("QII", 1, 0, 0)}
CLONE_NEWNS, MS_REC_PRIVATE, PR_SET_PDEATHSIG = 0x20000, 0x44000, 1


def must(result):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def serve(fuse):
    while True:
        _, operation, unique = struct.unpack_from("IIQ", os.read(fuse, 1 << 20))
        if operation in ANSWERS:
            body = ANSWERS[operation]
            os.write(fuse, struct.pack("IiQ", 16 + len(body), 0, unique) + body)


def main():
    path, file, uid = sys.argv[1], sys.argv[2], int(sys.argv[3])
    libc = ctypes.CDLL(None, use_errno=True)
    must(libc.unshare(CLONE_NEWNS))
    must(libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None))
    fuse = os.open("/dev/fuse", os.O_RDWR)
    must(libc.mount(b"hang", file.encode(), b"fuse", 0,
                    f"fd={fuse},rootmode=100644,user_id={uid},"
                    f"group_id={uid}".encode()))
    server = os.fork()
    if server == 0:
        must(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        serve(fuse)
    os.close(fuse)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    fd = os.open(file, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendmsg([b"\1sbxrun\0" + bytes(4)],
                     [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                       array.array("i", [fd]))])
        sock.recv(4096)
        print("sent", server, flush=True)
        sys.stdin.read()


main()
