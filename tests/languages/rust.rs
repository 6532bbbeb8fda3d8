// SPDX-License-Identifier: MIT
use std::io::{Read, Write};
use std::process::Command;
use std::{env, io, thread, time};

const N: usize = 60;

struct Body {
    x: [f64; 3],
    v: [f64; 3],
    m: f64,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn apart(a: &Body, b: &Body) -> [f64; 3] {
    [a.x[0] - b.x[0], a.x[1] - b.x[1], a.x[2] - b.x[2]]
}

fn energy(bodies: &[Body]) {
    let mut e = 0.0;
    for (i, a) in bodies.iter().enumerate() {
        e += a.m * dot(&a.v, &a.v) / 2.0;
        for b in &bodies[i + 1..] {
            let d = apart(a, b);
            e -= a.m * b.m / dot(&d, &d).sqrt();
        }
    }
    println!("{:.9}", e);
}

fn step(bodies: &mut [Body]) {
    for i in 0..bodies.len() {
        let (head, tail) = bodies.split_at_mut(i + 1);
        let a = &mut head[i];
        for b in tail {
            let d = apart(a, b);
            let r = dot(&d, &d);
            let m = 0.01 / (r * r.sqrt());
            for k in 0..3 {
                a.v[k] -= d[k] * b.m * m;
                b.v[k] += d[k] * a.m * m;
            }
        }
    }
    for b in bodies {
        for k in 0..3 {
            b.x[k] += 0.01 * b.v[k];
        }
    }
}

fn nbody() {
    let sun = 4.0 * std::f64::consts::PI.powi(2);
    let rows = [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        [
            4.84143144246472090e+00, -1.16032004402742839e+00,
            -1.03622044471123109e-01, 1.66007664274403694e-03,
            7.69901118419740425e-03, -6.90460016972063023e-05,
            9.54791938424326609e-04,
        ],
        [
            8.34336671824457987e+00, 4.12479856412430479e+00,
            -4.03523417114321381e-01, -2.76742510726411899e-03,
            4.99852801234917238e-03, 2.30417297573763929e-05,
            2.85885980666130812e-04,
        ],
        [
            1.28943695621391310e+01, -1.51111514016986312e+01,
            -2.23307578892655734e-01, 2.96460137564761618e-03,
            2.37847173959480950e-03, -2.96589568540237556e-05,
            4.36624404335156298e-05,
        ],
        [
            1.53796971148509165e+01, -2.59193146099879641e+01,
            1.79258772950371181e-01, 2.68067772490389322e-03,
            1.62824170038242295e-03, -9.51592254519715870e-05,
            5.15138902046611451e-05,
        ],
    ];
    let mut bodies: Vec<Body> = rows
        .iter()
        .map(|r| Body {
            x: [r[0], r[1], r[2]],
            v: [r[3] * 365.24, r[4] * 365.24, r[5] * 365.24],
            m: r[6] * sun,
        })
        .collect();
    for i in 1..5 {
        for k in 0..3 {
            bodies[0].v[k] -= bodies[i].v[k] * bodies[i].m / sun;
        }
    }
    energy(&bodies);
    for _ in 0..1000 {
        step(&mut bodies);
    }
    energy(&bodies);
}

fn fannkuch() {
    let mut perm: Vec<usize> = (0..7).collect();
    let mut count: Vec<usize> = (1..8).collect();
    let (mut most, mut check, mut turn, mut i) = (0, 0, 0, 0);
    while i < 7 {
        let mut p = perm.clone();
        let mut flips = 0;
        while p[0] > 0 {
            let k = p[0];
            p[..=k].reverse();
            flips += 1;
        }
        most = most.max(flips);
        check += if turn % 2 == 0 { flips } else { -flips };
        turn += 1;
        i = 1;
        while i < 7 {
            perm[..=i].rotate_left(1);
            count[i] -= 1;
            if count[i] > 0 {
                break;
            }
            count[i] = i + 1;
            i += 1;
        }
    }
    println!("{} {}", check, most);
}

fn a(i: usize, j: usize) -> f64 {
    1.0 / ((i + j) * (i + j + 1) / 2 + i + 1) as f64
}

fn times(v: &[f64]) -> Vec<f64> {
    let w: Vec<f64> = (0..N)
        .map(|i| (0..N).map(|j| a(i, j) * v[j]).sum())
        .collect();
    (0..N).map(|i| (0..N).map(|j| a(j, i) * w[j]).sum()).collect()
}

fn spectral() {
    let (mut u, mut v) = (vec![1.0; N], vec![]);
    for _ in 0..10 {
        v = times(&u);
        u = times(&v);
    }
    println!("{:.9}", (dot(&u, &v) / dot(&v, &v)).sqrt());
}

fn workers() {
    let threads: Vec<_> = (0..4u64)
        .map(|w| {
            thread::spawn(move || (250 * w..250 * w + 250).map(|i| i * i).sum::<u64>())
        })
        .collect();
    let sum: u64 = threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>();
    println!("{}", sum);
}

fn many() {
    for _ in 0..40 {
        if Command::new("sleep").arg("9").spawn().is_err() {
            println!("refused");
            return;
        }
    }
    println!("all");
}

fn talk(words: &[String]) {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    println!("{} {}", words.len(), words.join(" "));
    print!("{}", text.to_uppercase());
}

fn memory() {
    let mut kept = vec![];
    loop {
        kept.push(vec![1u8; 1 << 20]);
    }
}

fn output() {
    let line = "x".repeat(1000);
    loop {
        writeln!(io::stdout(), "{}", line).unwrap();
    }
}

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    match words[0].as_str() {
        "hello" => println!("hello"),
        "talk" => talk(&words[1..]),
        "wall" => thread::sleep(time::Duration::from_secs(60)),
        "memory" => memory(),
        "output" => output(),
        "many" => many(),
        "workers" => workers(),
        "nbody" => nbody(),
        "fannkuch" => fannkuch(),
        _ => spectral(),
    }
}
