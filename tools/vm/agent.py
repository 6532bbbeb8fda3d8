#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The guest's side of tools/vm/run: waits for a job on /dev/vdc, runs it,
reports, and resets the machine.

What takes long under emulation is done before the machine's state is kept:
each user has a launcher that sleeps in a delegated scope of its own until it
is told which command to become (vm-agent become).
"""

import ctypes
import fcntl
import glob
import os
import selectors
import signal
import subprocess
import sys
import time

BLKFLSBUF, RNDRESEEDCRNG = 0x1261, 0x5207
SCOPE = "vm-job.scope"
JOB_SIZE = 65536
LATE = 124


def become():
    """In the launcher: reads the command and becomes it."""
    with os.fdopen(int(os.environ.pop("JOB_FD")), "rb") as stream:
        words = stream.read().split(b"\0")
    os.chdir("/src")
    for number in signal.SIGPIPE, signal.SIGXFSZ:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        os.write(2, b"vm: %s: %s\n" % (words[0], error.strerror.encode()))
        os._exit(126 if isinstance(error, PermissionError) else 127)


class Launcher:
    """A user's waiting command. prefix is what turns root into the user."""

    def __init__(self, uid, prefix, env):
        self.uid = uid
        job, self.job = os.pipe()
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        for stream in out, err:  # so that it may open /dev/stdout
            os.fchown(stream, uid, uid)
        self.process = subprocess.Popen(
            [*prefix, "--scope", "--quiet", f"--unit={SCOPE}",
             "--property=Delegate=yes", "--", sys.executable, "-I", __file__,
             "become"], env={**env, "JOB_FD": str(job)}, cwd="/",
            stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=[job],
            start_new_session=True)
        for inner in job, out, err:
            os.close(inner)

    def cgroup(self):
        with open(f"/proc/{self.process.pid}/cgroup") as stream:
            return stream.read().strip().split("::")[1]

    def ready(self):
        """Whether it is in its scope, and asleep."""
        with open(f"/proc/{self.process.pid}/wchan") as stream:
            return (stream.read().endswith("pipe_read")
                    and self.cgroup().endswith("/" + SCOPE))

    def run(self, words, limit, ports):
        """Its exit status, as a shell has it."""
        end = f"/sys/fs/cgroup{self.cgroup()}/cgroup.kill"
        with os.fdopen(self.job, "wb") as stream:
            stream.write(b"\0".join(words))
        pairs = {self.out: ports["out"], self.err: ports["err"]}
        if pump(self.process, pairs, limit, end):
            return LATE
        status = self.process.returncode
        return status if status >= 0 else 128 - status


def pump(process, pairs, limit, end):
    """Copies streams to ports until the process has ended and they are empty;
    not until they are closed, for a daemon of its may keep them open. After
    limit seconds kills its cgroup. Returns whether it had to."""
    deadline, late, ended = time.monotonic() + limit, False, False
    selector = selectors.DefaultSelector()
    for stream, port in pairs.items():
        selector.register(stream, selectors.EVENT_READ, port)
    selector.register(os.pidfd_open(process.pid), selectors.EVENT_READ)
    while True:
        wait = 0 if ended else max(0, deadline - time.monotonic())
        events = selector.select(wait)
        if not events and ended:
            return late
        if not events:
            late, deadline = True, deadline + 60
            with open(end, "w") as stream:
                stream.write("1")
        for key, _ in events:
            data = os.read(key.fd, 65536) if key.data else b""
            if not data:
                selector.unregister(key.fd)
            if not key.data:
                process.wait()
                ended = True
            while data:
                data = data[os.write(key.data, data):]


def find_ports():
    """Descriptors of the serial ports by name; there is no udev to ask."""
    ports = {}
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(path) as stream:
            name = stream.read().strip().removeprefix("vm.")
        ports[name] = os.open("/dev/" + path.split("/")[4], os.O_WRONLY)
    return ports


def users():
    """A launcher for each."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    env = {"PATH": path, "LANG": "C.UTF-8", "TERM": "dumb",
           "SHELL": "/bin/bash"}
    root = {**env, "HOME": "/root", "USER": "root", "LOGNAME": "root"}
    sbx = {**env, "HOME": "/home/sbx", "USER": "sbx", "LOGNAME": "sbx",
           "XDG_RUNTIME_DIR": "/run/user/1000",
           "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus"}
    to_sbx = ["setpriv", "--reuid=1000", "--regid=1000", "--init-groups", "--"]
    return {b"root": Launcher(0, ["systemd-run"], root),
            b"sbx": Launcher(1000, [*to_sbx, "systemd-run", "--user"], sbx)}


def boot_is_over():
    jobs = subprocess.run(["systemctl", "list-jobs", "--no-legend"],
                          capture_output=True, check=True)
    return not jobs.stdout.strip()


def await_job():
    """The state of the machine is kept somewhere in this loop, while the job
    disk is blank. Afterwards it is another disk."""
    disk = os.open("/dev/vdc", os.O_RDONLY)
    while True:
        fcntl.ioctl(disk, BLKFLSBUF)
        data = os.pread(disk, JOB_SIZE, 0)
        if data.startswith(b"JOB\0"):
            return data.split(b"\0")[1:]
        time.sleep(0.02)


def wake(now, seed):
    """What is to differ from one run to the next: time and random numbers."""
    time.clock_settime(time.CLOCK_REALTIME, float(now))
    pool = os.open("/dev/urandom", os.O_WRONLY)
    os.write(pool, bytes.fromhex(seed.decode()))
    fcntl.ioctl(pool, RNDRESEEDCRNG)
    os.close(pool)


def mount_tree(disk, uid):
    libc = ctypes.CDLL(None, use_errno=True)
    fcntl.ioctl(disk, BLKFLSBUF)
    os.close(disk)
    if libc.mount(b"/dev/vdb", b"/src", b"ext4", 0, None):
        sys.exit("vm: mount /src: " + os.strerror(ctypes.get_errno()))
    os.rmdir("/src/lost+found")
    os.chown("/out", uid, uid)


def until(condition):
    while not condition():
        time.sleep(0.1)


def main():
    ports = find_ports()
    until(boot_is_over)
    launchers = users()
    until(lambda: all(each.ready() for each in launchers.values()))
    with open("/proc/self/oom_score_adj", "w") as stream:
        stream.write("-1000")  # not before: children inherit it
    disk = os.open("/dev/vdb", os.O_RDONLY)
    os.write(ports["status"], b"ready\n")
    now, seed, limit, user, n_words, *words = await_job()
    wake(now, seed)
    launcher = launchers[user]
    mount_tree(disk, launcher.uid)
    status = launcher.run(words[:int(n_words)], float(limit), ports)
    if os.listdir("/out"):
        subprocess.run(["tar", "-C", "/out", "-cf", "-", "."],
                       stdout=ports["art"], check=True)
    os.write(ports["status"], b"exit %d\n" % status)
    with open("/proc/sysrq-trigger", "w") as stream:
        stream.write("b")  # ends QEMU, which is told not to reboot


if __name__ == "__main__":
    become() if sys.argv[1:] == ["become"] else main()
