/*
 * A device in C, written from docs/protocol.md ("Clock frames") alone: it answers the pings of a server over UDP and
 * prints session time. POSIX, no libraries.
 *     cc -O2 -o client client.c -lm
 *     ./client HOST PORT        prints: device time, session time, 99 % bound, hard bound (ns), ten times a second
 *     ./client check            does what docs/vectors.json says, one command a line (see check below)
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FRAME 60 /* bytes, each way */
#define SLEW 500e-6
#define HARD_GROWTH 200e-6
#define MAX_RATE 0.01
#define MAX_GROWTH 1
#define STALE INT64_C(10000000000) /* a map older by less was overtaken on its way */

struct map {
	int valid, holdover;
	unsigned epoch;
	int64_t device, session, bound, hard;
	double rate, growth;
};

struct follower {
	struct map m;    /* the newest */
	int64_t from;    /* device time at which it was taken over */
	double residual; /* by how much more was told then: it is slewed away */
};

static int64_t diff(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static int64_t sum(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

static uint64_t get(const unsigned char *b, int n)
{
	uint64_t v = 0;
	while (n-- > 0) v = v << 8 | *b++;
	return v;
}

static void put(unsigned char *b, int n, uint64_t v)
{
	for (; n-- > 0; v >>= 8) b[n] = (unsigned char)v;
}

static double get_double(const unsigned char *b)
{
	union { uint64_t bits; double d; } u = {get(b, 8)};
	return u.d;
}

/* Reads a ping; 0 if it is none, or one whose map can't be. */
static int parse_ping(const unsigned char *b, size_t n, uint64_t *nonce, struct map *m)
{
	if (n != FRAME || b[0] != 1) return 0;
	*nonce = get(b + 4, 8);
	m->valid = b[1] & 1, m->holdover = b[1] >> 1 & 1;
	m->epoch = (unsigned)get(b + 2, 2);
	m->device = (int64_t)get(b + 12, 8);
	m->session = (int64_t)get(b + 20, 8);
	m->rate = get_double(b + 28);
	m->bound = (int64_t)get(b + 36, 8);
	m->growth = get_double(b + 44);
	m->hard = (int64_t)get(b + 52, 8);
	/* comparisons with NaN are false */
	return !m->valid || (fabs(m->rate) <= MAX_RATE && m->growth >= 0 && m->growth <= MAX_GROWTH && m->bound >= 0 && m->hard >= 0);
}

static void write_pong(unsigned char *b, uint64_t nonce, int flags, unsigned resolution_us, int64_t t2, int64_t t3)
{
	memset(b, 0, FRAME);
	b[0] = 2;
	put(b + 1, 1, (uint64_t)flags);
	put(b + 2, 2, resolution_us);
	put(b + 4, 8, nonce);
	put(b + 12, 8, (uint64_t)t2);
	put(b + 20, 8, (uint64_t)t3);
}

static int64_t map_at(const struct map *m, int64_t d)
{
	int64_t dt = diff(d, m->device);
	return sum(m->session, sum(dt, llround((double)dt * m->rate)));
}

/* What is still to be slewed away at device time d. */
static double left(const struct follower *f, int64_t d)
{
	double rest = fabs(f->residual) - SLEW * fmax((double)diff(d, f->from), 0);
	return rest > 0 ? copysign(rest, f->residual) : 0;
}

static int64_t session_at(const struct follower *f, int64_t d) { return sum(map_at(&f->m, d), llround(left(f, d))); }

static int64_t grown(const struct follower *f, int64_t bound, double growth, int64_t d)
{
	return bound + (int64_t)ceil(fabs((double)diff(d, f->m.device)) * growth) + (int64_t)ceil(fabs(left(f, d)));
}

static void follow(struct follower *f, const struct map *m, int64_t d)
{
	int64_t age = diff(f->m.session, m->session);
	if (!m->valid || (f->m.valid && age > 0 && age < STALE)) return;
	f->residual = f->m.valid && f->m.epoch == m->epoch ? (double)diff(session_at(f, d), map_at(m, d)) : 0;
	f->from = d;
	f->m = *m;
}

static void print_reading(const struct follower *f, int64_t d)
{
	printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", d, session_at(f, d),
		grown(f, f->m.bound, f->m.growth, d), grown(f, f->m.hard, HARD_GROWTH, d));
	fflush(stdout);
}

static size_t unhex(const char *s, unsigned char *b, size_t most)
{
	size_t n = 0;
	while (n < most && sscanf(s + 2 * n, "%2hhx", &b[n]) == 1) n++;
	return n;
}

/* Commands: "ping HEX", "pong NONCE FLAGS RESOLUTION T2 T3", "new", "follow AT HEX", "read AT". */
static int check(void)
{
	char line[512], hex[300] = "";
	unsigned char b[128];
	struct follower f = {0};
	struct map m;
	uint64_t nonce;
	int64_t t2, t3;
	unsigned flags, resolution;
	for (; fgets(line, sizeof line, stdin); hex[0] = 0) {
		if (sscanf(line, "pong %" SCNu64 " %u %u %" SCNd64 " %" SCNd64, &nonce, &flags, &resolution, &t2, &t3) == 5) {
			write_pong(b, nonce, (int)flags, resolution, t2, t3);
			for (int i = 0; i < FRAME; i++)
				printf("%02x%s", b[i], i < FRAME - 1 ? "" : "\n");
		} else if (strncmp(line, "new", 3) == 0) {
			memset(&f, 0, sizeof f);
		} else if (sscanf(line, "follow %" SCNd64 " %299s", &t2, hex) == 2) {
			if (parse_ping(b, unhex(hex, b, sizeof b), &nonce, &m))
				follow(&f, &m, t2);
		} else if (sscanf(line, "read %" SCNd64, &t2) == 1) {
			print_reading(&f, t2);
		} else if (sscanf(line, "ping %299s", hex), !parse_ping(b, unhex(hex, b, sizeof b), &nonce, &m)) {
			puts("refused");
		} else if (!m.valid) {
			printf("%" PRIu64 " none\n", nonce);
		} else {
			printf("%" PRIu64 " %u %d %" PRId64 " %" PRId64 " %.17g %" PRId64 " %.17g %" PRId64 "\n", nonce, m.epoch,
				m.holdover, m.device, m.session, m.rate, m.bound, m.growth, m.hard);
		}
	}
	return 0;
}

static int64_t now(void)
{
	struct timespec t;
	return clock_gettime(CLOCK_MONOTONIC, &t), t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct addrinfo want = {.ai_socktype = SOCK_DGRAM}, *at;
	struct follower f = {0};
	struct map m;
	unsigned char b[2 * FRAME];
	uint64_t nonce;
	int64_t next = 0, t2;
	if (argc == 2 && strcmp(argv[1], "check") == 0) return check();
	if (argc != 3 || getaddrinfo(argv[1], argv[2], &want, &at) != 0)
		return fputs("usage: client HOST PORT | client check\n", stderr), 2;
	struct pollfd p = {.fd = socket(at->ai_family, SOCK_DGRAM, 0), .events = POLLIN};
	if (p.fd < 0 || connect(p.fd, at->ai_addr, at->ai_addrlen) != 0)
		return perror("client"), 1;
	for (;;) {
		if (!f.m.valid) (void)!send(p.fd, "hello", 5, 0); /* from which the server learns the address */
		if (poll(&p, 1, 100) > 0) {
			ssize_t n = recv(p.fd, b, sizeof b, 0);
			t2 = now(); /* as early as possible */
			if (n > 0 && parse_ping(b, (size_t)n, &nonce, &m)) {
				write_pong(b, nonce, 0, 0, t2, now()); /* T3 as late as possible */
				(void)!send(p.fd, b, FRAME, 0);
				follow(&f, &m, now());
			}
		}
		if (f.m.valid && now() >= next) {
			print_reading(&f, now());
			next = now() + 100000000;
		}
	}
}
