// SPDX-License-Identifier: MIT
// waits.js SOCKET: keeps Node.js processes waiting, each for one connection: it
// runs the program that the words there name, prints into the connection, and
// ends. No sandbox: that is what a warm start costs at least.
'use strict';
const { fork } = require('child_process');
const { Console } = require('console');
const fs = require('fs');
const Module = require('module');
const net = require('net');
const { Writable } = require('stream');

const WAITING = 4;

// The connection does not block, and its words may not be there yet.
function readWords(fd) {
  const buffer = Buffer.alloc(65536);
  for (;;) {
    try {
      return buffer.toString('utf8', 0, fs.readSync(fd, buffer)).split('\0');
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function runOne(fd) {
  const write = (text, _, done) => { fs.writeSync(fd, text); done(); };
  process.argv.splice(1, Infinity, ...readWords(fd));
  globalThis.console = new Console(new Writable({ write }));
  process.on('exit', () => process.reallyExit(0));
  Module.runMain();
}

function main(path) {
  const idle = [];
  const add = () => idle.push(fork(__filename, { execArgv: [] }));
  for (let i = 0; i < WAITING; i++) add();
  net.createServer({ pauseOnConnect: true }, (connection) => {
    idle.shift().send(0, connection);
    add();
  }).listen(path);
  process.on('SIGTERM', () => {
    let left = idle.length;
    for (const child of idle) {
      child.on('exit', () => { if (--left === 0) process.reallyExit(0); });
      child.kill('SIGKILL');
    }
  });
}

if (process.send) {
  process.once('message', (_, connection) => {
    process.disconnect();
    runOne(connection._handle.fd);
    connection.destroy();
  });
} else {
  main(process.argv[2]);
}
