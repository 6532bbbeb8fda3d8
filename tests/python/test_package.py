# SPDX-License-Identifier: MIT
"""The package as pip and Debian install it."""

import email
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import sbx
import support

PACKAGE = support.ROOT / "tools/python"
DIST = "usr/lib/python3/dist-packages"


def run(*words, **options):
    """What a command has printed; it must end well."""
    done = subprocess.run(words, capture_output=True, text=True, **options)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


class Package(support.Scratch):
    def test_it_has_a_version_and_no_dependency(self):
        text = (PACKAGE / "pyproject.toml").read_text()
        make = (support.ROOT / "Makefile").read_text()
        self.assertIn(f"\nVERSION := {sbx.__version__}\n", make)
        self.assertIn(f'version = "{sbx.__version__}"', text)
        header = (support.ROOT / "runtime/sbx.h").read_text()
        self.assertIn(f'SBX_VERSION "{sbx.__version__}"', header)
        self.assertNotIn("dependencies", text)

    def test_it_becomes_a_wheel(self):
        wheel = run(support.PYTHON, "-B", PACKAGE / "wheel", self.path)[:-1]
        told = run(support.PYTHON, "-c", "import sbx; "
                   "print(sbx.run(['true']), sbx.__file__)", cwd=self.path,
                   env={**os.environ, "PYTHONPATH": wheel})
        self.assertIn("returncode=0", told)
        self.assertIn(wheel, told)
        with zipfile.ZipFile(wheel) as file:
            self.assertEqual(
                {name for name in file.namelist() if "dist-info" not in name},
                {f"sbx/{path.name}" for path in (PACKAGE / "sbx").iterdir()
                 if path.is_file()})

    def test_it_finds_what_was_built_with_it(self):
        env = {"PATH": "/usr/bin:/bin"}
        places = ((PACKAGE, support.ROOT / "build/bin/sbx-exec"),
                  (self.path / "lib/python3/dist-packages",
                   self.path / "bin/sbx-exec"))
        target = places[1][0]
        target.mkdir(parents=True)
        subprocess.run(["cp", "-r", PACKAGE / "sbx", target], check=True)
        places[1][1].parent.mkdir()
        places[1][1].write_text("#!/bin/sh\n")
        places[1][1].chmod(0o755)
        for package, program in places:
            if not program.exists():
                continue  # the build went elsewhere
            done = subprocess.run(
                [support.PYTHON, "-Bc", "import sbx._find as f; "
                 "print(f.find_exec())"], env={**env, "PYTHONPATH":
                                               str(package)},
                capture_output=True, text=True)
            self.assertEqual(pathlib.Path(done.stdout.strip()), program,
                             done.stderr)

    def test_the_interpreter_looks_where_it_is_installed(self):
        for prefix in ("/usr/local", "/usr"):
            top = self.path / prefix.strip("/").replace("/", "-")
            run("make", "-s", "-C", support.ROOT, f"B={support.BUILD}",
                f"PREFIX={prefix}", f"DESTDIR={top}", "install")
            looked = [path for path in run(
                "/usr/bin/python3", "-Ic", "import sys; print(*sys.path)"
            ).split() if (top / path.strip("/") / "sbx").is_dir()]
            self.assertEqual(len(looked), 1, prefix)
            run("make", "-s", "-C", support.ROOT, f"B={support.BUILD}",
                f"PREFIX={prefix}", f"DESTDIR={top}", "uninstall")
            self.assertEqual(files_of(top), set())

    def test_all_that_is_public_says_what_it_is(self):
        for module in (sbx, sbx.subprocess):
            self.assertTrue(module.__doc__)
            for name in module.__all__:
                thing = getattr(module, name)
                if not getattr(thing, "__module__", "").startswith("sbx"):
                    continue  # the standard module's own
                members = vars(thing) if isinstance(thing, type) else {}
                for label, member in [(name, thing), *members.items()]:
                    if callable(member) or isinstance(member, property):
                        self.assertTrue(label.startswith("_") or
                                        member.__doc__, (name, label))

    def test_the_oldest_python(self):
        """Nothing newer than 3.9 is used: what is read is its syntax."""
        import ast
        for path in sorted((PACKAGE / "sbx").glob("*.py")):
            ast.parse(path.read_text(), feature_version=(3, 9))
        self.assertGreaterEqual(sys.version_info, (3, 9))


