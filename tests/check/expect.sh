#!/bin/bash
# SPDX-License-Identifier: MIT
# What the scripts of tests/check share. They set copy, whose bin has
# verdict.py, and output, a file.
: "${copy:?}" "${output:?}"
n_run=0
n_failed=0
remedy=

failed()
{
    n_failed=$((n_failed + 1))
    printf 'FAILED: %s\n' "$1"
    printf '%s\n' "$2" | sed 's/^/    /'
}

# expect WHY NAME VERDICT WORDS... -- COMMAND...: COMMAND runs sbx-check --json,
# which gives the check NAME this VERDICT and says WORDS; its remedy is kept.
# NAME "-": the form alone. The command ends in --json, and NAME is added.
expect()
{
    local why=$1 words=() status
    shift
    while [ "$1" != -- ]; do
        [ "$1" = - ] || words+=("$1")
        shift
    done
    shift
    n_run=$((n_run + 1))
    timeout -k 5 300 "$@" "${words[@]:0:1}" >"$output" 2>&1
    status=$?
    remedy=$("$copy/bin/verdict.py" $status "${words[@]}" <"$output") ||
        failed "$why" "$remedy"
}
