/* SPDX-License-Identifier: MIT */
/* A run is the same, warm or cold: its walls, its surroundings, its verdict,
 * its output. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

#include "support/find.h"
#include "support/scratch.h"
#include "support/warm.h"

static void setup(void)
{
	(void)umask(077); /* which is not the program's */
	scratch_make();
	adopt_orphans();
}

TestSuite(same, .init = setup, .fini = scratch_remove, .timeout = 300);

/* Runs it in both ways and expects the same output and verdict. */
static void expect_same(struct sbx_pool *pool, const struct warm_call *call)
{
	static const char *const fields[] = {
		"stdout", "stderr",       "status",
		"reason", "message",      "exit_code",
		"signal", "stdout_bytes", "stdout_truncated",
	};
	struct result warm, cold;

	pool_await(pool, 1);
	warm_run(pool, call, &warm);
	warm_run(NULL, call, &cold);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		cr_expect_str_eq(report_at(&warm, fields[i]),
		                 report_at(&cold, fields[i]),
		                 "%s of %s: \"%s\", not \"%s\"", fields[i],
		                 call->code, report_at(&warm, fields[i]),
		                 report_at(&cold, fields[i]));
	result_free(&warm);
	result_free(&cold);
}

/* What a program can find out about its box, in Python. Numbers that differ
 * from one box to the next are left out. */
static const char look[] =
	"import os, sys, resource, re, socket\n"
	"import bisect, collections, copy, datetime, enum, functools, "
	"heapq,\\\n"
	"  itertools, json, math, operator, random, string, typing\n"
	"def text(path):\n"
	"  try: return open(path).read()\n"
	"  except OSError as e: return e.strerror\n"
	"print(os.getuid(), os.geteuid(), os.getgroups(), os.getpid(),\n"
	"      os.getsid(0), os.getcwd(), os.uname().nodename)\n"
	"print(sys.argv, sys.orig_argv, sys.path, sys.flags, __file__)\n"
	"print(sorted(sys.modules), sorted(globals()), __spec__, "
	"__loader__.path)\n"
	"print(sorted(os.environ.items()))\n"
	"print(text('/proc/self/environ') == text('/proc/self/environ'))\n"
	"print([resource.getrlimit(i) for i in range(16)])\n"
	"keep = 'Uid|Gid|Groups|NoNewPrivs|Seccomp:|Cap|Threads|NSpid|Umask'\n"
	"print([l for l in text('/proc/self/status').split('\\n')\n"
	"       if re.match(keep, l)], "
	"text('/proc/self/uid_map').split()[0::2])\n"
	"print(re.sub(r'(?m)^\\d+ \\d+ \\d+:\\d+|:\\d+', '',\n"
	"             re.sub(r'uid=\\d+|gid=\\d+', '',\n"
	"                    text('/proc/self/mountinfo'))))\n"
	"print(sorted(os.listdir('/proc/self/fd')), [os.readlink(\n"
	"      f'/proc/self/fd/{i}').split(':')[0] for i in range(3)])\n"
	"print(sorted(p for p in os.listdir('/proc') if p.isdigit()))\n"
	"print([sorted(os.listdir(d)) for d in ('/', '/workspace', '/tmp',\n"
	"      '/dev', '/dev/shm', '/etc')], text('/proc/1/environ'))\n"
	"print(os.stat(__file__)[:6:3], text(__file__)[:20], "
	"os.stat('.').st_uid)\n"
	"print(sorted(os.sched_getaffinity(0)) != [], os.nice(0),\n"
	"      socket.if_nameindex(), "
	"text('/proc/sys/user/max_user_namespaces'))\n"
	"for f in (lambda: os.unshare(0x10000000), lambda: os.mkdir('/x'),\n"
	"          lambda: os.setuid(0), lambda: os.kill(1, 9),\n"
	"          lambda: socket.socket(socket.AF_NETLINK),\n"
	"          lambda: os.mkfifo('/workspace/f'),\n"
	"          lambda: open('/etc/passwd', 'w')):\n"
	"  try: print(f())\n"
	"  except Exception as e: print(type(e), e)\n";

