# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What needs fractions is awk's, as in any script.

hello() { echo hello; }
talk() { echo "$# $*"; tr "[:lower:]" "[:upper:]"; }
wall() { sleep 60; }
memory() { local x=x; while :; do x+=$x; done; }
output() { while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done; }

# dash says so at once; bash itself tries again for a long time.
many() {
    dash -c 'i=0; while [ $i -lt 40 ]; do sleep 9 & i=$((i + 1)); done' \
        2>/dev/null && echo all || echo refused
}

part() {
    local i sum=0
    for ((i = 250 * $1; i < 250 * $1 + 250; i++)); do ((sum += i * i)); done
    echo "$sum"
}

workers() {
    local n sum=0 part
    while read -r part; do ((sum += part)); done < <(
        for n in 0 1 2 3; do part "$n" & done
        wait)
    echo "$sum"
}

fannkuch() {
    local n=7 i j k t most=0 check=0 turn=0 flips
    local perm=(0 1 2 3 4 5 6) count=(1 2 3 4 5 6 7) p
    while :; do
        p=("${perm[@]}") flips=0
        while ((k = p[0])); do
            for ((i = 0, j = k; i < j; i++, j--)); do
                ((t = p[i], p[i] = p[j], p[j] = t))
            done
            ((flips++))
        done
        ((most = flips > most ? flips : most))
        ((check += turn++ % 2 ? -flips : flips))
        for ((i = 1; i < n; i++)); do
            perm=("${perm[@]:1:i}" "${perm[0]}" "${perm[@]:i + 1}")
            ((--count[i])) && break
            ((count[i] = i + 1))
        done
        ((i < n)) || break
    done
    echo "$check $most"
}

spectral() {
    awk 'function a(i, j) {
        return 1 / (int((i + j) * (i + j + 1) / 2) + i + 1)
    }
    function times(v, out,    i, j, w) {
        for (i = 0; i < n; i++)
            for (w[i] = j = 0; j < n; j++)
                w[i] += a(i, j) * v[j]
        for (i = 0; i < n; i++)
            for (out[i] = j = 0; j < n; j++)
                out[i] += a(j, i) * w[j]
    }
    BEGIN {
        n = 60
        for (i = 0; i < n; i++)
            u[i] = 1
        for (i = 0; i < 10; i++) {
            times(u, v)
            times(v, u)
        }
        for (i = 0; i < n; i++) {
            over += u[i] * v[i]
            under += v[i] ^ 2
        }
        printf "%.9f\n", sqrt(over / under)
    }'
}

nbody() {
    awk 'function square(i, j,    k, r) {
        r = 0
        for (k = 1; k < 4; k++)
            r += (b[i, k] - b[j, k]) ^ 2
        return r
    }
    function energy(    i, j, e) {
        e = 0
        for (i = 1; i < 6; i++) {
            e += b[i, 7] * (b[i, 4] ^ 2 + b[i, 5] ^ 2 + b[i, 6] ^ 2) / 2
            for (j = i + 1; j < 6; j++)
                e -= b[i, 7] * b[j, 7] / sqrt(square(i, j))
        }
        printf "%.9f\n", e
    }
    function step(    i, j, k, r, m, d) {
        for (i = 1; i < 6; i++)
            for (j = i + 1; j < 6; j++) {
                r = square(i, j)
                m = 0.01 / (r * sqrt(r))
                for (k = 1; k < 4; k++) {
                    d = b[i, k] - b[j, k]
                    b[i, k + 3] -= d * b[j, 7] * m
                    b[j, k + 3] += d * b[i, 7] * m
                }
            }
        for (i = 1; i < 6; i++)
            for (k = 1; k < 4; k++)
                b[i, k] += 0.01 * b[i, k + 3]
    }
    {
        for (k = 1; k < 8; k++)
            b[NR, k] = $k * (k == 7 ? sun : k > 3 ? 365.24 : 1)
        for (k = 4; k < 7 && NR > 1; k++)
            b[1, k] -= b[NR, k] * b[NR, 7] / sun
    }
    BEGIN { sun = 4 * (4 * atan2(1, 1)) ^ 2 }
    END {
        energy()
        for (turn = 0; turn < 1000; turn++)
            step()
        energy()
    }' <<END
0 0 0 0 0 0 1
4.84143144246472090e+00 -1.16032004402742839e+00 -1.03622044471123109e-01 1.66007664274403694e-03 7.69901118419740425e-03 -6.90460016972063023e-05 9.54791938424326609e-04
8.34336671824457987e+00 4.12479856412430479e+00 -4.03523417114321381e-01 -2.76742510726411899e-03 4.99852801234917238e-03 2.30417297573763929e-05 2.85885980666130812e-04
1.28943695621391310e+01 -1.51111514016986312e+01 -2.23307578892655734e-01 2.96460137564761618e-03 2.37847173959480950e-03 -2.96589568540237556e-05 4.36624404335156298e-05
1.53796971148509165e+01 -2.59193146099879641e+01 1.79258772950371181e-01 2.68067772490389322e-03 1.62824170038242295e-03 -9.51592254519715870e-05 5.15138902046611451e-05
END
}

"$@"
