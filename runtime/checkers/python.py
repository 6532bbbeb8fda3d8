# SPDX-License-Identifier: MIT
# Reads Python programs by the rules of a check, and runs none of them: what
# they would do is in no way known here, only what they say. It is started in
# a box of its own, as "python3 -I -S -c TEXT RULES FILE", in the workspace of
# the program that is checked, and prints what it has found.
import ast
import json
import os
import sys
import warnings

MOST = 20  # findings that are told
LONGEST = 100  # of a name in one of them

# Names that lead from a harmless object to what is behind it.
PRIVATE = set("""
__base__ __bases__ __builtins__ __closure__ __code__ __dict__ __getattribute__
__globals__ __loader__ __mro__ __self__ __spec__ __subclasses__ ag_code ag_frame
cr_code cr_frame f_back f_builtins f_globals f_locals func_globals gi_code
gi_frame tb_frame
""".split())

# Calls whose first argument names a module.
IMPORTERS = set("""
__import__ find_spec import_module resolve_name run_module run_path
spec_from_file_location
""".split())

READERS = {"getattr", "setattr", "delattr", "hasattr", "attrgetter", "vars"}
EVALUATORS = {"compile", "eval", "exec"}


def constant(nodes, at=0):
    """The text that is given as the argument at that place, or None."""
    if len(nodes) > at and isinstance(nodes[at], ast.Constant):
        return nodes[at].value if isinstance(nodes[at].value, str) else None
    return None


def own_modules():
    """What an import would find in the workspace: that is checked itself."""
    names = {name.removesuffix(".py") for name in os.listdir(".")
             if name.endswith(".py") or os.path.isdir(name)}
    return names - set(sys.stdlib_module_names)


