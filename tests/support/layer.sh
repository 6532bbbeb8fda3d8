# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Running a layer of tests that is a Criterion program, and counting. For
# scripts that have: scratch, a directory; limit, in seconds; and passed,
# failed and skipped, which are counted up.
: "${scratch:?}" "${limit:?}" "${passed:?}" "${failed:?}" "${skipped:?}"

# run_layer WHO LAYER PROGRAM PREFIX...: one pass, counted by Criterion's own
# closing line. A run without it, or of no test, has failed.
run_layer() {
    local who=$1 layer=$2 program=$3 log=$scratch/log status line
    shift 3
    : >"$log"
    timeout --foreground -k 10 "$limit" "$@" "$program" --jobs 2 >"$log" 2>&1
    status=$?
    # A sanitizer speaks in the log, and the test that it stopped passes.
    if grep -aqE 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$log"; then
        status=1
    fi
    line=$(grep -ao 'Synthesis: .*' "$log" | tail -n 1 |
        sed 's/\x1b\[[0-9;]*m//g')
    if [[ $line =~ Tested:\ *([0-9]+).*Passing:\ *([0-9]+).*Failing:\ *([0-9]+).*Crashing:\ *([0-9]+) ]] &&
        ((BASH_REMATCH[1] > 0)); then
        passed=$((passed + BASH_REMATCH[2]))
        failed=$((failed + BASH_REMATCH[3] + BASH_REMATCH[4]))
        local skips
        skips=$(grep -ac '^\[.*SKIP' "$log")
        skipped=$((skipped + skips))
        if ((BASH_REMATCH[3] + BASH_REMATCH[4] > 0 || status != 0)); then
            grep -av '^$' "$log" | tail -n 80
            ((BASH_REMATCH[3] + BASH_REMATCH[4] > 0)) || failed=$((failed + 1))
        fi
        if ((skips > 0)); then
            grep -a '^\[.*SKIP' "$log"
            [ "${SBX_MUST_WORK-}" != 1 ] || failed=$((failed + skips))
        fi
        echo "$layer as $who: ${BASH_REMATCH[2]} of ${BASH_REMATCH[1]} passed"
    else
        failed=$((failed + 1))
        tail -n 80 "$log"
        echo "$layer as $who: did not finish (status $status)"
    fi
}
