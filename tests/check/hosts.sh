#!/bin/bash
# SPDX-License-Identifier: MIT
# hosts.sh COPY: one user's part of tests/check/run. COPY has bin and share.
# shellcheck disable=SC2016 # $check is for the shell that own starts
set -u

copy=$1
check=$copy/bin/sbx-check
above=$copy/bin/above
own=$copy/bin/own
export check COPY=$copy
output=$(mktemp /tmp/sbx-check.XXXXXX) || exit 1
trees=$(mktemp -d /tmp/sbx-check.XXXXXX) || exit 1
trap 'rm -rf "$output" "$trees"' EXIT
cd / || exit 1

# shellcheck source=tests/check/expect.sh
. "$copy/expect.sh"

# line WHY STATUS TEXT ARGUMENT...: sbx-check with the arguments prints a line
# with TEXT.
line()
{
    local why=$1 wanted=$2 text=$3 said status
    shift 3
    n_run=$((n_run + 1))
    said=$(timeout 300 "$check" "$@" 2>&1)
    status=$?
    [[ $status =~ ^$wanted$ && $said == *"$text"* ]] ||
        failed "$why: status $status" "$said"
}

# ---- the command line ----
line 'help' 0 'Usage: sbx-check' --help
line 'version' 0 'sbx-check 0' --version
line 'unknown option' 2 'unknown option "--jsno"; did you mean "--json"?' --jsno
line 'like no option' 2 'unknown option "--zzzz"; see --help' --zzzz
line 'an audit log without a name' 2 '--audit needs a value: FILE' --audit
line 'an audit log that is not there' 2 \
    'audit /nowhere: No such file or directory' --audit /nowhere
line 'a check like no other' 2 'no check "zzzzzzzz"; their names' zzzzzzzz
line 'unknown check' 2 'no check "pmx"; did you mean "pmu"?' pmx
n_run=$((n_run + 1))
"$check" --version >/dev/full 2>"$output"
if [ $? != 2 ] || ! grep -q 'No space left' "$output"; then
    failed 'a full standard output' "$(cat "$output")"
fi

# ---- this host, as it is: nothing but what it lacks ----
expect 'this host' - -- "$check" --json
expect 'this host runs programs' run pass -- "$check" --json
line 'text' '[01]' ' passed, '
n_run=$((n_run + 1))
"$check" >"$output" 2>&1
! grep -q ' pmu ' "$output" ||
    failed 'what no limit needs is not asked for' "$(cat "$output")"

# ---- namespaces off, each by its sysctl; the remedy is applied ----
# Emulates root of that namespace, who gives the command.
for kind in user pid net ipc uts mnt cgroup; do
    expect "no $kind namespaces" "namespace-$kind" fail "No space left" \
        "sysctl -w user.max_${kind}_namespaces=" -- \
        "$own" "echo 0 >/proc/sys/user/max_${kind}_namespaces
            exec \$check --json \$1"
    mend=${remedy%%;*}
    expect "no $kind namespaces, mended" "namespace-$kind" pass -- \
        "$own" "echo 0 >/proc/sys/user/max_${kind}_namespaces
            $mend >/dev/null; exec \$check --json \$1"
done
expect 'what cannot be tried says what to mend' run fail \
    'not tried: it needs "namespace-user"' 'first mend "namespace-user"' -- \
    "$own" 'echo 0 >/proc/sys/user/max_user_namespaces; exec $check --json $1'

# ---- a profile whose root tree was not built ----
expect 'a root tree that is not there' profile-treeless degraded \
    'root tree no-such-tree: is not there' 'sbx-rootfs build no-such-tree' -- \
    "$check" --json
mkdir -p "$trees/sbx/rootfs/no-such-tree/tree"
expect 'a root tree of the user with nothing in it' profile-treeless degraded \
    'not found in' -- env "XDG_DATA_HOME=$trees" "$check" --json

# ---- /proc masked; the remedy is applied ----
expect 'a masked /proc' proc fail 'covered: /proc/cpuinfo' \
    'umount /proc/cpuinfo' -- \
    "$own" 'mount --bind /dev/null /proc/cpuinfo; exec $check --json $1'
mend=${remedy%%;*}
expect 'a masked /proc, mended' proc pass -- \
    "$own" "mount --bind /dev/null /proc/cpuinfo; $mend; exec \$check --json \$1"
expect 'a mask runs nothing' run fail 'needs "proc"' -- \
    "$own" 'mount --bind /dev/null /proc/cpuinfo; exec $check --json $1'

# ---- a filter above us ----
expect 'a filter that refuses nothing of ours' filter-above pass \
    'refuses no system call that sbx makes' -- \
    "$above" getppid -- "$check" --json
expect 'clone3 missing' clone3 fail 'clone3: Function not implemented' \
    'seccomp=unconfined' -- "$above" -e ENOSYS clone3 -- "$check" --json
expect 'clone3 named' filter-above fail 'refuses: clone3' -- \
    "$above" -e ENOSYS clone3 -- "$check" --json
expect 'death for clone3' clone3 fail 'filter killed' 'seccomp=unconfined' -- \
    "$above" -k clone3 -- "$check" --json
for call in open_tree mount_setattr fsopen move_mount pivot_root umount2 \
    sethostname openat2 pidfd_send_signal; do
    expect "$call refused" filter-above fail "refuses: $call" \
        'seccomp=unconfined' -- "$above" $call -- "$check" --json