class Check:
    def __init__(self, rules):
        self.allowed = rules.get("allowed_modules")
        self.blocked = set(rules["blocked_modules"])
        self.calls = set(rules["blocked_calls"])
        self.own = own_modules()
        self.findings = []
        self.aliases = {}
        self.file = ""

    def find(self, node, rule, text):
        # In bytes of UTF-8, from 0; people count from 1.
        found = {"file": ascii(self.file)[1:-1][:LONGEST],
                 "line": getattr(node, "lineno", None) or 1,
                 "column": (getattr(node, "col_offset", None) or 0) + 1,
                 "rule": rule, "text": text[:3 * LONGEST]}
        if found not in self.findings[-MOST:]:
            self.findings.append(found)

    # ---- modules ----

    def module(self, node, name, below=()):
        """An import of the module, and perhaps of modules below it."""
        parts = name.split(".")
        above = {".".join(parts[:i + 1]) for i in range(len(parts))}
        deeper = {f"{name}.{part}" for part in below}
        shown = ascii(name[:LONGEST])
        if hit := (above | deeper) & self.blocked:
            shown = ascii(min(hit)[:LONGEST])
            self.find(node, "blocked_modules", f"import of {shown}")
        elif (self.allowed is not None and parts[0] not in self.own
              and not above & set(self.allowed)
              and not (deeper and deeper <= set(self.allowed))):
            self.find(node, "allowed_modules", f"import of {shown}")

    def unnamed(self, node):
        """An import whose module the text does not name."""
        if self.allowed is not None or self.blocked:
            rule = "blocked_modules" if self.blocked else "allowed_modules"
            self.find(node, rule, "import of a module that is not named")

    # ---- names ----

    def paths(self, node):
        """The dotted names that an expression may stand for."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, {node.id})
        if isinstance(node, ast.NamedExpr):
            return self.paths(node.value)
        if isinstance(node, ast.Attribute):
            return self.below(node.value, node.attr)
        if isinstance(node, ast.Subscript):
            return self.item(node)
        if isinstance(node, ast.Call):
            return self.result(node)
        return set()

    def below(self, node, name):
        return {path.removeprefix("builtins.") for path in
                (f"{path}.{name}" for path in self.paths(node))}

    def item(self, node):
        """sys.modules["os"], vars(os)["system"], os.__dict__["system"]"""
        name, held = constant([node.slice]), node.value
        if name is None:
            return set()
        if "sys.modules" in self.paths(held):
            return {name}
        if isinstance(held, ast.Attribute) and held.attr == "__dict__":
            return self.below(held.value, name)
        if isinstance(held, ast.Call):
            called = self.paths(held.func)
            if "vars" in called and held.args:
                return self.below(held.args[0], name)
            if called & {"globals", "locals", "vars"}:
                return self.aliases.get(name, {name})
        return set()

    def result(self, node):
        """getattr(os, "system"), __import__("os")"""
        called = {path.rpartition(".")[2] for path in self.paths(node.func)}
        if "getattr" in called and (name := constant(node.args, 1)):
            return self.below(node.args[0], name)
        if called & IMPORTERS and (name := constant(node.args)):
            # __import__("a.b") is a, and import_module("a.b") is a.b.
            return {name, name.partition(".")[0]}
        return set()

    def learn(self, tree):
        """What other names the program gives to modules and calls."""
        def add(name, paths):
            known = self.aliases.setdefault(name, {name})
            added = paths - known
            known |= added
            return bool(added)

        pairs = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    top = name.name.partition(".")[0]
                    add(name.asname or top,
                        {name.name if name.asname else top})
            elif isinstance(node, ast.ImportFrom):
                for name in node.names:
                    add(name.asname or name.name,
                        {f"{node.module or ''}.{name.name}"})
            elif isinstance(node, ast.Assign):
                pairs += [(to, node.value) for to in node.targets]
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
                pairs.append((node.target, node.value))
        # A name may be learnt from one that is learnt after it.
        for _ in range(8):
            if not sum(add(to.id, self.paths(value)) for to, value in pairs
                       if isinstance(to, ast.Name) and value):
                break

    # ---- a tree ----

    def imports(self, node):
        if isinstance(node, ast.Import):
            for name in node.names:
                self.module(node, name.name)
            return
        below = [name.name for name in node.names]
        if node.module:
            self.module(node, node.module, below)
        else:
            for name in below:
                self.module(node, name)
        for name in below:
            hit = [call for call in self.calls if call.startswith(
                f"{node.module}.")] if name == "*" else []
            if hit:
                self.find(node, "blocked_calls",
                          f"import of all of {ascii(node.module)}, "
                          f"with {ascii(min(hit))}")

    def call(self, node):
        called = {path.rpartition(".")[2] for path in self.paths(node.func)}
        first = constant(node.args)
        if called & IMPORTERS:
            if first is None or called & {"run_path",
                                          "spec_from_file_location"}:
                self.unnamed(node)
            else:
                self.module(node, first)
        if called & EVALUATORS and first is not None:
            self.nested(first, node)
        if called & READERS:
            for argument in node.args:
                name = constant([argument])
                for part in (name or "").split("."):
                    self.private(argument, part)
                    if f".{part}" in self.calls:
                        self.find(argument, "blocked_calls",
                                  f"use of {ascii(part)}")

    def nested(self, text, node):
        first = len(self.findings)
        try:
            self.tree(ast.parse(text))
        except (SyntaxError, ValueError):
            return  # the program will be told
        for found in self.findings[first:]:
            found["line"], found["column"] = node.lineno, node.col_offset + 1

    def private(self, node, name):
        if name in PRIVATE:
            self.find(node, "private", f"use of {ascii(name)}")

    def text(self, node):
        """'{0.__globals__}'.format(f), {}['__builtins__']"""
        parts = node.value.replace("[", ".").replace("}", ".").split(".")
        if node.value in PRIVATE:
            self.private(node, node.value)
        elif "{" in node.value and (hit := PRIVATE & set(parts)):
            self.private(node, min(hit))

    def use(self, node):
        name = node.attr if isinstance(node, ast.Attribute) else None
        hit = self.paths(node) & self.calls
        if name and f".{name}" in self.calls:
            hit = {f".{name}"}
        if hit:
            self.find(node, "blocked_calls", f"use of {ascii(min(hit))}")

    def names(self, node, called):
        if isinstance(node.ctx, ast.Load):
            self.use(node)
        if isinstance(node, ast.Subscript):
            if "sys.modules" in self.paths(node.value):
                if name := constant([node.slice]):
                    self.module(node, name)
                else:
                    self.unnamed(node)
            return
        name = node.id if isinstance(node, ast.Name) else node.attr
        self.private(node, name)
        # An importer that is handed on names its module later.
        if name in IMPORTERS and id(node) not in called:
            self.unnamed(node)

    def tree(self, tree):
        self.learn(tree)
        called = {id(node.func) for node in ast.walk(tree)
                  if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imports(node)
            elif isinstance(node, ast.Call):
                self.call(node)
                self.use(node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.text(node)
            elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
                self.names(node, called)

    def check(self, file):
        self.file = file
        self.aliases = {}
        try:
            with open(file, "rb") as source:
                self.tree(ast.parse(source.read()))
        except SyntaxError as error:
            at = ast.Constant(None, lineno=error.lineno,
                              col_offset=max(error.offset or 1, 1) - 1)
            self.find(at, "syntax", str(error.msg))
        except (RecursionError, MemoryError):
            self.find(None, "syntax", "is nested too deeply to be read")
        except ValueError as error:
            self.find(None, "syntax", str(error))


def others(program):
    for top, _, names in os.walk("."):
        for name in sorted(names):
            path = os.path.join(top, name)[2:]
            if name.endswith(".py") and path != program:
                yield path


def main():
    warnings.simplefilter("ignore")
    check = Check(json.loads(sys.argv[1]))
    program = sys.argv[2]
    for file in [program, *others(program)]:
        check.check(file)
    found = check.findings
    found.sort(key=lambda each: (each["file"] != program, each["file"],
                                 each["line"], each["column"]))
    print(json.dumps({"findings": found[:MOST], "n_findings": len(found)}))


main()
