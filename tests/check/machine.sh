#!/bin/bash
# SPDX-License-Identifier: MIT
# machine.sh BUILD: what takes root of a whole machine, with systemd: run by
# root in one that tests/vm/run makes, whose user is sbx.
set -u

copy=$(mktemp -d /tmp/sbx-check.XXXXXX) || exit 1
output=$copy/output
trap 'rm -rf "$copy"' EXIT
chmod 755 "$copy"
cp -r "$1/bin" "$1/share" "$1/libexec" "$copy/"
cp "$(dirname "$0")/verdict.py" "$copy/bin/"
chmod -R a+rX "$copy"
here=$(cd "$(dirname "$0")" && pwd) || exit 1
cd / || exit 1
# shellcheck source=tests/check/expect.sh
. "$here/expect.sh"

# How the user runs it: in a unit, with no systemd of the user's own in reach.
unit=(systemd-run -q --wait --pipe --uid=sbx --gid=sbx)
check=("$copy/bin/sbx-check" --json)

# mend: gives the command that the remedy begins with.
mend()
{
    ${remedy%%;*} >/dev/null || failed "the remedy: $remedy" ''
}

expect 'no delegation' cgroup degraded 'no cgroup is delegated' \
    'Delegate=yes' -- "${unit[@]}" "${check[@]}"
delegate=$remedy
expect 'a limit without a cgroup' limit-memory pass 'by the supervisor' -- \
    "${unit[@]}" "${check[@]}"
expect 'delegated' cgroup pass 'delegated: /sys/fs/cgroup/' -- \
    "${unit[@]}" -p Delegate=yes "${check[@]}"
# The remedy is a command, and COMMAND in it stands for ours.
login=(setpriv --reuid=sbx --regid=sbx --init-groups
    env HOME=/home/sbx XDG_RUNTIME_DIR=/run/user/1000)
expect 'no delegation, mended' cgroup pass 'delegated: /sys/fs/cgroup/' -- \
    "${login[@]}" sh -c "exec ${delegate%% COMMAND*} \"\$@\" 2>/dev/null" sh "${check[@]}"
expect 'a limit with a cgroup' limit-memory pass 'by the cgroup' -- \
    "${unit[@]}" -p Delegate=yes "${check[@]}"
expect 'one controller is not delegated' cgroup-cpu degraded \
    'does not have this controller' 'Delegate=cpu' -- \
    "${unit[@]}" --slice=bare.slice -p Delegate='memory pids' "${check[@]}"

expect 'all are delegated' cgroup-cpu pass -- \
    "${unit[@]}" --slice=bare.slice -p Delegate='cpu memory pids' "${check[@]}"

sysctl -qw kernel.unprivileged_userns_clone=0
expect 'user namespaces off' namespace-user fail 'Operation not permitted' \
    'sysctl -w kernel.unprivileged_userns_clone=1' -- \
    "${unit[@]}" "${check[@]}"
mend
expect 'user namespaces on' namespace-user pass -- "${unit[@]}" "${check[@]}"

for kind in user pid; do
    sysctl -qw user.max_${kind}_namespaces=0
    expect "no $kind namespaces" namespace-$kind fail 'No space left' \
        "sysctl -w user.max_${kind}_namespaces=" -- "${unit[@]}" "${check[@]}"
    mend
    expect "$kind namespaces" namespace-$kind pass -- "${unit[@]}" "${check[@]}"
done

sysctl -qw kernel.perf_event_paranoid=3
expect 'counters for root alone' pmu degraded 'Permission denied' \
    'sysctl -w kernel.perf_event_paranoid=2' -- "${unit[@]}" "${check[@]}"
mend
n_run=$((n_run + 1))
"${unit[@]}" "${check[@]}" pmu >"$output"
! grep -q 'Permission denied' "$output" ||
    failed 'counters for all' "$(cat "$output")"

# What every emulated processor lacks. No command gives it one.
expect 'no counter' pmu degraded 'no counter' 'virtual PMU' -- \
    "${unit[@]}" "${check[@]}"
expect 'the kernel of Debian has Landlock' landlock pass 'ABI ' -- \
    "${unit[@]}" "${check[@]}"

expect 'a hardened unit' clone3 fail 'Function not implemented' \
    'RestrictNamespaces=' -- \
    "${unit[@]}" -p RestrictNamespaces=yes "${check[@]}"
expect 'a unit that refuses mounts' filter-above fail 'refuses: ' \
    'SystemCallFilter=' -- \
    "${unit[@]}" -p SystemCallFilter=~@mount -p SystemCallErrorNumber=EPERM \
    "${check[@]}"
# Their remedies: leave those out.
for name in clone3 filter-above run; do
    expect "a plain unit: $name" $name pass -- "${unit[@]}" "${check[@]}"
done

echo "$((n_run - n_failed)) passed, $n_failed failed"
[ "$n_failed" = 0 ]
