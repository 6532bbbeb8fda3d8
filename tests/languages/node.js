// SPDX-License-Identifier: MIT
"use strict";
const fs = require("fs");
const { spawn } = require("child_process");
const threads = require("worker_threads");

function workers() {
  let left = 4, sum = 0;
  for (let n = 0; n < 4; n++) {
    new threads.Worker(__filename, { workerData: n }).on("message", (part) => {
      sum += part;
      if (--left === 0) console.log(sum);
    });
  }
}

if (!threads.isMainThread) {
  let sum = 0;
  const from = 250 * threads.workerData;
  for (let i = from; i < from + 250; i++) sum += i * i;
  threads.parentPort.postMessage(sum);
}

function many() {
  const children = [];
  let refused = false;
  for (let i = 0; i < 60; i++) {
    const child = spawn("sleep", ["9"]);
    child.on("error", () => { refused = true; });
    children.push(child);
  }
  setTimeout(() => {
    console.log(refused ? "refused" : "all");
    for (const child of children) child.kill("SIGKILL");
  }, 500);
}

function nbody() {
  const sun = 4 * Math.PI * Math.PI, days = 365.24;
  const bodies = [
    [0, 0, 0, 0, 0, 0, 1],
    [4.84143144246472090e+00, -1.16032004402742839e+00,
      -1.03622044471123109e-01, 1.66007664274403694e-03,
      7.69901118419740425e-03, -6.90460016972063023e-05,
      9.54791938424326609e-04],
    [8.34336671824457987e+00, 4.12479856412430479e+00,
      -4.03523417114321381e-01, -2.76742510726411899e-03,
      4.99852801234917238e-03, 2.30417297573763929e-05,
      2.85885980666130812e-04],
    [1.28943695621391310e+01, -1.51111514016986312e+01,
      -2.23307578892655734e-01, 2.96460137564761618e-03,
      2.37847173959480950e-03, -2.96589568540237556e-05,
      4.36624404335156298e-05],
    [1.53796971148509165e+01, -2.59193146099879641e+01,
      1.79258772950371181e-01, 2.68067772490389322e-03,
      1.62824170038242295e-03, -9.51592254519715870e-05,
      5.15138902046611451e-05],
  ].map((b) => [b[0], b[1], b[2], b[3] * days, b[4] * days, b[5] * days,
    b[6] * sun]);
  for (const b of bodies.slice(1))
    for (let k = 3; k < 6; k++) bodies[0][k] -= b[k] * b[6] / sun;
  const pairs = [];
  bodies.forEach((a, i) => {
    for (const b of bodies.slice(i + 1)) pairs.push([a, b]);
  });
  const square = (a, b) => {
    let r = 0;
    for (let k = 0; k < 3; k++) r += (a[k] - b[k]) ** 2;
    return r;
  };
  const energy = () => {
    let e = 0;
    for (const b of bodies)
      e += b[6] * (b[3] * b[3] + b[4] * b[4] + b[5] * b[5]) / 2;
    for (const [a, b] of pairs) e -= a[6] * b[6] / Math.sqrt(square(a, b));
    console.log(e.toFixed(9));
  };
  energy();
  for (let i = 0; i < 1000; i++) {
    for (const [a, b] of pairs) {
      const r = square(a, b), m = 0.01 / (r * Math.sqrt(r));
      for (let k = 0; k < 3; k++) {
        const d = a[k] - b[k];
        a[3 + k] -= d * b[6] * m;
        b[3 + k] += d * a[6] * m;
      }
    }
    for (const b of bodies) for (let k = 0; k < 3; k++) b[k] += 0.01 * b[3 + k];
  }
  energy();
}

function fannkuch(n = 7) {
  let perm = [...Array(n).keys()], most = 0, check = 0, i = 0;
  const count = perm.map((x) => x + 1);
  for (let turn = 0; i < n; turn++) {
    let p = perm.slice(), flips = 0;
    for (; p[0]; flips++)
      p = [...p.slice(0, p[0] + 1).reverse(), ...p.slice(p[0] + 1)];
    most = Math.max(most, flips);
    check += turn % 2 ? -flips : flips;
    for (i = 1; i < n; i++) {
      perm = [...perm.slice(1, i + 1), perm[0], ...perm.slice(i + 1)];
      if (--count[i]) break;
      count[i] = i + 1;
    }
  }
  console.log(check, most);
}

function spectral(n = 60) {
  const a = (i, j) => 1 / ((i + j) * (i + j + 1) / 2 + i + 1);
  const all = [...Array(n).keys()];
  const sum = (f) => all.reduce((s, j) => s + f(j), 0);
  const times = (v) => {
    const w = all.map((i) => sum((j) => a(i, j) * v[j]));
    return all.map((i) => sum((j) => a(j, i) * w[j]));
  };
  let u = all.map(() => 1), v = u;
  for (let i = 0; i < 10; i++) {
    v = times(u);
    u = times(v);
  }
  console.log(Math.sqrt(sum((i) => u[i] * v[i]) / sum((i) => v[i] * v[i]))
    .toFixed(9));
}

function talk() {
  const words = process.argv.slice(3);
  console.log(words.length, ...words);
  process.stdout.write(fs.readFileSync(0, "utf8").toUpperCase());
}

function memory() {
  const kept = [];
  for (;;) kept.push(Buffer.alloc(1 << 20, 1));
}

function output() {
  for (;;) fs.writeSync(1, "x".repeat(1000));
}

const all = {
  hello: () => console.log("hello"), wall: () => setTimeout(() => 0, 60000),
  talk, memory, output, many, workers, nbody, fannkuch, spectral,
};
if (threads.isMainThread) all[process.argv[2]]();