done
expect 'no filter may be installed' filter fail 'install a filter' \
    'seccomp=unconfined' -- "$above" seccomp -- "$check" --json
expect 'another listener' filter-listener fail 'already listens' \
    'outside of the program that listens' -- \
    "$above" -l getppid -- "$check" --json
expect 'a call that never returns' landlock degraded 'no answer after' -- \
    "$above" -w landlock_create_ruleset -- "$check" --json

# ---- what may be missing ----
expect 'no cgroup v2' cgroup-v2 degraded 'is not a cgroup v2' \
    'systemd.unified_cgroup_hierarchy=1' -- \
    "$own" 'mount -t tmpfs none /sys/fs/cgroup; exec $check --json $1'
expect 'no cgroup v2, no delegation' cgroup degraded 'needs "cgroup-v2"' -- \
    "$own" 'mount -t tmpfs none /sys/fs/cgroup; exec $check --json $1'
expect 'no PMU' pmu degraded 'no counter' 'virtual PMU' -- \
    "$above" -e ENOENT perf_event_open -- "$check" --json
# The call refused, and the setting that explains it.
echo 3 >"$trees/shut"
shut="mount --bind $trees/shut /proc/sys/kernel/perf_event_paranoid
    exec \$COPY/bin/above perf_event_open --"
expect 'counters for root alone' pmu degraded 'Operation not permitted' \
    'sysctl -w kernel.perf_event_paranoid=2' -- \
    "$own" "$shut \$check --json \$1"
expect 'no Landlock' landlock degraded 'Function not implemented' \
    'landlock' -- "$above" -e ENOSYS landlock_create_ruleset -- "$check" --json

# ---- an old kernel ----
expect 'an old kernel' kernel fail 'Linux 2.6' 'is older than 6.1' -- \
    setarch --uname-2.6 "$check" --json

# ---- odd starts: the verdicts of a usual one ----
expect 'SIGCHLD ignored' run pass -- \
    sh -c 'trap "" CHLD; exec "$0" --json "$1"' "$check"
expect 'children of somebody else' run pass -- \
    bash -c 'exec "$0" --json "$1" 3> >(cat)' "$check"

# ---- remedies are for this distribution ----
# release ID: an os-release file of that distribution.
for id in debian ubuntu fedora plan9; do
    printf 'ID=%s\nPRETTY_NAME="Some %s"\n' $id $id >"$output.$id"
done
while read -r id words; do
    expect "a missing compiler on $id" profile-absent degraded \
        'no-such-compiler: not found' "$words" -- \
        "$own" "mount --bind $output.$id /etc/os-release
            exec \$check --json \$1"
    n_run=$((n_run + 1))
    [[ $remedy = "$words" ]] || failed "the remedy on $id" "$remedy"
done <<'END'
debian apt-get install g++
ubuntu apt-get install g++
fedora dnf install gcc-c++
plan9 install what Debian calls g++
END
rm -f "$output".*

# ---- not installed as a whole ----
expect 'no profiles' run fail 'profile "base"' 'make install' -- \
    "$copy/alone/bin/sbx-check" --json

# ---- a chroot ----
expect 'a chroot' namespace-user fail 'Operation not permitted' 'chroot' -- \
    "$own" 'mkdir -p $COPY/root && mount -t tmpfs none $COPY/root &&
        cd $COPY/root && mkdir usr proc dev tmp run &&
        mount --rbind /usr usr && mount --rbind /proc proc &&
        mount --rbind /dev dev && mount --rbind $COPY tmp &&
        for link in bin lib lib64; do ln -s usr/$link $link; done &&
        exec chroot . /tmp/bin/sbx-check --json $1'

# ---- sbx-exec names this program where it is of use, and only there ----
advice()
{
    local why=$1 wanted=$2 said status named=no
    shift 2
    n_run=$((n_run + 1))
    said=$("$@" 2>&1)
    status=$?
    [[ $said != *'; run sbx-check '* ]] || named=yes
    [ "$status $named" = "125 $wanted" ] || failed "$why: status $status" "$said"
}
n_run=$((n_run + 1))
said=$("$own" "$shut \$COPY/bin/sbx-exec --fuel 1 --command -- true" 2>&1)
if [ $? != 125 ] || [[ $said != *'kernel.perf_event_paranoid=2, or --'* ]]; then
    failed 'sbx-exec --fuel with counters for root alone' "$said"
fi
advice 'sbx-exec without clone3' yes "$above" -e ENOSYS clone3 -- \
    "$copy/bin/sbx-exec" --command -- true
advice 'sbx-exec without fsopen' yes "$above" fsopen -- \
    "$copy/bin/sbx-exec" --command -- true
advice 'sbx-exec of a wrong option' no "$copy/bin/sbx-exec" --nonsense
advice 'sbx-exec of a bind that is not there' no \
    "$copy/bin/sbx-exec" --ro-bind /nowhere --command -- true

# ---- killed at some moment, it leaves nothing: tests/check/run looks ----
for moment in 0.02 0.1 0.3 0.7 1.5; do
    "$check" >/dev/null &
    killed=$!
    sleep $moment
    kill -KILL $killed
    wait $killed 2>/dev/null
done

echo "$n_run run, $n_failed failed"
