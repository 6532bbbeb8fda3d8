# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# tools/vm/run does what it says. Sourced by tests/vm/run.

# The images of the real cache, in one of our own: so the runs here are told
# from those of others.
real=${XDG_CACHE_HOME:-$HOME/.cache}/sbx-vm
own=${scratch:?}/cache/sbx-vm
runner=$PWD/tools/vm/run

# vm ARG...: becomes tools/vm/run. A shell's background ignores SIGINT.
vm()
{
	cd "$scratch/tree" || exit
	exec env --default-signal=INT XDG_CACHE_HOME="$scratch/cache" \
		"$runner" --kernel "${kernel:?}" "$@"
}

# verdict WHAT TEST...: counts a case, which is good if the test is.
verdict()
{
	local what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: tools/vm/run: $what"
	fi
}

# nobody_left: no process of a run is, soon; and then, no file.
nobody_left()
{
	local _
	for _ in {1..100}; do
		pgrep -f "$own/run" >/dev/null || break
		sleep 0.1
	done
	! pgrep -af "$own/run"
}

nothing_left()
{
	nobody_left && ! ls -d "$own"/run.* 2>/dev/null
}

# tells STATUS OUT ERR ARG...: a run ends and speaks like that.
tells()
{
	local status=$1 out=$2 err=$3 got
	shift 3
	(vm "$@") >"$scratch/out" 2>"$scratch/err"
	got=$?
	[ "$got" = "$status" ] && [ "$(cat "$scratch/out")" = "$out" ] &&
		[[ $(cat "$scratch/err") =~ ^$err ]] &&
		nothing_left && return
	printf 'status %s\n' "$got"
	cat "$scratch/out" "$scratch/err"
	return 1
}

# interrupted SIGNAL...: a run that has begun and gets them is over, and the
# line that it had printed had come through. Of one that is killed, the next
# clears up.
interrupted()
{
	local line='' signal pid
	mkfifo "$scratch/live"
	vm -- sh -c 'echo begun; sleep 600' >"$scratch/live" 2>/dev/null &
	pid=$!
	read -r -t 300 line <"$scratch/live"
	for signal; do
		kill "-$signal" $pid
	done
	wait $pid 2>/dev/null
	rm "$scratch/live"
	[ "$line" = begun ] || return 1
	[ "$1" != KILL ] || { nobody_left && (vm -- true); }
	nothing_left
}

mkdir -p "$own" "$scratch/tree"
echo content >"$scratch/tree/file"
tools/vm/run --kernel "${kernel:?}" -- true # the image, if there is none
ln -s "$real"/*-* "$own/"

verdict 'status, streams and the tree' tells 7 'content
root' 'wrong' -- sh -c 'cat file; id -un; echo wrong >&2; exit 7'
# shellcheck disable=SC2016 # there
verdict 'an ordinary user with a cgroup' tells 0 'sbx
cpuset cpu io memory pids' '' --user sbx -- sh -c 'id -un
	cat "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/cgroup.controllers"'
verdict 'what is not there' tells 127 '' 'vm: nothing: No such file' -- nothing
verdict 'what takes too long' tells 124 '' 'vm: 124; killed' --timeout 2 -- sleep 600
verdict 'what comes back' tells 0 '' '' --out "$scratch/back" -- \
	cp file /out/there
verdict 'what came back' [ "$(cat "$scratch/back/there")" = content ]
verdict 'a wrong user' tells 125 '' 'vm: --user "nobody": it is one of: root sbx' \
	--user nobody -- true
verdict 'interrupted' interrupted INT
verdict 'terminated' interrupted TERM
verdict 'killed' interrupted KILL

# A number of starts in a row: each has its own output, and says all of it.
starts()
{
	local i
	for ((i = 0; i < $1; i++)); do
		# shellcheck disable=SC2016 # there
		tells $((i % 2)) "$i" '' -- \
			sh -c 'echo "$0"; exit "$1"' $i $((i % 2)) || return 1
	done
}
[ "${starts:-0}" = 0 ] || verdict "$starts starts in a row" starts "$starts"
