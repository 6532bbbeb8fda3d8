#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""verdict STATUS [NAME VERDICT WORDS...] <JSON: what sbx-check --json said.

Without a name: it is of the form that the manual gives, and it ended with
STATUS. With one: also, that check has the verdict, and each of WORDS is in its
detail or its remedy. Prints the remedy; exits 1 and says why where not.
"""

import json
import sys

VERDICTS = ("pass", "degraded", "fail")
KEYS = ["name", "layer", "verdict", "detail", "meaning", "remedy"]


def fail(why):
    print(why)
    sys.exit(1)


def check_form(found, status):
    if list(found) != ["schema", "verdict", "checks"] or found["schema"] != 1:
        fail(f"not the keys of the form: {list(found)}")
    names = [c["name"] for c in found["checks"]]
    if len(names) != len(set(names)):
        fail(f"names: {names}")
    for check in found["checks"]:
        if list(check) != KEYS or not all(
                isinstance(value, str) for value in check.values()):
            fail(f"not the keys of a check: {check}")
        if check["verdict"] not in VERDICTS or not check["detail"]:
            fail(f"no verdict or no detail: {check}")
        passed = check["verdict"] == "pass"
        if passed == bool(check["meaning"]) or passed == bool(check["remedy"]):
            fail(f"meaning and remedy go with what does not pass: {check}")
    worst = max(VERDICTS.index(c["verdict"]) for c in found["checks"])
    if found["verdict"] != VERDICTS[worst] or status != worst:
        fail(f"verdict {found['verdict']}, exit {status}, "
             f"worst of all {VERDICTS[worst]}")


def main():
    text = sys.stdin.read()
    try:
        found = json.loads(text)
    except ValueError as error:
        fail(f"{error}: {text[:200]}")
    if text.count("\n") != 1 or not text.endswith("\n"):
        fail("not one line")
    check_form(found, int(sys.argv[1]))
    if len(sys.argv) < 3:
        if len(found["checks"]) < 30:
            fail("there are more checks than that")
        return
    name, verdict, words = sys.argv[2], sys.argv[3], sys.argv[4:]
    for check in found["checks"]:
        if check["name"] == name:
            both = check["detail"] + "\n" + check["remedy"]
            if check["verdict"] != verdict or any(w not in both for w in words):
                fail(f"wanted {verdict} and {words}, got {check}")
            print(check["remedy"])
            return
    fail(f"no check \"{name}\"")


main()
