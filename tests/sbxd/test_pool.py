# SPDX-License-Identifier: MIT
"""sbx-exec --pool: as without it, and through the daemon."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from lab import OTHER, Daemon, expect, until

ROWS = (
    ("--profile", "python", "--code", "print(1); import sys; "
     "print(2, file=sys.stderr); sys.exit(7)"),
    ("--profile", "python", "--code", "import sys; print(sys.argv, "
     "sys.stdin.read())", "--", "a b", "", "--", "-x"),
    ("--profile", "python", "--code", "1/0"),
    ("--profile", "python", "--code", "import os; os.kill(os.getpid(), 11)"),
    ("--profile", "python", "--wall-time", "300ms", "--code",
     "while 1: pass"),
    ("--profile", "python", "--output-limit", "10", "--code",
     "print('x' * 100)"),
    ("--profile", "python", "--output-limit", "10", "--output-action",
     "kill", "--code", "print('x' * 100)"),
    ("--profile", "python", "--env", "A=b=c", "--code",
     "import os; print(sorted(os.environ.items()))"),
    ("--profile", "python", "--quiet", "--timeout", "200ms", "--code",
     "while 1: pass"),
    ("--profile", "bash", "--code", "echo $0 $@; exit 4", "--", "x", "y"),
    ("--profile", "c", "--code", "#include <stdio.h>\nint main(int n, char "
     "**a) { puts(a[1]); return 5; }", "--", "word"),
    ("--profile", "c", "--code", "int main(void) { return x; }"),
    ("--command", "--", "sh", "-c", "cat; echo $1", "name", "word"),
    ("--command", "--", "no-such-command"),
    ("--profile", "python", "--", "/no/such/file.py"),
    ("--profile", "python", "--", "/etc"),
    ("--profile", "pythom", "--code", ""),
    ("--profile", "python", "--memory", "1", "--code", ""),
    ("--profile", "python", "--workdir", "/no", "--code", ""),
)


def run(words, text=b"input\n", **more):
    done = subprocess.run(words, input=text, capture_output=True, timeout=120,
                          **more)
    return done.returncode, done.stdout, done.stderr


def test_the_same_streams_and_status(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        daemon.warm()
        program = f"{build}/bin/sbx-exec"
        for row in ROWS:
            cold = run([program, *row])
            warm = run([program, f"--pool={daemon.socket}", *row])
            expect(warm, cold, row)
            expect(run([program, f"--pool={daemon.socket}", "--cold", *row]),
                   cold, row)


def test_the_report_has_the_files(build):
    words = ["--json", "--collect", "*.txt", "--profile", "python", "--code",
             "open('a.txt', 'w').write('1'); open('b', 'w')\n"
             "import os; os.symlink('/etc/passwd', 'c.txt')"]
    with Daemon(build, "--warm", "python=1") as daemon:
        daemon.warm()
        cold, warm = (
            json.loads(run([f"{build}/bin/sbx-exec", *more, *words])[1])
            for more in ([], [f"--pool={daemon.socket}"]))
        expect(warm["files"], cold["files"])
        expect([file["path"] for file in warm["files"]], ["a.txt"])
        expect(warm["isolation"]["warm"], True)


def test_commands_are_warm(build):
    """Once one has asked for such a box; also with a directory bound."""
    with Daemon(build, "--warm", "base=1", "--max-runs", "1") as daemon:
        for row in ([], ["--ro-bind", "/usr/share:/mnt"],
                    ["--profile", "bash", "--memory", "100M"]):
            program = (["--code", "echo $0 $1 >&2; exit 3", "--", "word"]
                       if "bash" in row else
                       ["--command", "--", "sh", "-c", "ls /mnt; exit 3"])
            cold = run([f"{build}/bin/sbx-exec", *row, *program])
            warm = False
            while not warm:
                path = f"{daemon.folder}/report"
                expect(run([f"{build}/bin/sbx-exec", f"--pool={daemon.socket}",
                            "--report", path, *row, *program]), cold)
                with open(path, encoding="utf-8") as file:
                    warm = json.load(file)["isolation"]["warm"]
                time.sleep(0.1)


def test_odd_requests_start_no_zygotes_while_others_wait(build):
    """Each would be a process more, in no maximum of boxes."""
    with Daemon(build, "--warm", "python=1:1", "--max-runs", "1",
                "--max-queue", "64") as daemon:
        daemon.warm()
        threads = [threading.Thread(target=daemon.run, kwargs={
            "code": "import time; time.sleep(0.1)",
            "limits": {"memory": f"{300 + i}M"}}) for i in range(16)]
        for thread in threads:
            thread.start()
        most = 0
        while sum(thread.is_alive() for thread in threads) > 3:
            most = max(most, len(daemon.children()))
            time.sleep(0.02)
        for thread in threads:
            thread.join()
        # The run, the zygote that was there and the next, and what maps ids.
        assert most <= 6, most


def test_without_a_daemon_it_says_how_to_start_one(build):
    """For those, too, who have no place where one would listen."""
    me = os.geteuid()
    rows = [({"XDG_RUNTIME_DIR": "/nowhere"}, me, "/nowhere/sbx/sbxd.sock",
             "sbxd --socket /nowhere/sbx/sbxd.sock")]
    if not os.path.exists("/run/sbx/sbxd.sock"):
        rows.append(({}, me or OTHER, "/run/sbx/sbxd.sock",
                     "sbxd --socket PATH, and ask it with --pool=PATH"))
        theirs = tempfile.TemporaryDirectory(prefix="sbx-theirs.")
        if me == 0:
            os.chown(theirs.name, OTHER, OTHER)
        rows.append(({"XDG_RUNTIME_DIR": "/" if me else theirs.name}, me,
                     "/run/sbx/sbxd.sock", rows[1][3] if me else
                     "sbxd --socket /run/sbx/sbxd.sock"))
    for env, user, where, start in rows:
        got = run([f"{build}/bin/sbx-exec", "--pool", "--command", "--",
                   "true"], env=env, user=None if user == me else user)
        expect(got, (125, b"", f"sbx-exec: no daemon listens on {where}; start "
                     f"one with: {start}\n".encode()), env)


def test_runs_that_wait_find_boxes(build):
    """However many wait for their turn, there is a zygote to make them."""
    with Daemon(build, "--warm", "python=1", "--max-runs", "1") as daemon:
        daemon.warm()
        threads = [threading.Thread(target=lambda: [
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")
            for _ in range(10)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        starts = {box: daemon.metric(f'sbx_starts_total{{box="{box}"}}')
                  for box in ("warm", "cold")}
        expect(sum(starts.values()), 80)
        assert starts["cold"] < 10, starts


def test_profiles_of_root_trees_are_warm(build):
    with tempfile.TemporaryDirectory() as home:
        env = {"XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home,
               "HOME": home, "PATH": os.environ["PATH"]}
        os.makedirs(f"{home}/sbx/profiles")
        with open(f"{home}/small.json", "w", encoding="utf-8") as file:
            json.dump({"name": "small", "programs": ["sh"]}, file)
        subprocess.run([f"{build}/bin/sbx-rootfs", "build",
                        f"{home}/small.json"], env=env, check=True,
                       stdout=subprocess.DEVNULL)
        with open(f"{home}/sbx/profiles/small.json", "w",
                  encoding="utf-8") as file:
            json.dump({"extends": "base", "rootfs": "small"}, file)
        with Daemon(build, "--warm", "small=1", env=env) as daemon:
            daemon.warm()
            out = daemon.exec("--profile", "small", "--command", "--", "sh",
                              "-c", "echo *", env=env).communicate(None, 60)[0]
            expect(out, b"*\n")


def test_modules_with_threads_are_not_forked(build):
    """What a module has started at its import is there, warm or not."""
    code = ("import sys, threading; print(threading.active_count(),"
            " 'beats' in sys.modules, end='')")
    with tempfile.TemporaryDirectory() as home:
        env = {"XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home}
        layer = f"{home}/sbx/layers/beats/tree/python"
        for folder in (layer, f"{home}/sbx/profiles"):
            os.makedirs(folder)
        with open(f"{layer}/beats.py", "w", encoding="utf-8") as file:
            file.write("import threading\nthreading.Thread(target=threading."
                       "Event().wait, daemon=True).start()\n")
        with open(f"{home}/sbx/profiles/beats.json", "w",
                  encoding="utf-8") as file:
            json.dump({
                "extends": "base", "file": "x.py", "packages": ["beats"],
                "package_path": {"PYTHONPATH": "{package}/python"},
                "command": ["python3", "{file}"],
                "warm": {"kind": "zygote", "preload": ["beats"]}}, file)
        with Daemon(build, "--warm", "beats=1", env=env) as daemon:
            report = daemon.warm().ask("POST", "/v1/run", {
                "language": "beats", "code": code})[2]
            expect((report["stdout"], report["isolation"]["warm"]),
                   ("2 True", True))


def test_files_and_reports(build):
    with Daemon(build, "--warm", "python=2") as daemon:
        folder = daemon.folder
        daemon.warm()
        with open(f"{folder}/odd name.py", "w", encoding="utf-8") as file:
            file.write("import os; print(__file__, os.listdir())")
        done = daemon.exec("--profile", "python", "--input", "odd name.py:in",
                           "--report", "r", "--", "odd name.py", cwd=folder)
        out, err = done.communicate(timeout=60)
        expect((done.returncode, err), (0, b""))
        expect(sorted(re.findall("'(.*?)'", out.decode())),
               ["in", "odd name.py"])
        with open(f"{folder}/r", encoding="utf-8") as file:
            report = json.load(file)
        expect(report["isolation"]["warm"], True)
        out = daemon.exec("--profile", "python", "--json", "--code",
                          "print(5)").communicate(timeout=60)[0]
        expect(json.loads(out)["stdout"], "5\n")
        done = daemon.exec("--request", "-", stdin=subprocess.PIPE)
        out = done.communicate(b'{"language": "python", "code": "1/0"}',
                               timeout=60)[0]
        expect(json.loads(out)["exit_code"], 1)
        done = daemon.exec("--profile", "python", "-", stdin=subprocess.PIPE)
        done = daemon.exec("--profile", "python", "--", "-", "x",
                           stdin=subprocess.PIPE)
        out = done.communicate(b"import sys; print(sys.argv[1:])", 60)[0]
        expect(out, b"['x']\n")


def test_streams_are_live(build):
    code = "import sys\nfor line in sys.stdin: print(line * 2, flush=True)"
    with Daemon(build, "--warm", "python=1") as daemon:
        done = daemon.exec("--profile", "python", "--code", code,
                           stdin=subprocess.PIPE)
        for line in (b"a\n", b"b\n"):
            done.stdin.write(line)
            done.stdin.flush()
            expect(done.stdout.readline() + done.stdout.readline(), line * 2)
            done.stdout.readline()
        done.stdin.close()
        expect(done.wait(60), 0)
        done.stdout.close()
        done.stderr.close()


def test_who_waits_is_cancelled_as_who_runs(build):
    with Daemon(build, "--max-runs", "1") as daemon:
        first = daemon.exec("--command", "--", "sleep", "60")
        until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
        second = daemon.exec("--json", "--command", "--", "true")
        until(lambda: len(daemon.runs()) == 2)
        second.terminate()
        expect(json.loads(second.communicate()[0])["status"], "cancelled")
        expect(second.returncode, 128 + signal.SIGTERM)
        first.terminate()
        first.communicate()
        expect(first.returncode, 128 + signal.SIGTERM)


def test_signals_and_death_of_the_client_cancel(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            done = daemon.exec("--profile", "python", "--code",
                               "import time; time.sleep(60)")
            until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
            done.send_signal(number)
            expect(done.wait(30), -9 if number == signal.SIGKILL
                   else 128 + number)
            done.communicate()
            until(lambda: not daemon.runs(), 20)


def test_a_reader_that_reads_nothing_harms_nobody(build):
    with Daemon(build, "--warm", "python=1") as daemon:
        done = daemon.exec("--profile", "python", "--output-limit", "none",
                           "--code", "while 1: print('x' * 100000)")
        until(lambda: [r["state"] for r in daemon.runs()] == ["running"])
        time.sleep(0.3)
        for _ in range(3):
            expect(daemon.run("print(1)")[2]["stdout"], "1\n")
        done.kill()
        done.communicate()


def test_without_a_daemon(build):
    for path in ("/no/such/socket", "/etc/passwd", "x" * 200):
        status, out, err = run([f"{build}/bin/sbx-exec", f"--pool={path}",
                                "--profile", "python", "--code", "print(1)"])
        expect((status, out), (125, b""))
        expect(err.count(b"\n"), 1)
    assert b"sbxd --socket /no/such/socket" in run(
        [f"{build}/bin/sbx-exec", "--pool=/no/such/socket", "--command",
         "--", "true"])[2]


def test_what_the_daemon_cannot_do(build):
    for option in (["--dry-run"], ["--audit", "/x"],
                   ["--profile-file", "/x"]):
        profile = [] if option[0] == "--profile-file" else ["--profile",
                                                            "python"]
        status, out, err = run([f"{build}/bin/sbx-exec", "--pool=/no",
                                *profile, *option, "--code", ""])
        expect((status, out), (125, b""), option)
        assert b"exclude each other" in err, err


def test_another_user(build):
    """Gets runs, but no path of the host, and sees no one else's."""
    if os.geteuid() != 0:
        return
    with Daemon(build, "--warm", "python=1", "--max-runs", "1") as daemon:
        os.chmod(daemon.socket, 0o666)
        shutil.copy(f"{build}/bin/sbx-exec", daemon.folder)
        as_other = ["setpriv", f"--reuid={OTHER}", f"--regid={OTHER}",
                    "--clear-groups", f"{daemon.folder}/sbx-exec",
                    f"--pool={daemon.socket}"]
        code = ["--profile", "python", "--code", "print(1)"]
        expect(run([*as_other, *code])[:2], (0, b"1\n"))
        for option in (["--ro-bind", "/usr/share:/mnt"],
                       ["--input", "/etc/shadow:x"],
                       ["--stdin", "/etc/shadow"],
                       ["--cgroup", "/sys/fs/cgroup"]):
            status, out, err = run([*as_other, *option, *code])
            expect((status, out), (125, b""), option)
            assert b"names a path of the host" in err, err
        with tempfile.TemporaryFile() as file:
            os.fchmod(file.fileno(), 0o666)
            expect(subprocess.run([*as_other, *code], stdout=file,
                                  timeout=60).returncode, 0)
            file.seek(0)
            expect(file.read(), b"1\n")
        mine = daemon.exec("--profile", "python", "--code",
                           "import time; time.sleep(1)")
        until(lambda: len(daemon.runs()) == 1)
        name = daemon.runs()[0]["id"]
        ask = ["setpriv", f"--reuid={OTHER}", "--clear-groups", "curl", "-s",
               "--unix-socket", daemon.socket]
        if shutil.which("curl"):
            listed = json.loads(run([*ask, "http://x/v1/runs"])[1])
            expect(listed["runs"], [])
            expect({each["uid"] for each in listed["recent"]}, {OTHER})
            out = run([*ask, "-X", "DELETE", f"http://x/v1/runs/{name}"])[1]
            assert b"not_found" in out, out
        mine.communicate(timeout=60)
        expect(mine.returncode, 0)


def test_turns_are_fair(build):
    """Whoever comes with one run does not wait for all of another's."""
    if os.geteuid() != 0:
        return
    with Daemon(build, "--warm", "python=2", "--max-runs", "1") as daemon:
        os.chmod(daemon.socket, 0o666)
        shutil.copy(f"{build}/bin/sbx-exec", daemon.folder)
        code = ("--profile", "python", "--code",
                "import time; time.sleep(.3)")
        many = [daemon.exec(*code) for _ in range(8)]
        until(lambda: len(daemon.runs()) >= 7)
        one = subprocess.Popen(
            ["setpriv", f"--reuid={OTHER}", "--clear-groups",
             f"{daemon.folder}/sbx-exec", f"--pool={daemon.socket}", *code])
        expect(one.wait(60), 0)
        waiting = len(daemon.runs())
        assert waiting >= 2, f"{waiting} of the eight still wait"
        for done in many:
            done.communicate(timeout=60)
