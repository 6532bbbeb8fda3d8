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
expect 'a limit without a cgroup' limit-memory pass 'by the supervisor' -- \
    "${unit[@]}" "${check[@]}"
expect 'delegated' cgroup pass 'delegated: /sys/fs/cgroup/' -- \
    "${unit[@]}" -p Delegate=yes "${check[@]}"
expect 'a limit with a cgroup' limit-memory pass 'by the cgroup' -- \
    "${unit[@]}" -p Delegate=yes "${check[@]}"
expect 'one controller is not delegated' cgroup-cpu degraded \
    'does not have this controller' 'Delegate=cpu' -- \
    "${unit[@]}" --slice=bare.slice -p Delegate='memory pids' "${check[@]}"

sysctl -qw kernel.unprivileged_userns_clone=0
expect 'user namespaces off' namespace-user fail 'Operation not permitted' \
    'sysctl -w kernel.unprivileged_userns_clone=1' -- \
    "${unit[@]}" "${check[@]}"
mend
expect 'user namespaces on' namespace-user pass -- "${unit[@]}" "${check[@]}"

sysctl -qw kernel.perf_event_paranoid=3
expect 'counters for root alone' pmu degraded 'Permission denied' \
    'sysctl -w kernel.perf_event_paranoid=2' -- "${unit[@]}" "${check[@]}"
mend
n_run=$((n_run + 1))
"${unit[@]}" "${check[@]}" pmu >"$output"
! grep -q 'Permission denied' "$output" ||
    failed 'counters for all' "$(cat "$output")"

expect 'a hardened unit' clone3 fail 'Function not implemented' \
    'RestrictNamespaces=' -- \
    "${unit[@]}" -p RestrictNamespaces=yes "${check[@]}"

echo "$((n_run - n_failed)) passed, $n_failed failed"
[ "$n_failed" = 0 ]
