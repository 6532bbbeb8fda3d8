# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The machine: one QEMU. For tools/vm/run, whose $tmp, $machine, $cache and
# die() this uses.
#
# Its disks are vda, the root, of which nothing is kept; vdb, /src; and vdc,
# the job. Four serial ports lead to plain files, which, unlike pipes, never
# make QEMU hold data back: out, err, status, art.
#
# What matters to an emulated machine:
# * norandmaps: QEMU 7.2 keeps translated code by virtual address, and would
#   translate every program anew at every exec, at five times the price.
# * tsc=reliable: else the clock is the HPET, a trap into QEMU for each look at
#   it, and CPU time is counted by the jiffy.
# * la57, erms and fsrm are slow when emulated. Its cmpxchg16b garbles the
#   flags, of which Linux 6.12 dies at once.
# * No watchdogs: the host may be busy. A panic is an end.

: "${tmp=}" "${machine=}"
qemu="qemu-system-x86_64"

# disk NAME OPTIONS: QEMU's options for one.
disk()
{
	printf '%s\n' -drive "if=none,id=$1,format=raw,cache=unsafe,$2" \
		-device "virtio-blk-pci,drive=$1"
}

# machine_start IMAGE LIMIT OPTION...: starts it as the process $machine, which
# ends after LIMIT seconds at the latest, or with this shell.
machine_start()
{
	local image=$1 limit=$2 port options
	shift 2
	mapfile -t options < <(
		disk root "file=$image/root,snapshot=on"
		disk src "file=$tmp/src"
		disk job "file=$tmp/job,readonly=on"
		printf '%s\n' -device virtio-serial-pci,ioeventfd=off
		for port in out err status art; do
			printf '%s\n' -chardev "file,id=$port,path=$tmp/$port" \
				-device "virtserialport,chardev=$port,name=vm.$port"
		done
	)
	touch "$tmp"/{out,err,status,art}
	options+=(-append "console=ttyS0 quiet panic=-1 oops=panic
		mitigations=off norandmaps tsc=reliable no_timer_check nowatchdog
		rcupdate.rcu_cpu_stall_suppress=1")
	# <&0: else a process in the background reads /dev/null.
	TMPDIR=$tmp setpriv --pdeathsig TERM timeout -k 5 "$limit" \
		setpriv --pdeathsig KILL "$qemu" -nodefaults -no-user-config \
		-display none -no-reboot -serial "file:$tmp/console" \
		-M q35 -accel tcg,thread=multi,tb-size=512 -smp 2 -m 2048 \
		-cpu max,la57=off,erms=off,fsrm=off,cx16=off \
		-kernel "$image/vmlinuz" -initrd "$image/initrd" \
		"${options[@]}" "$@" <&0 &
	machine=$!
}

# machine_save IMAGE: boots it, waits until it is ready for a job, and keeps its
# state, taken from a machine that runs: or else it would not run afterwards.
machine_save()
{
	local image=$1
	truncate -s 4G "$tmp/src"
	truncate -s 64K "$tmp/job"
	mkfifo "$tmp/orders"
	exec 7<>"$tmp/orders"
	machine_start "$image" 300 -monitor stdio <&7 >"$tmp/answers"
	until grep -q ready "$tmp/status"; do
		kill -0 "$machine" 2>/dev/null || {
			tail -n 20 "$tmp/console" >&2
			die "the machine did not boot"
		}
		sleep 0.1
	done
	printf '%s\n' 'migrate_set_parameter max-bandwidth 100G' \
		"migrate \"exec:cat >'$image/state'\"" quit >&7
	wait "$machine" || :
	machine=
	exec 7>&-
	[ -s "$image/state" ] || die "no state: $(tail -n 3 "$tmp/answers")"
	rm "$tmp"/{src,job,orders,answers,console,out,err,status,art}
}
