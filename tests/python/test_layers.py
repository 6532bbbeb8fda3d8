# SPDX-License-Identifier: MIT
"""A session of many turns holds what a plain directory would: the same script
is run in both, and what they hold is compared. Its layers are made fewer on
the way, several times."""

import os
import random
import subprocess

import support

TURNS = int(os.environ.get("SBX_LAYER_TURNS", "32"))
LIST = ("{ find . -type d -printf '%p/ %m\\n' -o -type l -printf '%p -> "
        "%l\\n' -o -printf '%p %m %s\\n'; find . -type f -exec md5sum {} +; "
        "} | LC_ALL=C sort")


@support.needs_sessions
class Layers(support.Scratch):
    def setUp(self):
        super().setUp()
        self.plain = self.path / "plain"
        self.plain.mkdir()
        self.env = dict(os.environ, XDG_DATA_HOME=str(self.path / "data"))

    def box(self, script):
        done = subprocess.run(
            [os.environ["SBX_EXEC"], "--session", "s", "--command", "--",
             "sh", "-c", script], env=self.env, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def both(self, script):
        script = f"umask 022; {{ {script}\n}} 2>/dev/null; {LIST}"
        wanted = subprocess.run(["sh", "-c", script], cwd=self.plain,
                                text=True, capture_output=True).stdout
        got = self.box(script)
        # The top belongs to the one or the other.
        self.assertEqual([line for line in got.splitlines()
                          if not line.startswith("./ ")],
                         [line for line in wanted.splitlines()
                          if not line.startswith("./ ")], script)

    def step(self, moves):
        name = moves.choice("abcd")
        path = "/".join(moves.choice("abcd")
                        for _ in range(moves.randint(1, 3)))
        return moves.choice((
            f"echo {moves.random()} >{path};",
            f"mkdir -p {path}; echo {moves.random()} >{path}/{name};",
            f"rm -rf {path};",
            f"rm -rf {path}; mkdir -p {path};",
            f"rm -rf {path}; echo x >{path};",
            f"rm -rf {path}; ln -s {name} {path};",
            f"echo more >>{path};",
            f"chmod 75{moves.randint(0, 5)} {path};",
            f"cp -r {name} {path}.copy;" if "/" not in path else ":;",
            "rm -rf *.copy;",
        ))

    def test_as_a_plain_directory(self):
        seed = int(os.environ.get("SBX_LAYER_SEED", "11"))
        moves = random.Random(seed)
        self.both("for a in a b c d; do for b in a b c d; do mkdir -p $a/$b; "
                  "for i in $(seq 20); do echo $i >$a/$b/$i; done; done; done;")
        for _ in range(TURNS):
            self.both(" ".join(self.step(moves) for _ in range(3)))
        states = self.path / "data/sbx/sessions/s/layers"
        self.assertLess(len(os.listdir(states)), 45)
        done = subprocess.run(
            [support.BUILD / "bin/sbx-session", "export", "s",
             self.path / "out"], env=self.env, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        (wanted, got) = (
            [line for line in subprocess.run(
                ["sh", "-c", LIST], cwd=where, text=True,
                capture_output=True).stdout.splitlines()
             if not line.startswith("./ ")]
            for where in (self.plain, self.path / "out"))
        self.assertEqual(got, wanted)

    def test_what_nobody_changes_is_left_alone(self):
        """A file of a large layer is not linked anew by 30 turns; what they
        removed from it, and made again, is as they left it."""
        self.box("mkdir many gone again file; echo >gone/x; echo >file/x; "
                 "echo >again/x; cd many; for i in $(seq 500); do echo >$i; "
                 "done")
        self.box("rm -r gone again file many/3; mkdir again; echo >again/y; "
                 "echo >file")
        self.box("echo >again/z; rm file; mkdir file; chmod 700 many")
        for turn in range(30):
            self.box(f"echo {turn} >>log; echo >f{turn}; rm -f f{turn - 2}; "
                     "echo >>again/z; echo >file/new")
        self.assertEqual(self.box("ls many | wc -l; wc -l <log; ls; ls again; "
                                  "ls file; stat -c %a many"),
                         "499\n30\nagain\nf28\nf29\nfile\nlog\nmany\ny\nz\n"
                         "new\n700\n")
        layers = self.path / "data/sbx/sessions/s/layers"
        found = list(layers.glob("*/many/7"))
        self.assertEqual(len(found), 1, found)
        self.assertEqual(found[0].stat().st_nlink, 1)
        self.assertEqual(found[0].parts[-3], "1")
