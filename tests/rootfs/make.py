# SPDX-License-Identifier: MIT
"""Images and packages for the tests, good and bad."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
import zipfile


def entry(name, kind, data=b"", **more):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mode = kind, len(data), 0o755
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def folder(name):
    return entry(name, tarfile.DIRTYPE)


def text(name, data, mode=0o644):
    return entry(name, tarfile.REGTYPE, data.encode(), mode=mode)


def program(name, path):
    with open(path, "rb") as file:
        return entry(name, tarfile.REGTYPE, file.read())


def link(name, target):
    return entry(name, tarfile.SYMTYPE, linkname=target)


def hard(name, target):
    return entry(name, tarfile.LNKTYPE, linkname=target)


def device(name):
    return entry(name, tarfile.CHRTYPE, devmajor=1, devminor=3)


def fifo(name):
    return entry(name, tarfile.FIFOTYPE)


def layer(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for info, data in entries:
            # As it is, also what tarfile would mend.
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def blob(top, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(top, "blobs/sha256", digest), "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def image(path, kind, layers):
    """Makes an image of lists of entries; returns its path."""
    os.makedirs(path + "/blobs/sha256")
    if kind == "docker":
        names, hashes = [], []
        for number, entries in enumerate(layers):
            names.append(f"{number}/layer.tar")
            os.mkdir(f"{path}/{number}")
            data = layer(entries)
            hashes.append("sha256:" + hashlib.sha256(
                gzip.decompress(data)).hexdigest())
            with open(os.path.join(path, names[-1]), "wb") as file:
                file.write(data)
        write(path + "/config", {"rootfs": {"diff_ids": hashes}})
        write(path + "/manifest.json", [{"Config": "config",
                                         "Layers": names}])
    else:
        manifest = {"layers": [blob(path, layer(e)) for e in layers]}
        top = blob(path, json.dumps(manifest).encode())
        write(path + "/index.json", {"manifests": [top]})
    if kind == "layout":
        return path
    return pack(path)


def pack(path):
    with tarfile.open(path + ".tar", "w") as archive:
        for name in sorted(os.listdir(path)):
            archive.add(os.path.join(path, name), name)
    return path + ".tar"


def write(path, value):
    with open(path, "w") as file:
        json.dump(value, file)


def deb(links, name, files):
    with tempfile.TemporaryDirectory() as top:
        os.mkdir(top + "/DEBIAN")
        with open(top + "/DEBIAN/control", "w") as file:
            file.write(f"Package: {name}\nVersion: 1\nArchitecture: all\n"
                       "Maintainer: nobody <nobody@example.org>\n"
                       "Description: for a test\n")
        for path, data in files.items():
            at = os.path.join(top, path)
            os.makedirs(os.path.dirname(at), exist_ok=True)
            with open(at, "w") as file:
                file.write(data)
            os.chmod(at, 0o755)
        os.chmod(top, 0o755)
        subprocess.run(["dpkg-deb", "-b", top, links], check=True,
                       stdout=subprocess.DEVNULL)


def wheel(links, name, code, needs):
    info = f"{name}-1.dist-info"
    files = {
        name + ".py": code,
        info + "/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
        + "".join(f"Requires-Dist: {n}\n" for n in needs),
        info + "/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[info + "/RECORD"] = "".join(f"{n},,\n" for n in files)
    with zipfile.ZipFile(f"{links}/{name}-1-py3-none-any.whl", "w") as out:
        for path, data in files.items():
            out.writestr(path, data)


def npm(links, name, code):
    with tarfile.open(f"{links}/{name}-1.0.0.tgz", "w:gz") as archive:
        package = json.dumps({"name": name, "version": "1.0.0"})
        for path, data in (("package.json", package), ("index.js", code)):
            info, raw = text("package/" + path, data)
            archive.addfile(info, io.BytesIO(raw))


def suite():
    """The host's own release."""
    with open("/etc/os-release") as file:
        for line in file:
            if line.startswith("VERSION_CODENAME="):
                return line.split("=")[1].strip()
    return "stable"
