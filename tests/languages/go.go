// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"time"
)

const n = 60

type body struct {
	x, v [3]float64
	m    float64
}

var bodies = [5]body{
	{m: 1},
	{[3]float64{4.84143144246472090e+00, -1.16032004402742839e+00,
		-1.03622044471123109e-01},
		[3]float64{1.66007664274403694e-03, 7.69901118419740425e-03,
			-6.90460016972063023e-05}, 9.54791938424326609e-04},
	{[3]float64{8.34336671824457987e+00, 4.12479856412430479e+00,
		-4.03523417114321381e-01},
		[3]float64{-2.76742510726411899e-03, 4.99852801234917238e-03,
			2.30417297573763929e-05}, 2.85885980666130812e-04},
	{[3]float64{1.28943695621391310e+01, -1.51111514016986312e+01,
		-2.23307578892655734e-01},
		[3]float64{2.96460137564761618e-03, 2.37847173959480950e-03,
			-2.96589568540237556e-05}, 4.36624404335156298e-05},
	{[3]float64{1.53796971148509165e+01, -2.59193146099879641e+01,
		1.79258772950371181e-01},
		[3]float64{2.68067772490389322e-03, 1.62824170038242295e-03,
			-9.51592254519715870e-05}, 5.15138902046611451e-05},
}

func dot(a, b [3]float64) float64 {
	return a[0]*b[0] + a[1]*b[1] + a[2]*b[2]
}

func apart(a, b *body) (d [3]float64) {
	for k := range d {
		d[k] = a.x[k] - b.x[k]
	}
	return
}

func energy() {
	e := 0.0
	for i := range bodies {
		a := &bodies[i]
		e += a.m * dot(a.v, a.v) / 2
		for j := i + 1; j < 5; j++ {
			d := apart(a, &bodies[j])
			e -= a.m * bodies[j].m / math.Sqrt(dot(d, d))
		}
	}
	fmt.Printf("%.9f\n", e)
}

func step() {
	for i := range bodies {
		a := &bodies[i]
		for j := i + 1; j < 5; j++ {
			b := &bodies[j]
			d := apart(a, b)
			r := dot(d, d)
			m := 0.01 / (r * math.Sqrt(r))
			for k := range d {
				a.v[k] -= d[k] * b.m * m
				b.v[k] += d[k] * a.m * m
			}
		}
	}
	for i := range bodies {
		for k := range bodies[i].x {
			bodies[i].x[k] += 0.01 * bodies[i].v[k]
		}
	}
}

func nbody() {
	sun := 4 * math.Pi * math.Pi
	bodies[0].m = sun
	for i := 1; i < 5; i++ {
		bodies[i].m *= sun
		for k := range bodies[i].v {
			bodies[i].v[k] *= 365.24
			bodies[0].v[k] -= bodies[i].v[k] * bodies[i].m / sun
		}
	}
	energy()
	for i := 0; i < 1000; i++ {
		step()
	}
	energy()
}

func flips(p [7]int) (n int) {
	for ; p[0] > 0; n++ {
		for i, j := 0, p[0]; i < j; i, j = i+1, j-1 {
			p[i], p[j] = p[j], p[i]
		}
	}
	return
}

func fannkuch() {
	var perm, count [7]int
	for i := range perm {
		perm[i], count[i] = i, i+1
	}
	most, check := 0, 0
	for turn, i := 0, 0; i < 7; turn++ {
		f := flips(perm)
		if f > most {
			most = f
		}
		check += f * (1 - turn%2*2)
		for i = 1; i < 7; i++ {
			first := perm[0]
			copy(perm[:], perm[1:i+1])
			perm[i] = first
			count[i]--
			if count[i] > 0 {
				break
			}
			count[i] = i + 1
		}
	}
	fmt.Println(check, most)
}

func a(i, j int) float64 {
	return 1 / float64((i+j)*(i+j+1)/2+i+1)
}

func times(v [n]float64) (out [n]float64) {
	var w [n]float64
	for i := range w {
		for j := range v {
			w[i] += a(i, j) * v[j]
		}
	}
	for i := range out {
		for j := range w {
			out[i] += a(j, i) * w[j]
		}
	}
	return
}

func spectral() {
	var u, v [n]float64
	for i := range u {
		u[i] = 1
	}
	for i := 0; i < 10; i++ {
		v = times(u)
		u = times(v)
	}
	over, under := 0.0, 0.0
	for i := range u {
		over += u[i] * v[i]
		under += v[i] * v[i]
	}
	fmt.Printf("%.9f\n", math.Sqrt(over/under))
}

func workers() {
	parts := make(chan int)
	for w := 0; w < 4; w++ {
		go func(from int) {
			sum := 0
			for i := from; i < from+250; i++ {
				sum += i * i
			}
			parts <- sum
		}(250 * w)
	}
	fmt.Println(<-parts + <-parts + <-parts + <-parts)
}

func many() {
	for i := 0; i < 40; i++ {
		if exec.Command("sleep", "9").Start() != nil {
			fmt.Println("refused")
			return
		}
	}
	fmt.Println("all")
}

func talk() {
	words := os.Args[2:]
	fmt.Println(len(words), strings.Join(words, " "))
	text, _ := io.ReadAll(os.Stdin)
	fmt.Print(strings.ToUpper(string(text)))
}

func memory() {
	for kept := [][]byte{}; ; {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = 1
		}
		kept = append(kept, block)
	}
}

func output() {
	for {
		fmt.Println(strings.Repeat("x", 1000))
	}
}

func main() {
	map[string]func(){
		"hello": func() { fmt.Println("hello") },
		"wall":  func() { time.Sleep(time.Minute) },
		"talk":  talk, "memory": memory, "output": output, "many": many,
		"workers": workers, "nbody": nbody, "fannkuch": fannkuch,
		"spectral": spectral,
	}[os.Args[1]]()
}
