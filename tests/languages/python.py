# SPDX-License-Identifier: MIT
import math
import multiprocessing
import subprocess
import sys
import time


def square(n):
    return sum(i * i for i in range(250 * n, 250 * n + 250))


def workers():
    with multiprocessing.Pool(4) as pool:
        print(sum(pool.map(square, range(4))))


def many():
    children = []
    try:
        for _ in range(40):
            children.append(subprocess.Popen(["sleep", "9"]))
        print("all")
    except OSError:
        print("refused")
    for child in children:
        child.kill()


def nbody(steps=1000):
    pi, days = math.pi, 365.24
    sun = 4 * pi * pi
    rows = [[0] * 6 + [sun]] + [
        [*row[:3], *(v * days for v in row[3:6]), row[6] * sun] for row in (
            (4.84143144246472090e+00, -1.16032004402742839e+00,
             -1.03622044471123109e-01, 1.66007664274403694e-03,
             7.69901118419740425e-03, -6.90460016972063023e-05,
             9.54791938424326609e-04),
            (8.34336671824457987e+00, 4.12479856412430479e+00,
             -4.03523417114321381e-01, -2.76742510726411899e-03,
             4.99852801234917238e-03, 2.30417297573763929e-05,
             2.85885980666130812e-04),
            (1.28943695621391310e+01, -1.51111514016986312e+01,
             -2.23307578892655734e-01, 2.96460137564761618e-03,
             2.37847173959480950e-03, -2.96589568540237556e-05,
             4.36624404335156298e-05),
            (1.53796971148509165e+01, -2.59193146099879641e+01,
             1.79258772950371181e-01, 2.68067772490389322e-03,
             1.62824170038242295e-03, -9.51592254519715870e-05,
             5.15138902046611451e-05))]
    for k in range(3):
        rows[0][3 + k] = -sum(b[3 + k] * b[6] for b in rows[1:]) / sun

    def energy():
        e = sum(b[6] * sum(v * v for v in b[3:6]) / 2 for b in rows)
        for i, a in enumerate(rows):
            for b in rows[i + 1:]:
                e -= a[6] * b[6] / math.dist(a[:3], b[:3])
        return f"{e:.9f}"

    print(energy())
    for _ in range(steps):
        for i, a in enumerate(rows):
            for b in rows[i + 1:]:
                d = [a[k] - b[k] for k in range(3)]
                r = sum(x * x for x in d)
                m = 0.01 / (r * math.sqrt(r))
                for k in range(3):
                    a[3 + k] -= d[k] * b[6] * m
                    b[3 + k] += d[k] * a[6] * m
        for a in rows:
            for k in range(3):
                a[k] += 0.01 * a[3 + k]
    print(energy())


def fannkuch(n=7):
    perm, count = list(range(n)), list(range(1, n + 1))
    most = check = turn = 0
    while True:
        p, flips = perm[:], 0
        while p[0]:
            p[:p[0] + 1] = p[p[0]::-1]
            flips += 1
        most = max(most, flips)
        check += -flips if turn % 2 else flips
        turn += 1
        for i in range(1, n):
            perm[:i + 1] = perm[1:i + 1] + perm[:1]
            count[i] -= 1
            if count[i]:
                break
            count[i] = i + 1
        else:
            print(check, most)
            return


def spectral(n=60):
    def a(i, j):
        return 1 / ((i + j) * (i + j + 1) // 2 + i + 1)

    def times(v):
        w = [sum(a(i, j) * v[j] for j in range(n)) for i in range(n)]
        return [sum(a(j, i) * w[j] for j in range(n)) for i in range(n)]

    u = [1] * n
    for _ in range(10):
        v = times(u)
        u = times(v)
    over = sum(x * y for x, y in zip(u, v))
    print(f"{math.sqrt(over / sum(x * x for x in v)):.9f}")


def talk():
    print(len(sys.argv) - 2, *sys.argv[2:])
    print(sys.stdin.read().upper(), end="")


def memory():
    kept = []
    while True:
        kept.append(bytearray(b"x" * (1 << 20)))


def output():
    while True:
        print("x" * 1000)


DO = dict(hello=lambda: print("hello"), talk=talk, wall=lambda: time.sleep(60),
          memory=memory, output=output, many=many, workers=workers,
          nbody=nbody, fannkuch=fannkuch, spectral=spectral)

if __name__ == "__main__":
    DO[sys.argv[1]]()
