# SPDX-License-Identifier: MIT
"""What others wrote, from the release of Debian that is here, by apt's means."""
import subprocess
import sys


class Archive:
    """Sources and packages, in a directory that keeps them."""

    def __init__(self, cache):
        self.place = (cache / "debian").resolve()
        self.fresh = False

    def apt(self, *words):
        place = self.place
        subprocess.run(
            ["apt-get", "-qq", "-o",
             f"Dir::Etc::SourceList={place}/sources.list",
             "-o", "Dir::Etc::SourceParts=-",
             "-o", f"Dir::State::Lists={place}/lists",
             "-o", f"Dir::Cache={place}", "-o", "APT::Sandbox::User=", *words],
            cwd=place, check=True, stdout=subprocess.DEVNULL)

    def refresh(self):
        """The lists of the release itself: an update has the same tests."""
        for name in ("lists", "archives"):
            (self.place / name / "partial").mkdir(parents=True, exist_ok=True)
        targets = subprocess.check_output(
            ["apt-get", "indextargets", "--format",
             "$(SITE) $(CODENAME) $(COMPONENT)", "Created-By: Packages",
             "Origin: Debian", "Component: main"], text=True)
        (self.place / "sources.list").write_text("".join(
            f"deb {line}\ndeb-src {line}\n" for line in targets.splitlines()
            if "-" not in line.split()[1]))
        self.apt("update")
        self.fresh = True

    def bring(self, pattern, *words):
        """The file of that name, which those words of apt's bring."""
        for attempt in range(2):
            found = [path for path in sorted(self.place.glob(pattern))
                     if path.suffix != ".asc"]
            if found or attempt:
                break
            if not self.fresh:
                self.refresh()
            self.apt(*words)
        return found[-1] if found else None

    def source(self, name, version=""):
        """The upstream archive of a source package."""
        found = self.bring(f"{name}_{version}*.orig.tar.?z*", "source",
                           "--tar-only", name)
        return found or sys.exit(f"apt has no source of {name} {version}")

    def package(self, name):
        return (self.bring(f"{name}_*.deb", "download", name)
                or sys.exit(f"apt has no package {name}"))
