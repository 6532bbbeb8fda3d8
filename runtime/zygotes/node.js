// SPDX-License-Identifier: MIT
// The agent of a waiting interpreter: see runtime/box/standby.c. It stands
// where the program will stand, so the command line is the program's.
'use strict';
const fs = require('fs');
const Module = require('module');

const control = 4;
const buffer = Buffer.alloc(65536);
const read = () => buffer.toString('utf8', 0, fs.readSync(control, buffer));

// A program that has come to its end leaves by reallyExit(), as process.exit()
// does. Else node would take its heap apart first, which takes longer than the
// run. Not where an error ends it, which is printed after 'exit', nor where the
// program listens to that, which may leave something to do, or has an addon.
function endQuickly() {
  const { emit, reallyExit } = process;
  const listeners = process.listenerCount('exit');
  const isPlain = () => process._exiting &&
    process.listenerCount('exit') === listeners &&
    !Object.keys(require.cache).some((path) => path.endsWith('.node'));
  let atEnd = false;
  const methods = {
    emit(name) {
      const heard = Reflect.apply(emit, this, arguments);
      if (this !== process) return heard;
      if (name === 'beforeExit') atEnd = true;
      if (name === 'uncaughtExceptionMonitor') atEnd = false;
      if (name === 'exit' && atEnd && isPlain())
        reallyExit.call(process, process.exitCode || 0);
      return heard;
    },
  };
  // Among what process inherits, where it is no name of its own.
  Object.defineProperty(Object.getPrototypeOf(process), 'emit', {
    value: methods.emit, writable: true, configurable: true });
}

for (const name of read().split('\0').filter(Boolean)) require(name);
// What the first write would set up, and the first program.
void process.stdout.writable;
void process.stderr.writable;
const nowhere = new (require('stream').Writable)({ write() {} });
new console.Console(nowhere).log('%s', 1, { a: [1, 'b'] });
fs.writeSync(control, '.');
const told = read().split('\0').slice(0, -1);
fs.closeSync(control);
if (told.length === 0) process.reallyExit(125);
const n = 2 + Number(told[1]);
for (const text of told.slice(n)) {
  const equals = text.indexOf('=');
  process.env[text.slice(0, equals)] = text.slice(equals + 1);
}
process.argv.splice(1, Infinity, require('path').resolve(told[0]),
  ...told.slice(2, n));
delete require.cache[__filename];
endQuickly();
// From the event loop: none of these frames is below the program's.
process.nextTick(Module.runMain);
