# SPDX-License-Identifier: MIT
"""What a daemon and the machine hold, sampled while it works, and whether that
stays flat.

Under load everything comes and goes; what leaks stays. So what counts is the
least that there was in the second quarter of the samples and in the last: it may
grow by what FLAT says. The first is left out, in which the daemon's memory gets
as large as its largest answers. What the whole machine has is other work's, too.
"""

import contextlib
import importlib.util
import os
import pathlib

SLABS = ("net_namespace", "pid_namespace", "user_namespace", "mnt_cache",
         "task_struct")
# how much the least may grow: a dozen descriptors are a box's
FLAT = {"rss_kb": 4096, "pss_kb": 4096, "tree_pss_kb": 32768,
        "descriptors": 64, "zombies": 0, "unreclaimable_kb": 65536,
        "cgroups": 16, **{name: 200 for name in SLABS}}
# and within seconds, while the first boxes are made
SOON = {"rss_kb": 4096, "descriptors": 256}


def of_soak():
    """tests/soak/lab.py, whose name is taken here."""
    path = pathlib.Path(__file__).resolve().parents[1] / "soak" / "lab.py"
    spec = importlib.util.spec_from_file_location("corner", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


corner = of_soak()


def fields(path, wanted):
    """{name: number} of lines such as "Rss: 5 kB"."""
    found = {}
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in wanted:
            found[wanted[name]] = int(rest.split()[0])
    return found


def parents():
    """{pid: (parent, state)} of all there are."""
    found = {}
    for pid in corner.numbers("/proc"):
        with contextlib.suppress(OSError):
            words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(
                ")")[2].split()
            found[int(pid)] = int(words[1]), words[0]
    return found


def below(root, all_of):
    """The descendants of a process, its children first."""
    found = [root]
    for pid in found:
        found += [child for child, (parent, _) in all_of.items()
                  if parent == pid]
    return found[1:]


def slabs():
    try:
        text = pathlib.Path("/proc/slabinfo").read_text()
    except PermissionError:
        return {}
    rows = {line.split()[0]: line.split()[1] for line in text.splitlines()}
    return {name: int(rows[name]) for name in SLABS if name in rows}


def cgroups():
    rows = pathlib.Path("/proc/cgroups").read_text().splitlines()[1:]
    return max(int(row.split()[2]) for row in rows)


def sample(pid):
    """Of the daemon, of its tree, and of the machine."""
    all_of = parents()
    tree = 0
    for each in [pid, *below(pid, all_of)]:
        with contextlib.suppress(OSError):
            tree += fields(f"/proc/{each}/smaps_rollup",
                           {"Pss": "pss"}).get("pss", 0)
    return {
        **fields(f"/proc/{pid}/smaps_rollup", {"Rss": "rss_kb",
                                               "Pss": "pss_kb"}),
        "tree_pss_kb": tree,
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        # Whose parent is pid 1 is ours to reap, and nobody does meanwhile.
        "zombies": sum(state == "Z" and parent != 1
                       for parent, state in all_of.values()),
        **fields("/proc/meminfo", {"SUnreclaim": "unreclaimable_kb"}),
        "cgroups": cgroups(), **slabs()}


def floors(samples):
    """{gauge: [the least of each quarter of the samples]}"""
    size = max(1, len(samples) // 4)
    quarters = [samples[:size], samples[size:2 * size],
                samples[2 * size:3 * size], samples[-size:]]
    return {name: [min(each[name] for each in quarter or samples[:1])
                   for quarter in quarters] for name in samples[0]}


def grown(samples, flat):
    """What is not flat, a line each."""
    return [f"{name} is not flat: at least {least}"
            for name, least in floors(samples).items()
            if name in flat and least[-1] > least[1] + flat[name]]
