# SPDX-License-Identifier: MIT
# The agent of a waiting interpreter: see runtime/box/standby.c. It stands where
# the program will stand, so the command line is the program's, and it leaves
# no name behind in what it becomes, and no module that the profile did not ask
# for.
#
# In a zygote, what follows the fork happens in every box, and an object that is
# only looked at there is a page copied, since that is counted in the object. So
# all that can be done before is, what it leaves is let go before, and what has
# run once before finds its caches filled.
CONTROL = 4
ZYGOTE = "/zygote/module.so"

# Some of what programs do first.
SAMPLE = '''
import os
class C:
    def __init__(self, a):
        self.a = a
def f(a, *b, c=1, **d):
    return [x for x in a if x], {k: v for k, v in d.items()}, len(b) + c
try:
    f([C(1).a, int("2"), 3.5], 4, e=5)
    text = "%s {} %d".format(sum(i * i for i in range(9))) % ("a", 1)
    text = f"{text!r:>9} {1.5:.2f}" + "".join(sorted(str(ord("b"))))
    both = dict(zip(map(str.strip, text.split()), enumerate(set("abc"))))
    both.setdefault("a", []), max(both), min(1, 2), abs(-1), both.get("b")
    print(isinstance(text, str), *both.items(), sep=" ", end="", file=none)
    with open("/dev/null", "rb") as file:
        file.read()
    both["not there"]
except KeyError as error:
    str(error)
x
'''


def agent():
    import sys

    own = set(sys.modules)
    import _imp
    import atexit
    import gc
    import os

    for name in set(sys.modules) - own:
        del sys.modules[name]
    del own
    # Registered first, it is called last.
    end = End(sys, atexit, gc) if os.path.exists(ZYGOTE) else None
    loaded = load(os, sys)
    if end:
        fork, leave = load_zygote(sys, _imp)
    rehearse(os, sys, loaded, 50 if end else 1)
    if end:
        end.keep(loaded)
        freeze(os, sys, gc)
    # What is frozen is never collected: the program's names are not in it.
    main = new_main(os, sys)
    if end:
        # Has malloc() join now what is free, which it would in each box.
        bytes(1 << 16)
        fork()
        end.begin(leave)
        # Of what the program's will touch, in a box that waits.
        open("/dev/null", "rb").close()
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()  # Nothing else does.
        os.read(CONTROL, 65536)
    os.write(CONTROL, b".")
    told = os.read(CONTROL, 65536)
    os.close(CONTROL)
    if not told:
        os._exit(125)
    take(os, sys, told, loaded)
    return main, sys, end


def load(os, sys):
    # What the profile names. Returns the names that files of the program's
    # might have, too.
    before = set(sys.modules)
    for name in os.read(CONTROL, 65536).decode().split("\0"):
        if name:
            __import__(name)
    return frozenset(set(sys.modules) - before
                     if os.path.isdir(sys.path[0]) else ())


def forget(sys, modules):
    # But for those with a state that no second import would make anew.
    ours = getattr(sys, "stdlib_module_names", modules)
    for name in modules:
        if name.partition(".")[0] in ours:
            del sys.modules[name]


def rehearse(os, sys, loaded, times):
    argv, orig_argv = sys.argv[:], sys.orig_argv[:]
    none = open("/dev/null", "w")
    for _ in range(times):
        code = compile(SAMPLE, "", "exec", dont_inherit=True)
        try:
            exec(code, {"none": none})
        except NameError:
            pass
        take(os, sys, b"a\0" b"1\0" b"b\0", loaded and {0})
    none.close()
    sys.argv[:], sys.orig_argv[:] = argv, orig_argv
    # It was listed before the program's files were there.
    sys.path_importer_cache.pop(sys.path[0], None)


def new_main(os, sys):
    # The program's, with nothing of this file's in it.
    main = type(sys)("__main__")
    for name, value in globals().items():
        if name.startswith("__"):
            setattr(main, name, value)
    # become() adds the name, once it is known.
    main.__file__ = "" if sys.argv[0][0] == "/" else os.getcwd() + "/"
    sys.modules["__main__"] = main
    return main


