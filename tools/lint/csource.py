# SPDX-License-Identifier: MIT
"""What the checks share: the files of the tree, and C without its noise."""

import os
import re

TOPS = ("runtime", "rootfs", "tools", "tests")


def walk(root):
    """The source files under TOPS, as sorted paths relative to root."""
    found = []
    for top in TOPS:
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = [f for f in folders if f != "__pycache__"]
            found += [os.path.join(folder, name) for name in names]
    return sorted(os.path.relpath(path, root) for path in found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8",
              errors="replace") as stream:
        return stream.read()


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def blank(match):
    """Spaces in place of a match, line ends kept, so that offsets hold."""
    return re.sub(r"[^\n]", " ", match.group())


def mask(text):
    """C with the inside of comments, strings and characters blanked."""
    def keep_quotes(match):
        found = match.group()
        if found[0] == "/":
            return blank(match)
        return found[0] + " " * (len(found) - 2) + found[-1]

    return re.sub(r"//[^\n]*|/\*.*?\*/"
                  r'|"(?:\\.|[^"\\\n])*"'
                  r"|'(?:\\.|[^'\\\n])*'", keep_quotes, text, flags=re.S)


def declarations_only(code):
    """Masked C without what hides declarations: the preprocessor,
    attributes, and the braces of extern "C"."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, code, flags=re.M)
    code = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", blank,
                  code)
    return re.sub(r'\bextern\s+"[^"]*"\s*\{', blank, code)


def outside(text):
    """text with everything in parentheses or brackets blanked, and those
    themselves kept."""
    out, depth = [], 0
    for char in text:
        depth -= char in ")]"
        out.append(char if depth <= 0 else " ")
        depth += char in "(["
    return "".join(out)


def is_function(head):
    """Whether the braces after head, at file scope, are a function's body."""
    return "(" in head and "=" not in outside(head)


def file_scope(code):
    """Yields (kind, text, start, end) for what stands at file scope: kind
    "function" with its head, or "declaration" with braces emptied."""
    head, start, depth = "", 0, 0
    for at, char in enumerate(code):
        if char == "{":
            depth += 1
        elif char == "}":
            depth = max(depth - 1, 0)
            if depth:
                continue
            if is_function(head):
                yield "function", head, start, at
                head = ""
            elif head.strip():
                head += "{}"
        elif depth == 0 and char == ";":
            yield "declaration", head, start, at
            head = ""
        elif depth == 0:
            if not head.strip():
                head, start = "", at
            head += char
