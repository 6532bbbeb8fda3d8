# SPDX-License-Identifier: MIT
"""What the cases of sbx-rootfs share."""

import json
import os
import subprocess
import sys

BUILD = os.path.realpath(sys.argv[1])
CASES = []


def case(function):
    CASES.append(function)
    return function


def thorough(function):
    """A case that brings much from far: with SBX_THOROUGH=1, or by name."""
    if os.environ.get("SBX_THOROUGH") or function.__name__ in sys.argv[2:]:
        CASES.append(function)
    return function


class Lab:
    """A place for trees of a case's own."""

    def __init__(self, top):
        self.top = top
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                    "HOME": top, "XDG_DATA_HOME": top + "/data"}
        os.mkdir(top + "/data")

    def rootfs(self, *words, **more):
        return subprocess.run([BUILD + "/bin/sbx-rootfs", *words],
                              env=self.env, capture_output=True, text=True,
                              timeout=300, check=False, **more)

    def exec(self, *words, **more):
        return subprocess.run([BUILD + "/bin/sbx-exec", *words], env=self.env,
                              capture_output=True, text=True, timeout=120,
                              check=False, **more)

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def recipe(self, **keys):
        return self.write("recipe.json", json.dumps(keys))

    def tree(self, *parts):
        return self.path("data/sbx/rootfs", *parts)


def expect(done, status, *words):
    """The status, and each of the words in what it said."""
    said = done.stdout + done.stderr
    assert done.returncode == status, f"{done.returncode}: {said}"
    for word in words:
        assert word in said, f"no {word!r} in {said!r}"


def leftovers(lab):
    """Names in the store that are no trees."""
    return [n for n in os.listdir(lab.tree()) if n.startswith(".")]
