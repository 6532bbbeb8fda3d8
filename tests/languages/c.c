/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PI   3.141592653589793
#define DAYS 365.24
#define N    60

static struct body {
	double x[3], v[3], m;
} bodies[5] = {
	{{0}, {0}, 1},
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
};

static double dot(const double *a, const double *b)
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void apart(int i, int j, double *d)
{
	for (int k = 0; k < 3; k++)
		d[k] = bodies[i].x[k] - bodies[j].x[k];
}

static void energy(void)
{
	double e = 0, d[3];

	for (int i = 0; i < 5; i++) {
		e += bodies[i].m * dot(bodies[i].v, bodies[i].v) / 2;
		for (int j = i + 1; j < 5; j++) {
			apart(i, j, d);
			e -= bodies[i].m * bodies[j].m / sqrt(dot(d, d));
		}
	}
	printf("%.9f\n", e);
}

static void step(void)
{
	double d[3];

	for (int i = 0; i < 5; i++)
		for (int j = i + 1; j < 5; j++) {
			apart(i, j, d);
			double r = dot(d, d), m = 0.01 / (r * sqrt(r));
			for (int k = 0; k < 3; k++) {
				bodies[i].v[k] -= d[k] * bodies[j].m * m;
				bodies[j].v[k] += d[k] * bodies[i].m * m;
			}
		}
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 3; k++)
			bodies[i].x[k] += 0.01 * bodies[i].v[k];
}

static void nbody(void)
{
	double sun = 4 * PI * PI;

	bodies[0].m = sun;
	for (int i = 1; i < 5; i++) {
		bodies[i].m *= sun;
		for (int k = 0; k < 3; k++) {
			bodies[i].v[k] *= DAYS;
			bodies[0].v[k] -= bodies[i].v[k] * bodies[i].m / sun;
		}
	}
	energy();
	for (int i = 0; i < 1000; i++)
		step();
	energy();
}

static int flips_of(const int *perm)
{
	int p[7], flips = 0;

	memcpy(p, perm, sizeof(p));
	while (p[0]) {
		for (int i = 0, j = p[0]; i < j; i++, j--) {
			int t = p[i];
			p[i] = p[j];
			p[j] = t;
		}
		flips++;
	}
	return flips;
}

static void fannkuch(void)
{
	int perm[7], count[7], most = 0, check = 0;

	for (int i = 0; i < 7; i++)
		count[i] = (perm[i] = i) + 1;
	for (int turn = 0, i = 0; i < 7; turn++) {
		int flips = flips_of(perm);

		most = flips > most ? flips : most;
		check += turn % 2 ? -flips : flips;
		for (i = 1; i < 7; i++) {
			int first = perm[0];

			memmove(perm, perm + 1, (size_t)i * sizeof(int));
			perm[i] = first;
			if (--count[i])
				break;
			count[i] = i + 1;
		}
	}
	printf("%d %d\n", check, most);
}

static double a(int i, int j)
{
	return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

static void times(const double *v, double *out)
{
	double w[N] = {0};

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			w[i] += a(i, j) * v[j];
	for (int i = 0; i < N; i++) {
		out[i] = 0;
		for (int j = 0; j < N; j++)
			out[i] += a(j, i) * w[j];
	}
}

static void spectral(void)
{
	double u[N], v[N], over = 0, under = 0;

	for (int i = 0; i < N; i++)
		u[i] = 1;
	for (int i = 0; i < 10; i++) {
		times(u, v);
		times(v, u);
	}
	for (int i = 0; i < N; i++) {
		over += u[i] * v[i];
		under += v[i] * v[i];
	}
	printf("%.9f\n", sqrt(over / under));
}

static void *square(void *at)
{
	long *sum = at, from = *sum * 250;

	*sum = 0;
	for (long i = from; i < from + 250; i++)
		*sum += i * i;
	return NULL;
}

static void workers(void)
{
	pthread_t threads[4];
	long sums[4], all = 0;

	for (int i = 0; i < 4; i++) {
		sums[i] = i;
		if (pthread_create(&threads[i], NULL, square, &sums[i]))
			exit(1);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		all += sums[i];
	}
	printf("%ld\n", all);
}

static void many(void)
{
	int n = 0;
	pid_t pid = 0;

	for (; n < 40 && (pid = fork()) >= 0; n++)
		if (pid == 0) {
			sleep(9);
			_exit(0);
		}
	puts(pid < 0 ? "refused" : "all");
}

static void talk(int n, char **words)
{
	int c;

	printf("%d", n);
	for (int i = 0; i < n; i++)
		printf(" %s", words[i]);
	putchar('\n');
	while ((c = getchar()) != EOF)
		putchar(toupper(c));
}

static void memory(void)
{
	for (;;)
		memset(malloc(1 << 20), 1, 1 << 20);
}

static void output(void)
{
	for (;;)
		puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

int main(int argc, char **argv)
{
	const char *what = argv[1];

	if (strcmp(what, "hello") == 0)
		puts("hello");
	else if (strcmp(what, "talk") == 0)
		talk(argc - 2, argv + 2);
	else if (strcmp(what, "wall") == 0)
		sleep(60);
	else if (strcmp(what, "memory") == 0)
		memory();
	else if (strcmp(what, "output") == 0)
		output();
	else if (strcmp(what, "many") == 0)
		many();
	else if (strcmp(what, "workers") == 0)
		workers();
	else if (strcmp(what, "nbody") == 0)
		nbody();
	else if (strcmp(what, "fannkuch") == 0)
		fannkuch();
	else
		spectral();
	return 0;
}
