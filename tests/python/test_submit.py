# SPDX-License-Identifier: MIT
"""sbx-slurm-submit and its template, with stand-ins for what Slurm has; a
cluster is in tests/slurm."""

import os
import subprocess

import support

SLURM = support.ROOT / "tools/slurm"

# As a user knows them: they print the number of the job, and remember what they
# were asked for.
STANDINS = {
    "sbatch": 'echo "sbatch $*" >>$SAID\n'
              'case $* in *$REFUSES*) echo full >&2; exit 7;; esac\n'
              'printf "%s\\n" "$SBX_REQUESTS" "$SBX_OUT" >>$SAID\n'
              'echo "41;cluster"\n',
    "scancel": 'echo "scancel $*" >>$SAID\n',
    "scontrol": 'echo "scontrol $*" >>$SAID\n',
}


class Slurm(support.Scratch):
    def setUp(self):
        super().setUp()
        self.said = self.path / "said"
        self.said.touch()
        for name, text in STANDINS.items():
            self.write(f"bin/{name}", "#!/bin/sh\n" + text).chmod(0o755)
        self.env = dict(os.environ, SAID=str(self.said), REFUSES="nothing",
                        SBX_BATCH=str(support.BUILD / "bin/sbx-batch"),
                        PATH=f"{self.path}/bin:" + os.environ["PATH"])

    def go(self, *words, status=0, **env):
        done = subprocess.run([*map(str, words)], text=True, timeout=60,
                              capture_output=True, env=self.env | env)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


class Submit(Slurm):
    def submit(self, *words, **more):
        return self.go(SLURM / "sbx-slurm-submit", *words, **more)

    def test_two_jobs(self):
        """In a directory with a comma in its name, too."""
        requests = self.write("r,1", "{}\n")
        out = self.path / "a b,c/d"
        done = self.submit("--shards", 3, requests, out, "--", "--mem=1G")
        self.assertEqual(done.stdout, "41 41\n")
        said = self.said.read_text().splitlines()
        self.assertIn("--array=1-3 ", said[0])
        self.assertIn("--mem=1G", said[0])
        self.assertEqual(said[1:3], [str(requests), str(out)])
        self.assertIn("afterany:41 ", said[3])
        self.assertTrue(out.is_dir())

    def test_what_is_wrong_makes_nothing(self):
        requests, out = self.write("r", "{}\n"), self.path / "out"
        for words in (["--shards", "0", requests, out],
                      ["--shards=x", requests, out],
                      [requests, out, "--mem=1G"], [self.path / "no", out],
                      [requests, f"{out}\nx"]):
            done = self.submit(*words, status=125)
            self.assertIn("sbx-slurm-submit: ", done.stderr)
            self.assertEqual({path.name for path in self.path.iterdir()},
                             {"bin", "said", "r"}, words)
        self.assertEqual(self.said.read_text(), "")

    def test_one_job_alone_is_cancelled(self):
        requests = self.write("r", "{}\n")
        done = self.submit(requests, self.path / "out", status=7,
                           REFUSES="sbx-merge")
        self.assertEqual((done.stdout, done.stderr), ("", "full\n"))
        self.assertEqual(self.said.read_text().splitlines()[-1], "scancel 41")


class Shard(Slurm):
    def shard(self, **more):
        requests = self.write(
            "r", '{"id": "a", "language": "bash", "code": "sleep 2"}\n')
        return self.go(
            "bash", SLURM / "shard.sbatch", SBX_REQUESTS=str(requests),
            SBX_OUT=str(self.path), SBX_SHARDS="1", SLURM_JOB_ID="9",
            SLURM_ARRAY_TASK_ID="1", **more)

    def test_it_takes_its_name_when_it_is_whole(self):
        self.shard()
        self.assertIn('"status":"success"',
                      (self.path / "1-of-1.jsonl").read_text())
        self.assertEqual(self.said.read_text(), "")

    def test_a_signal_before_there_is_a_batch(self):
        """Just before its number is known, that is."""
        early = self.write("early", "trap 'case $BASH_COMMAND in "
                           "(\"batch=\\$!\") kill -TERM $$;; esac' DEBUG\n")
        done = self.shard(status=143, BASH_ENV=str(early))
        self.assertNotIn("unbound", done.stderr)
        self.assertEqual(self.said.read_text(), "scontrol requeue 9\n")
        self.assertFalse((self.path / "1-of-1.jsonl").exists())
