# SPDX-License-Identifier: MIT
# The agent of a waiting interpreter: see runtime/box/standby.c. It stands where
# the program will stand, so the command line is the program's, and it leaves
# no name and no module behind in what it becomes.
def agent():
    import builtins
    import os
    import sys

    control = 4
    known = set(sys.modules)
    end = None
    if os.path.exists("/zygote/module.so"):
        end = quick_end(sys)
    modules = os.read(control, 65536).decode().split("\0")
    for name in filter(None, modules):
        __import__(name)
    # What the first compile() and the first error would set up.
    for text in ("def f(a):\n  return [a for a in a]\nf('x')\n", "x"):
        try:
            exec(compile(text, "", "exec"), {})
        except NameError:
            pass
    if end:
        fork(sys, end)
        os.read(control, 65536)
    if not modules[0]:
        for name in set(sys.modules) - known:
            del sys.modules[name]
    os.write(control, b".")
    told = os.read(control, 65536)
    os.close(control)
    if not told:
        os._exit(125)
    told = [os.fsdecode(text) for text in told.split(b"\0")[:-1]]
    n = 2 + int(told[1])
    for text in told[n:]:
        key, _, value = text.partition("=")
        os.environ[key] = value
    sys.orig_argv[-1:] = sys.argv[:] = [told[0]] + told[2:n]
    # Its directory was listed before the program's files were there.
    sys.path_importer_cache.pop(sys.path[0], None)
    return os.path.abspath(told[0]), sys, builtins, end


def quick_end(sys):
    # What the interpreter does at its end it does to everything there is, and
    # each page that it touches is copied from the zygote's: ten milliseconds.
    # So the program's own is taken apart, as the interpreter would, and the
    # rest is left. Registered first, it is called last, with threads and all
    # other callbacks over. Where anything is odd, the interpreter does it all.
    import atexit
    import gc

    end = {"status": 0, "known": None, "exit": None}
    collect = gc.collect

    def flush():
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()

    def leave():
        if not end["exit"]:
            return
        try:
            flush()
            for name in ("last_type", "last_value", "last_traceback"):
                if hasattr(sys, name):
                    setattr(sys, name, None)
            for name in list(sys.modules):
                if name == "__main__" or name not in end["known"]:
                    del sys.modules[name]
            collect()
            flush()
        except BaseException:
            return
        end["exit"](end["status"])

    atexit.register(leave)
    return end


def status_of(code):
    # As the interpreter takes what SystemExit has.
    if code is None:
        return 0
    if not isinstance(code, int):
        return 1
    return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF


def fork(sys, end):
    # From here on it is a zygote: see runtime/box/zygote.c. What comes back is
    # a box's own process, so what is set up here is set up for all of them.
    import _imp
    import gc
    import os

    if len(os.listdir("/proc/self/task")) > 1:
        sys.exit("a module that is loaded ahead has started a thread, which "
                 "no fork takes along")
    text = "def f(a):\n  return [a for a in a]\nf('x')\nprint(end='')\nx"
    for _ in range(50):
        try:
            exec(compile(text, "", "exec"), {})
        except NameError:
            pass
    gc.collect()
    gc.freeze()
    spec = type(sys.__spec__)("zygote", None, origin="/zygote/module.so")
    try:
        _imp.create_dynamic(spec)
    except ImportError as error:
        if str(error) != "forked":
            raise
    # What was frozen is never collected: the program's names are not in it.
    end["exit"] = sys.__dict__.pop("_exit")
    end["known"] = set(sys.modules)
    main = type(sys)("__main__")
    main.__dict__.update(sys.modules["__main__"].__dict__)
    sys.modules["__main__"] = main
    # Generators that nothing reseeds at a fork.
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def become(path, sys, builtins, end):
    main = sys.modules["__main__"]
    status = status_of
    for name in ("agent", "become", "fork", "quick_end", "status_of"):
        delattr(main, name)
    main.__file__ = path
    main.__loader__.path = path
    try:
        with open(path, "rb") as file:
            text = file.read()
        code = compile(text, path, "exec", dont_inherit=True)
        del file, text
        exec(code, main.__dict__)
    except SystemExit as error:
        if end:
            end["status"] = status(error.code)
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
                end["exit"] = None
            sys.excepthook = lambda *_: None
            raise
        if end:
            end["status"] = 1
        raise SystemExit(1) from None


become(*agent())
