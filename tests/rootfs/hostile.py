# SPDX-License-Identifier: MIT
"""Images, recipes, packages and stores that are made to break sbx-rootfs."""

import gzip
import json
import os
import random
import shutil
import subprocess
import tarfile
import tempfile

import make
from lab import BUILD, case, expect, leftovers

HERE = os.path.dirname(os.path.realpath(__file__))
MIB = 1 << 20


def one_line(done, *words):
    expect(done, 1, *words)
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("sbx-rootfs: "), done.stderr


def layout(lab, *layers):
    return make.image(tempfile.mkdtemp(dir=lab.top) + "/i", "layout", layers)


def raw_layout(lab, data):
    """An image of one layer that is those bytes, compressed."""
    top = tempfile.mkdtemp(dir=lab.top)
    os.makedirs(top + "/blobs/sha256")
    layer = make.blob(top, gzip.compress(data, 1))
    manifest = json.dumps({"layers": [layer]}).encode()
    make.write(top + "/index.json", {"manifests": [make.blob(top, manifest)]})
    return top


def header(kind, size, name="x", target=""):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, target
    return info.tobuf(tarfile.GNU_FORMAT)


def make_long(name):
    info = tarfile.TarInfo(name)
    return info.tobuf(tarfile.GNU_FORMAT)


def files(lab, name):
    """Paths in the tree."""
    top = lab.tree(name, "tree")
    return sorted(os.path.relpath(os.path.join(folder, file), top)
                  for folder, _, names in os.walk(top) for file in names)


@case
def hard_links_take_no_room(lab):
    """They are one file, and each counts."""
    links = [make.hard(f"link{i}", "big") for i in range(300)]
    expect(lab.rootfs("import", layout(lab, [
        make.text("big", "x" * MIB), *links]), "t"), 0, "301 entries, 1 MiB")
    status = os.stat(lab.tree("t", "tree/big"))
    assert status.st_nlink == 301, status
    expect(lab.rootfs("verify", "t"), 0)
    expect(lab.exec("--rootfs", "t", "--require", "verified", "--command",
                    "--", "none"), 127, "not found")


