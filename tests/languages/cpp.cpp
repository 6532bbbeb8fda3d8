// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace
{
constexpr int n = 60;
using vec = std::array<double, 3>;
using row = std::vector<double>;

struct body {
	vec x, v;
	double m;
};

std::array<body, 5> bodies{{
	{{}, {}, 1},
	{{4.84143144246472090e+00, -1.16032004402742839e+00,
	  -1.03622044471123109e-01},
	 {1.66007664274403694e-03, 7.69901118419740425e-03,
	  -6.90460016972063023e-05},
	 9.54791938424326609e-04},
	{{8.34336671824457987e+00, 4.12479856412430479e+00,
	  -4.03523417114321381e-01},
	 {-2.76742510726411899e-03, 4.99852801234917238e-03,
	  2.30417297573763929e-05},
	 2.85885980666130812e-04},
	{{1.28943695621391310e+01, -1.51111514016986312e+01,
	  -2.23307578892655734e-01},
	 {2.96460137564761618e-03, 2.37847173959480950e-03,
	  -2.96589568540237556e-05},
	 4.36624404335156298e-05},
	{{1.53796971148509165e+01, -2.59193146099879641e+01,
	  1.79258772950371181e-01},
	 {2.68067772490389322e-03, 1.62824170038242295e-03,
	  -9.51592254519715870e-05},
	 5.15138902046611451e-05},
}};

template <class T> double dot(const T &a, const T &b)
{
	return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

vec apart(const body &a, const body &b)
{
	return {a.x[0] - b.x[0], a.x[1] - b.x[1], a.x[2] - b.x[2]};
}

void pairs(const std::function<void(body &, body &)> &f)
{
	for (size_t i = 0; i < 5; i++)
		for (size_t j = i + 1; j < 5; j++)
			f(bodies[i], bodies[j]);
}

void energy()
{
	double e = 0;

	for (auto &b : bodies)
		e += b.m * dot(b.v, b.v) / 2;
	pairs([&](body &a, body &b) {
		auto d = apart(a, b);
		e -= a.m * b.m / std::sqrt(dot(d, d));
	});
	std::printf("%.9f\n", e);
}

void step()
{
	pairs([](body &a, body &b) {
		auto d = apart(a, b);
		double r = dot(d, d), m = 0.01 / (r * std::sqrt(r));
		for (size_t k = 0; k < 3; k++) {
			a.v[k] -= d[k] * b.m * m;
			b.v[k] += d[k] * a.m * m;
		}
	});
	for (auto &b : bodies)
		for (size_t k = 0; k < 3; k++)
			b.x[k] += 0.01 * b.v[k];
}

void nbody()
{
	double sun = 4 * M_PI * M_PI;

	bodies[0].m = sun;
	for (size_t i = 1; i < 5; i++) {
		bodies[i].m *= sun;
		for (size_t k = 0; k < 3; k++) {
			bodies[i].v[k] *= 365.24;
			bodies[0].v[k] -= bodies[i].v[k] * bodies[i].m / sun;
		}
	}
	energy();
	for (int i = 0; i < 1000; i++)
		step();
	energy();
}

void fannkuch()
{
	std::vector<int> perm(7), count(7);
	int most = 0, check = 0;
	size_t i = 0;

	std::iota(perm.begin(), perm.end(), 0);
	std::iota(count.begin(), count.end(), 1);
	for (int turn = 0; i < 7; turn++) {
		auto p = perm;
		int flips = 0;

		for (; p[0]; flips++)
			std::reverse(p.begin(), p.begin() + p[0] + 1);
		most = std::max(most, flips);
		check += turn % 2 ? -flips : flips;
		for (i = 1; i < 7; i++) {
			std::rotate(perm.begin(), perm.begin() + 1,
			            perm.begin() + (long)i + 1);
			if (--count[i])
				break;
			count[i] = (int)i + 1;
		}
	}
	std::cout << check << ' ' << most << '\n';
}

double a(int i, int j)
{
	return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

row times(const row &v)
{
	row w(n), out(n);

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			w[(size_t)i] += a(i, j) * v[(size_t)j];
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			out[(size_t)i] += a(j, i) * w[(size_t)j];
	return out;
}

void spectral()
{
	row u(n, 1), v;

	for (int i = 0; i < 10; i++) {
		v = times(u);
		u = times(v);
	}
	std::printf("%.9f\n", std::sqrt(dot(u, v) / dot(v, v)));
}

void workers()
{
	std::vector<std::thread> threads;
	std::array<long, 4> sums{};

	for (long w = 0; w < 4; w++)
		threads.emplace_back([&sums, w] {
			for (long i = 250 * w; i < 250 * w + 250; i++)
				sums[(size_t)w] += i * i;
		});
	for (auto &thread : threads)
		thread.join();
	std::cout << std::accumulate(sums.begin(), sums.end(), 0L) << '\n';
}

void many()
{
	std::vector<std::thread> threads;

	try {
		for (int i = 0; i < 40; i++)
			threads.emplace_back([] { sleep(9); });
		std::cout << "all" << std::endl;
	} catch (const std::system_error &) {
		std::cout << "refused" << std::endl;
	}
	_exit(0);
}

void talk(int n_words, char **words)
{
	std::cout << n_words;
	for (int i = 0; i < n_words; i++)
		std::cout << ' ' << words[i];
	std::cout << '\n';
	for (char c; std::cin.get(c);)
		std::cout << (char)std::toupper(c);
}
} // namespace

int main(int argc, char **argv)
{
	const std::map<std::string, std::function<void()>> all{
		{"hello", [] { std::cout << "hello\n"; }},
		{"talk", [=] { talk(argc - 2, argv + 2); }},
		{"wall", [] { sleep(60); }},
		{"memory", [] { for (std::vector<std::string> kept;;)
				kept.emplace_back(1 << 20, 'x'); }},
		{"output", [] { for (;;)
				std::cout << std::string(1000, 'x') << '\n'; }},
		{"many", many}, {"workers", workers}, {"nbody", nbody},
		{"fannkuch", fannkuch}, {"spectral", spectral}};

	all.at(argv[1])();
}