def take(os, sys, told, loaded):
    told = told.decode("utf-8", "surrogateescape").split("\0")
    n = 2 + int(told[1])
    for text in told[n:-1]:
        key, _, value = text.partition("=")
        os.environ[key] = value
    sys.orig_argv[-1:] = sys.argv[:] = [told[0]] + told[2:n]
    # A file of the program's goes before a module of that name.
    if loaded:
        for name in os.listdir(sys.path[0]):
            if name.partition(".")[0] in loaded:
                forget(sys, loaded)
                break


def load_zygote(sys, _imp):
    # See runtime/zygote/python.c. What it offers is nobody else's.
    spec = type(sys.__spec__)("zygote", None, origin=ZYGOTE)
    try:
        _imp.create_dynamic(spec)
    except ImportError as error:
        if str(error) != "offered":
            raise
    return sys.__dict__.pop("_fork"), sys.__dict__.pop("_exit")


def freeze(os, sys, gc):
    # What is there now is never collected, which would copy all of its pages.
    if len(os.listdir("/proc/self/task")) > 1:
        sys.exit("a module that is loaded ahead has started a thread, which "
                 "no fork takes along")
    gc.collect()
    gc.freeze()


class End:
    # What the interpreter does at its end it does to everything there is, and
    # each page that it touches is copied from the zygote's: ten milliseconds.
    # So the program's own is taken apart, as the interpreter would, and the
    # rest is left. With this, threads and all other callbacks are over. Where
    # anything is odd, the interpreter does it all.
    def __init__(self, sys, atexit, gc):
        self.sys, self.collect = sys, gc.collect
        self.exit = self.last = None
        self.status = 0
        atexit.register(self.leave)

    def keep(self, *things):
        # What would be freed on the way, and the code that is running.
        self.kept = list(things)
        frame = self.sys._getframe()
        while frame:
            self.kept.append(frame.f_code)
            frame = frame.f_back

    def begin(self, leave):
        self.exit = leave
        # The last module before the program's.
        self.last = next(reversed(self.sys.modules))

    def flush(self):
        for stream in (self.sys.stdout, self.sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()

    def restore(self):
        # What sys had, in the place of what the program put there.
        sys = self.sys
        sys.settrace(None)
        sys.setprofile(None)
        for name in ("displayhook", "excepthook", "stdin", "stdout", "stderr"):
            setattr(sys, name, getattr(sys, "__%s__" % name, None))
        for name in ("last_type", "last_value", "last_traceback"):
            if hasattr(sys, name):
                setattr(sys, name, None)

    def leave(self):
        if not self.exit:
            return
        sys = self.sys
        try:
            self.flush()
            self.restore()
            new = []
            for name in reversed(sys.modules):
                if name == self.last:
                    break
                new.append(name)
            for name in new[::-1] + ["__main__"]:
                sys.modules.pop(name, None)
            self.collect()
            self.flush()
        except BaseException:
            return
        self.exit(self.status)


def status_of(code):
    # As the interpreter takes what SystemExit has.
    if code is None:
        return 0
    if not isinstance(code, int):
        return 1
    return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF


def become(main, sys, end):
    path = main.__file__ = main.__loader__.path = main.__file__ + sys.argv[0]
    try:
        with open(path, "rb") as file:
            text = file.read()
        code = compile(text, path, "exec", dont_inherit=True)
        del file, text
        exec(code, main.__dict__)
    except SystemExit as error:
        if end:
            end.status = status_of(error.code)
        raise
    except BaseException as error:
        # As the interpreter does at its outermost level; the frames of this
        # file are not the program's.
        error = error.with_traceback(error.__traceback__.tb_next)
        sys.last_type, sys.last_value = type(error), error
        sys.last_traceback = error.__traceback__
        sys.excepthook(type(error), error, error.__traceback__)
        if type(error) is KeyboardInterrupt:
            # The interpreter ends by that signal, and has nothing to add.
            if end:
                end.exit = None
            sys.excepthook = lambda *_: None
            raise
        if end:
            end.status = 1
        raise SystemExit(1) from None


become(*agent())