/* Every wall that stands around a cold run stands around a warm one. */
Test(same, the_box)
{
	struct sbx_pool *pool = warm_pool(WARM(), 1);

	expect_same(pool, WARM(.code = look));
	expect_same(pool, WARM(.code = look,
	                       .arguments = WORDS("a b", "", "--", "\xff\n"),
	                       .settings = WORDS("env", "MORE=a=b", "env",
	                                         "EMPTY=")));
	expect_same(
		pool,
		WARM(.code = "import os, a.b\nprint(a.b.x, [(d, f, "
	                     "[(s.st_mode, s.st_uid, s.st_gid, s.st_size) for "
	                     "s in [os.stat(d + '/' + n) for n in f]]) for d, "
	                     "_, f in os.walk('.')])",
	             .settings = WORDS("inputs",
	                               text_of("%s:a/b.py",
	                                       scratch_text("b", "x = 3")))));
	sbx_pool_close(pool);
}

static void expect_same_ends(const char *const *codes, size_t n)
{
	struct sbx_pool *pool = warm_pool(WARM(), 1);

	for (size_t i = 0; i < n; i++)
		expect_same(pool,
		            WARM(.code = codes[i],
		                 .settings = WORDS("limits.output", "2K")));
	sbx_pool_close(pool);
}

/* What a program says and how it ends. */
Test(same, the_end)
{
	static const char *const codes[] = {
		"print('out')",
		"",
		"x = (",
		"def f(): g()\ndef g(): 1/0\nf()",
		"raise SystemExit",
		"raise SystemExit(3)",
		"raise SystemExit('why')",
		"import sys; sys.exit(256)",
		"import os; os._exit(5)",
		"import os; os.kill(os.getpid(), 11)",
		"import atexit; atexit.register(print, 'at the end')",
		"class A:\n  def __del__(self): print('gone')\na = A()",
		"import threading, time\n"
		"threading.Thread(target=lambda: (time.sleep(.1), print(1)))"
		".start()",
		"import sys; sys.excepthook = lambda *a: print('mine', a[1]); "
		"1/0",
		"try:\n  1/0\nexcept Exception as e:\n  raise KeyError(1) from "
		"e",
		"import warnings; warnings.warn('careful')",
		"print(input(), file=__import__('sys').stderr)",
		"from __future__ import annotations\nx: int = f\nprint("
		"__annotations__)",
		"'doc'\nprint(__doc__, __name__)",
		"import __main__; print(__main__.__file__, __main__.x if 0 "
		"else 1)",
		"# coding: latin-1\nprint(ascii('\xe9'))",
		"import traceback\ntry: 1/0\nexcept: traceback.print_exc()",
		"import pickle\nclass A: pass\n"
		"print(type(pickle.loads(pickle.dumps(A()))))",
		"open('helper.py', 'w').write('x = 5')\nimport helper\n"
		"print(helper.x)",
		"print('x' * 3000)",
		"f = lambda: f()\ntry: f()\n"
		"except RecursionError: print('deep')",
		"import multiprocessing as m\nif __name__ == '__main__':\n"
		"  print(m.get_context('spawn').Pool(1).map(abs, [-1]))",
	};

	expect_same_ends(codes, ARRAY_SIZE(codes));
}

/* A box of a zygote leaves most of the interpreter's end out: none of it shows
 * in destructors, callbacks, streams, statuses. */
Test(same, the_interpreters_end)
{
	static const char *const codes[] = {
		"class A:\n  def __del__(self): print('gone')\n"
		"a = A(); a.self = a",
		"open('m.py', 'w').write('class A:\\n  def __del__(self): "
		"print(1)\\na = A()')\nimport m",
		"def g():\n  try: yield\n  finally: print('closed')\n"
		"x = g(); next(x)",
		"import weakref\nclass A: pass\na = A()\n"
		"weakref.finalize(a, print, 'final')",
		"import atexit\nfor i in range(3): atexit.register(print, i)",
		"import sys; sys.exit(-1)",
		"import sys; sys.exit(2**64)",
		"import sys; sys.exit([1])",
		"raise KeyboardInterrupt",
		"import threading, sys\n"
		"threading.Thread(target=lambda: sys.exit(3)).start()",
		"import os\nif os.fork() == 0: raise SystemExit(7)\n"
		"print(os.wait()[1])",
		"import ctypes; ctypes.CDLL(None).printf(b'of C')",
		"import sys; sys.stdout.close()",
		"import os; print('lost'); os.close(1)",
		"import sys; print('first'); sys.stdout = open('log', 'w')",
		"import sys, io; print('first'); sys.stdout = io.StringIO()",
		"import sys; print('first'); sys.stdout = None; sys.exit(2)",
		"import sys; print('first'); sys.stdout = sys.stderr; "
		"print('second')",
		"import sys; f = open('/dev/stdout', 'w'); f.write('text')\n"
		"sys.excepthook = lambda *a, f=f: f",
		"import sys; f = open('/dev/stdout', 'w'); f.write('text')\n"
		"sys.setprofile(lambda *a, f=f: None); del f",
		"import sys\nclass F:\n  closed = False\n"
		"  def __repr__(self): return 'F'\n"
		"  def flush(self): raise OSError('no')\nsys.stdout = F()",
	};

	expect_same_ends(codes, ARRAY_SIZE(codes));
}