@case
def parts_keep_their_bounds(lab):
    """Of the tree, by their own functions."""
    done = subprocess.run(
        ["/usr/bin/python3", "-B", HERE + "/bounds.py",
         BUILD + "/share/sbx/rootfs", lab.path("spool")],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == (
        "a file: more than 0 GiB, 1 MiB was written\n"
        "hard links: more than 0 GiB, after 3\n"
        "byte code: False\n"
        "dropped: False True\n"), done.stdout + done.stderr


@case
def whiteouts_are_of_lower_layers(lab):
    """Also where they come last, or after; at the root, too."""
    low = [make.text("d/low", ""), make.text("e/low", ""), make.text("f", "")]
    high = [make.text("d/high", ""), make.text("d/.wh..wh..opq", ""),
            make.text("d/.wh.high", ""), make.text(".wh.e", ""),
            make.text("e/high", ""), make.text("f", "new"),
            make.text(".wh.f", "")]
    expect(lab.rootfs("import", layout(lab, low, high), "t"), 0)
    assert files(lab, "t") == ["d/high", "e/high", "f"], files(lab, "t")
    expect(lab.rootfs("import", layout(lab, low, [
        make.text("g", ""), make.text(".wh..wh..opq", "")]), "t"), 0)
    assert files(lab, "t") == ["g"], files(lab, "t")
    for name in (".wh.", "d/.wh..", ".wh..."):
        one_line(lab.rootfs("import", layout(lab, low, [make.text(name, "")]),
                            "t"), "entry '")


@case
def headers_of_archives_have_a_bound(lab):
    """Nothing is read, nor kept, because a header says how long it is."""
    sparse = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
    for data, word in (
            *((header(kind, 2 * MIB) + bytes(2 * MIB), "headers are larger")
              for kind in (b"x", b"g", b"L", b"K")),
            ((header(b"L", MIB // 2) + b"n" * (MIB // 2)) * 3,
             "headers are larger"),
            (header(b"S", 0), "is a sparse file"),
            (header(b"x", len(sparse)) + sparse.ljust(512, b"\0")
             + header(b"0", 1024) + b"999999\n".ljust(1024, b"1"),
             "is a sparse file"),
            (header(b"x", 13) + b"13 size=-512\n".ljust(512, b"\0")
             + header(b"0", 0), "is"),  # or its Python ends there
            (header(b"0", 1 << 60), f"is of {1 << 60} bytes"),
            (header(b"0", 0, "a/" * 40) + make_long("a/" * 3000),
             "longer than a path"),
            (make_long("a/" * 1200), "256 directories deep"),
            (make_long("a/" * 200) + header(b"2", 0, "l", "a/" * 49 + "a")
             + make_long("l/" + "b/" * 210), "256 directories deep")):
        one_line(lab.rootfs("import", raw_layout(lab, data), "t"), word)
    assert not leftovers(lab)
    # Up to it all is as ever.
    expect(lab.rootfs("import", layout(lab, [
        make.text("d" * 200 + "/" + "n" * 200, "")]), "t"), 0, "2 entries")


@case
def broken_images_are_one_clear_line(lab):
    """And none of them hangs."""
    deep = "[" * 100000
    for number, (name, text) in enumerate((
            ("manifest.json", deep), ("index.json", deep),
            ("manifest.json", '[{"Layers": [1]}]'),
            ("manifest.json", '[{"Layers": ["\\ud800"], "Config": "c"}]'),
            ("manifest.json", '[1]'), ("manifest.json", '{}'),
            ("index.json", '{"manifests": [1]}'),
            ("index.json", '{"manifests": [{"platform": 1}]}'),
            ("index.json", '{"manifests": [{"digest": 1}]}'))):
        top = lab.path(f"i{number}")
        os.mkdir(top)
        with open(f"{top}/{name}", "w") as file:
            file.write(text)
        make.write(top + "/c", {"rootfs": {"diff_ids": ["sha256:" + "0" * 64]}})
        for source in (top, make.pack(top)):
            one_line(lab.rootfs("import", source, "t"), "image: ")
    assert not leftovers(lab)


@case
def what_is_no_file_is_no_blob(lab):
    """A pipe where a blob should be, a layer that is a link to itself; a link
    to another layer is that one, as docker save makes them."""
    source = layout(lab, [make.text("x", "")])
    blobs = source + "/blobs/sha256/"
    for name in os.listdir(blobs):
        os.unlink(blobs + name)
        os.mkfifo(blobs + name)
    one_line(lab.rootfs("import", source, "t"), "is no file")
    source = lab.path("docker")
    make.image(source, "docker", [[make.text("x", "")], [make.text("y", "")]])
    layer = source + "/1/layer.tar"
    os.unlink(layer)
    os.symlink("layer.tar", layer)
    one_line(lab.rootfs("import", make.pack(source), "t"), "is not in it")
    os.unlink(layer)
    os.symlink("../0/layer.tar", layer)
    one_line(lab.rootfs("import", make.pack(source), "t"), "what its hash")
    with open(source + "/config") as file:
        hashes = json.load(file)["rootfs"]["diff_ids"]
    make.write(source + "/config", {"rootfs": {"diff_ids": hashes[:1] * 2}})
    expect(lab.rootfs("import", make.pack(source), "t"), 0)
    assert files(lab, "t") == ["x"]


@case
def layers_of_docker_are_held_to_their_hashes(lab):
    """To their ends, behind what tar reads of them."""
    source = lab.path("docker")
    make.image(source, "docker", [[make.text("x", "")]])
    expect(lab.rootfs("import", source, "t"), 0)
    with open(source + "/0/layer.tar", "ab") as file:
        file.write(gzip.compress(b"more"))
    one_line(lab.rootfs("import", source, "t"), "what its hash says")
    make.write(source + "/config", {"rootfs": {"diff_ids": []}})
    one_line(lab.rootfs("import", source, "t"), "of other layers")
    make.write(source + "/manifest.json", [{"Layers": ["0/layer.tar"]}])
    one_line(lab.rootfs("import", source, "t"), "KeyError('Config')")
    expect(lab.rootfs("verify", "t"), 0)


@case
def damaged_layers_are_one_clear_line(lab):
    """Compressed data that ends, or goes wrong, where tar is in the middle,
    or whose sum is wrong, which comes last."""
    for damage in (lambda d: d[:len(d) // 2],
                   lambda d: d[:600] + b"\xff" * 600 + d[1200:],
                   lambda d: d[:-8] + bytes(8)):
        top = tempfile.mkdtemp(dir=lab.top)
        os.makedirs(top + "/blobs/sha256")
        data = make.layer([make.entry("x", tarfile.REGTYPE,
                                      random.Random(1).randbytes(100000))])
        layer = make.blob(top, damage(data))
        manifest = json.dumps({"layers": [layer]}).encode()
        make.write(top + "/index.json",
                   {"manifests": [make.blob(top, manifest)]})
        one_line(lab.rootfs("import", top, "t"), "no image: ")


@case
def descriptions_are_one_line(lab):
    """Of whatever bytes; none makes a line of the list."""
    recipe = lab.recipe(name="a", programs=["sh"],
                        description="x\ntree\tforged\t\ud800\u202e\u00fc")
    expect(lab.rootfs("build", recipe), 0)
    source = layout(lab, [make.text("x", "")])
    odd = os.fsencode(lab.top) + b"/\xff\n.tar"
    os.rename(make.pack(source), odd)
    expect(lab.rootfs("import", os.fsdecode(odd), "b"), 0)
    lines = lab.rootfs("list").stdout.split("\n")
    assert len(lines) == 3, lines
    assert lines[0].endswith("\tx\\ntree\\tforged\\t\\ud800\\u202e\u00fc")
    assert lines[1].endswith("\timported from \\udcff\\n.tar"), lines
    # Nor one that others wrote.
    with open(lab.tree("a", "about"), "ab") as file:
        file.write(b"tree\tforged\t1\n\xff")
    assert lab.rootfs("list").stdout.count("\n") == 2
    with open(os.fsencode(lab.tree("a", "tree")) + b"/\xff\na", "w"):
        pass
    expect(lab.rootfs("verify", "a"), 1, "a: /\\udcff\\na: was added\n")


@case
def damaged_manifests_are_differences(lab):
    expect(lab.rootfs("build", lab.recipe(name="a", programs=["sh"])), 0)
    with open(lab.tree("a", "manifest"), "a") as file:
        file.write("no tab\n")
    expect(lab.rootfs("verify", "a"), 1, "/no tab: is missing", "1 differences")


@case
def odd_files_of_the_host_are_said(lab):
    """A script that names no interpreter comes along; a pipe does not."""
    os.mkdir(lab.path("d"))
    os.chmod(lab.write("d/script", "#!\n"), 0o755)
    os.mkfifo(lab.path("d/pipe"))
    done = lab.rootfs("build", lab.recipe(name="a", programs=["sh"],
                                          paths=[lab.path("d")]))
    expect(done, 0, f"{lab.path('d/pipe')}: is no file")
    assert os.listdir(lab.tree("a", "tree" + lab.path("d"))) == ["script"]


@case
def output_that_cannot_be_written_is_an_error(lab):
    expect(lab.rootfs("build", lab.recipe(name="a", programs=["sh"])), 0)
    for words in (["list"], ["verify"], ["--help"]):
        command = [BUILD + "/bin/sbx-rootfs", *words]
        with open("/dev/full", "w") as full:
            done = subprocess.run(command, env=lab.env, stdout=full, text=True,
                                  stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (
            1, "sbx-rootfs: standard output: No space left on device\n"), done
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(command, env=lab.env, stdout=write, text=True,
                              stderr=subprocess.PIPE, check=False)
        os.close(write)
        assert (done.returncode, done.stderr) == (141, ""), done
        done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command],
                              env=lab.env, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), done


@case
def a_tree_outlives_a_killed_build(lab):
    """One that was about to replace it: the next build has it again."""
    recipe = lab.recipe(name="t", programs=["sh"])
    expect(lab.rootfs("build", recipe), 0)
    os.rename(lab.tree("t"), lab.tree(".t.abcd_123.old"))
    os.mkdir(lab.tree(".t.abcd_123"))
    expect(lab.rootfs("build", lab.recipe(name="t", programs=["no-such"])), 1)
    expect(lab.rootfs("verify", "t"), 0)
    assert os.listdir(lab.tree()) == ["t"]
    shutil.copytree(lab.tree("t"), lab.tree(".t.abcd_123.old"),
                    symlinks=True)
    expect(lab.rootfs("build", lab.recipe(name="t", programs=["sh"])), 0)
    assert os.listdir(lab.tree()) == ["t"]


@case
def a_lock_that_was_removed_is_none(lab):
    """Who waited at it does not work beside who has the new one."""
    done = subprocess.run(
        ["/usr/bin/python3", "-B", HERE + "/locks.py",
         BUILD + "/share/sbx/rootfs"], env=lab.env,
        capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ("t: is being built already; wait for that one\n"
                           "[]\n"), done.stdout + done.stderr


@case
def packages_are_those_that_were_named(lab):
    links = lab.path("links")
    os.mkdir(links)
    for name in ("left-pad-extra", "left-pad-2"):
        make.npm(links, name, "module.exports = 'other'\n")
    wanted = ("layer", "x", "--npm", "left-pad", "--find-links", links)
    one_line(lab.rootfs(*wanted), "left-pad: is not in")
    make.npm(links, "left-pad", "module.exports = 'this'\n")
    expect(lab.rootfs(*wanted), 0)
    found = os.listdir(lab.path("data/sbx/layers/x/tree/node_modules"))
    assert [n for n in found if n[0] != "."] == ["left-pad"], found


@case
def pip_runs_nothing_of_where_it_is_called(lab):
    """Nor of a package whose source it would build."""
    here = lab.path("here")
    os.mkdir(here)
    mark = lab.path("mark")
    for name in ("pip.py", "setup.py", "sitecustomize.py", "runpy.py"):
        lab.write("here/" + name, f"open({mark!r}, 'w')\n")
    make.wheel(here, "sbx_two", "word = 2\n", [])
    for name in ("sbx-two", "sbx_two-1-py3-none-any.whl"):
        expect(lab.rootfs("layer", "x", "--pip", name, "--find-links", here,
                          cwd=here), 0)
    for name in (".", here, "./x", "x @ file:///x.tar.gz"):
        one_line(lab.rootfs("layer", "y", "--pip", name, "--find-links", here,
                            cwd=here), "neither a name nor a wheel")
    assert not os.path.exists(mark)


@case
def a_program_that_says_nothing_has_a_status(lab):
    os.mkdir(lab.path("bin"))
    os.chmod(lab.write("bin/npm", "#!/bin/sh\nexit 7\n"), 0o755)
    lab.env["PATH"] = lab.path("bin") + ":" + lab.env["PATH"]
    one_line(lab.rootfs("layer", "x", "--npm", "y"), "npm: status 7")