def files_of(directory):
    return {str(path.relative_to(directory))
            for path in directory.rglob("*") if not path.is_dir()}


class Debian(support.Scratch):
    """What is installed goes below a directory, not to the host."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.package = run(support.ROOT / "tools/debian/build",
                          support.BUILD, cls.scratch.name, env={
                              **os.environ,
                              "DPKG_DEB_COMPRESSOR_TYPE": "gzip"})[:-1]

    def test_what_is_in_it(self):
        fields = email.message_from_string(run("dpkg-deb", "-f",
                                               self.package))
        self.assertEqual(fields["Version"], sbx.__version__ + "-1")
        for library in ("libc6", "libseccomp2", "libyajl2",
                        "libmicrohttpd12"):
            self.assertIn(library, fields["Depends"])
        for line in run("dpkg-deb", "-c", self.package).splitlines():
            mode, owner = line.split()[:2]
            self.assertEqual(owner, "root/root", line)
            self.assertRegex(mode, "^(l|[-d]rw[-x]r-[-x]r-[-x]$)", line)

    def test_there_is_none_without_its_dependencies(self):
        self.write("bin/dpkg-shlibdeps", "#!/bin/sh\necho no >&2\nexit 2\n"
                   ).chmod(0o755)
        done = subprocess.run(
            [support.ROOT / "tools/debian/build", support.BUILD, self.path],
            env={**os.environ, "PATH": f"{self.path}/bin:/usr/bin:/bin"},
            capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, "", "no\n"))
        self.assertEqual(os.listdir(self.path), ["bin"])

    def test_it_runs_from_anywhere(self):
        run("dpkg-deb", "-x", self.package, self.path)
        programs = sorted((self.path / "usr/bin").iterdir())
        self.assertIn("sbx-slurm-submit", [path.name for path in programs])
        for program in programs:
            run(program, "--help")
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.path / DIST),
               "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.path)}
        self.assertEqual(run(
            support.PYTHON, "-c", "import sbx; print(sbx.Sandbox('python')"
            ".execute('print(6 * 7)').stdout, sbx._find.find_exec())",
            env=env).split(), ["42", str(self.path / "usr/bin/sbx-exec")])
        # pytest finds its plugin by itself.
        self.assertIn("--sbx-profile", run(support.PYTHON, "-m", "pytest",
                                           "--help", env=env, cwd="/"))
        requests = self.write("requests", json.dumps(
            {"language": "bash", "code": "echo hi"}) + "\n")
        self.assertIn('"stdout":"hi\\n"', run(
            self.path / "usr/bin/sbx-batch", requests, env=env))

    def test_it_comes_and_goes(self):
        """With dpkg, whose root is a directory."""
        admin = self.path / "var/lib/dpkg"
        for name in ("info", "updates", "triggers"):
            (admin / name).mkdir(parents=True)
        (admin / "status").touch()
        mine = [] if os.getuid() == 0 else ["unshare", "-r"]
        dpkg = [*mine, "dpkg", f"--root={self.path}", "--force-depends",
                "--force-script-chrootless", "--log=/dev/null"]
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        env = {**os.environ, "PATH": path}
        before = files_of(self.path)
        run(*dpkg, "-i", self.package, env=env)
        compiled = self.path / DIST / "sbx/__pycache__"
        compiled.mkdir()
        (compiled / "x.pyc").touch()
        self.assertTrue((self.path / "usr/bin/sbx-exec").exists())
        run(*dpkg, "-P", "sbx", env=env)
        left = {name for name in files_of(self.path) - before
                if not name.startswith("var/lib/dpkg/")}
        self.assertEqual(left, set())
        self.assertFalse((self.path / "usr").exists())