/* A file that is named otherwise: perl's and ruby's agents cannot be told, so a
 * pool is for one name, and takes no other. */
Test(same, names)
{
	static const struct {
		const char *profile, *code;
		bool any;
	} rows[] = {
		{"python", "print(__file__, __import__('sys').argv)", true},
		{"node", "console.log(__filename)", true},
		{"bash", "echo $0", true},
		{"perl", "print $0, __FILE__", false},
		{"ruby", "p $0, __FILE__", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct warm_call call = {
			.profile = rows[i].profile,
			.code = rows[i].code,
			.settings = WORDS("file", "other.rb"),
		};
		struct sbx_pool *pool = warm_pool(&call, 1);

		expect_same(pool, &call);
		pool_await(pool, 1);
		cr_expect_eq(pool_takes(pool, WARM(.profile = rows[i].profile,
		                                   .code = "")),
		             rows[i].any, "%s", rows[i].profile);
		sbx_pool_close(pool);
	}
}

/* Each program of the list, in the language of a profile. */
static void expect_all_same(const char *profile, const char *const *codes)
{
	struct sbx_pool *pool = warm_pool(WARM(.profile = profile), 1);

	for (; *codes; codes++)
		expect_same(pool, WARM(.profile = profile, .code = *codes,
		                       .arguments = WORDS("a b", "", "c"),
		                       .settings = WORDS("env", "MORE=a=b")));
	sbx_pool_close(pool);
}

/* Node starts each run in a process of its own as well. */
Test(same, node)
{
	expect_all_same(
		"node",
		WORDS("console.log('out', process.argv, __filename, __dirname)",
	              "console.log(require.main === module, module.id, "
	              "Object.keys(require.cache))",
	              "console.log(process.env.PATH, process.env.MORE, "
	              "process.cwd(), process.pid)",
	              "process.exit(3)", "process.kill(process.pid, 'SIGKILL')",
	              "process.on('exit', (c) => console.log('end', c)); "
	              "process.exitCode = 4",
	              "process.stdin.on('data', (d) => console.log(d)).on("
	              "'end', () => console.log('eof'))",
	              "setTimeout(() => console.error('late'), 50)",
	              "require('fs').writeFileSync('h.js', 'module.exports = "
	              "5'); console.log(require('./h.js'))"));
}

/* An agent's shorter end is taken at a program's own end only. */
Test(same, nodes_end)
{
	expect_all_same(
		"node",
		WORDS("process.on('exit', () => { process.exitCode = 9 })",
	              "let n = 0; process.on('beforeExit', () => { if (n++ < "
	              "2) "
	              "setTimeout(() => console.log(n), 1) })",
	              "process.once('beforeExit', () => setTimeout(() => { "
	              "process.stderr.write = () => true; throw 1 }, 1)); "
	              "process.on('exit', (c) => console.log(c))",
	              "process.emit('beforeExit'); process.emit('exit'); "
	              "console.log('on')",
	              "process.on('exit', () => process.exit(7))",
	              "process.on('exit', async () => { await null; "
	              "console.log('late') })",
	              "process.stdout.write('y'.repeat(300000))",
	              "const { Worker } = require('worker_threads'); new "
	              "Worker("
	              "'console.log(5)', { eval: true })",
	              "import('fs').then((m) => console.log(typeof m.stat))",
	              "console.log(Object.keys(process).includes('emit'), "
	              "process.hasOwnProperty('emit'), process.emit.name)"));
}

/* Neither perl nor ruby has a frame, a name or a module below the program. */
Test(same, perl)
{
	expect_all_same(
		"perl",
		WORDS("print \"$0 \", __FILE__, __LINE__, \" @ARGV $ENV{MORE} "
	              "$$ $^W\"; print defined caller() ? 1 : 0",
	              "sub f { print join '|', (caller 0)[0 .. 3], caller 1 } "
	              "f('x')",
	              "print join ' ', sort keys %INC; print join ' ', sort "
	              "grep /^[a-z]/i, keys %main::",
	              "#!/usr/bin/perl -w\nmy $x; print \"a$x\", $^W",
	              "print eval { die 'a' } // $@; eval 'die 1'; print $@; "
	              "print $! + 0",
	              "warn 'careful'; die ['a']->[0]", "my $x = ;",
	              "use strict; $x = 1", "exit 3", "", "kill 'SEGV', $$",
	              "$SIG{TERM} = sub { print 'term'; exit 4 }; kill "
	              "'TERM', $$; sleep 5",
	              "END { print 'end'; $? = 7 } print <STDIN>",
	              "package A::B; my $at = tell DATA; print <DATA>; seek "
	              "DATA, $at, 0; print <DATA>, $at, fileno DATA\n"
	              "__DATA__\none\ntwo\n",
	              "seek DATA, 0, 0; print <DATA>; print fileno DATA, tell "
	              "DATA;\n__END__\none",
	              "BEGIN { open my $f, '>', 'H.pm'; print $f 'package H; "
	              "print caller; 1' } use lib '.'; use H; require POSIX; "
	              "print POSIX::strftime('%Y', gmtime 0)",
	              "exec 'ls', '/proc/self/fd'"));
}

Test(same, ruby)
{
	expect_all_same(
		"ruby",
		WORDS("p $0, __FILE__, __LINE__, __dir__, ARGV, ENV['MORE'], "
	              "$$, $0 == __FILE__, caller, self, __method__",
	              "def f = caller\np f, caller_locations.size, $!, $@, $_",
	              "p $LOADED_FEATURES, global_variables.sort, "
	              "local_variables, Object.constants.sort.size",
	              "#!/usr/bin/ruby\np 1",
	              "at_exit { puts 'end' }\nraise 'dead'",
	              "def f = raise(ArgumentError)\nbegin\n  f\nrescue => e\n "
	              " p e.backtrace, e\nend\nf",
	              "x = (", "exit 3", "exit! 4", "abort 'why'", "",
	              "Process.kill :KILL, $$; sleep 5",
	              "trap('TERM') { puts 'term'; exit 4 }\nProcess.kill "
	              ":TERM, $$; sleep 5",
	              "p DATA.read, DATA.pos, DATA.lineno, DATA.path, "
	              "DATA.external_encoding, DATA.singleton_methods, (DATA."
	              "rewind; DATA.read)\n__END__\none\ntwo\n",
	              "p $stdin.read, \"\u00e9\".encoding, Encoding."
	              "default_external, Thread.list.size",
	              "File.write 'h.rb', 'p caller.size, __FILE__'\n"
	              "require_relative 'h'\nrequire 'json'\nputs [1].to_json",
	              "# encoding: iso-8859-1\np __ENCODING__"));
}

/* Those with no agent: their program starts when its run does. */
Test(same, bash)
{
	expect_all_same(
		"bash",
		WORDS("echo \"$0 $# $* ${BASH_SOURCE[*]} $MORE $$ $- $LINENO\"",
	              "caller; f() { caller 0; echo \"${FUNCNAME[@]}\"; }; f",
	              "env; tr '\\0' '|' </proc/$$/cmdline; ls /proc/$$/fd",
	              "tr '\\0' '|' </proc/$$/environ; pwd; stat -c '%A %u %g "
	              "%s %n' *",
	              "exit 3", "kill -SEGV $$", "cat", "no-such-command", "if",
	              "trap 'echo end' EXIT; kill -TERM $$; echo on",
	              "unshare -r true; echo $? >&2", "set -u; echo $none"));
}

Test(same, lua)
{
	expect_all_same("lua",
	                WORDS("print(arg[0], #arg, arg[1], arg[-1], ..., debug."
	                      "getinfo(1, 'S').source, os.getenv 'MORE')",
	                      "print(debug.traceback())", "error 'dead'",
	                      "error({1})", "x = = 1", "os.exit(3)",
	                      "os.exit(true)", "print(io.read 'a')",
	                      "os.execute 'kill -KILL $PPID'"));
}
