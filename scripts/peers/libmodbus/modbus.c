/*
 * Modbus with libmodbus: modbus server ADDRESS, or modbus refused ADDRESS N, a client that
 * writes what it may not and polls in between on one connection, and prints one JSON object.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 100000 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int server(const char *address)
{
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
	modbus_t *m = modbus_new_tcp(address, 502);
	modbus_mapping_t *map = modbus_mapping_new(200, 200, 200, 200);
	int listener = modbus_tcp_listen(m, 5), n, i;

	if (listener < 0 || map == NULL)
		return 1;
	for (i = 0; i < 200; i++)
		map->tab_registers[i] = i * 301;
	for (;;) {
		if (modbus_tcp_accept(m, &listener) < 0)
			return 1;
		while ((n = modbus_receive(m, query)) >= 0)
			if (n > 0)
				modbus_reply(m, query, n, map);
		close(modbus_get_socket(m));
	}
}

static int port_of(modbus_t *m)
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	return getsockname(modbus_get_socket(m), (struct sockaddr *)&a, &n) == 0 ? ntohs(a.sin_port) : -1;
}

static int failed, changed;
static uint16_t before[20];

static double poll_once(modbus_t *m)
{
	uint16_t r[20];
	double began = now(), took;
	int n = modbus_read_registers(m, 40, 20, r);

	took = now() - began;
	if (n != 20)
		failed++;
	else if (memcmp(r, before, sizeof r) != 0)
		changed++;
	return took;
}

static int less(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double at(double *t, int n, double q)
{
	int i = (int)(q * n);
	qsort(t, n, sizeof *t, less);
	return t[i < n ? i : n - 1];
}

static int refused(const char *address, int n)
{
	static double alone[MAX], after[MAX];
	modbus_t *m = modbus_new_tcp(address, 502);
	uint16_t some[3] = {1, 2, 3}, five = 0;
	int i, ok, said = 0, other = 0, moved = 0, port, allowed;

	modbus_set_slave(m, 1);
	modbus_set_response_timeout(m, 60, 0); /* half a second, otherwise, and a machine may stand still */
	modbus_set_byte_timeout(m, 60, 0);
	if (n < 1 || n > MAX || modbus_connect(m) != 0 || modbus_read_registers(m, 40, 20, before) != 20)
		return 1;
	port = port_of(m);
	for (i = 0; i < n; i++)
		alone[i] = poll_once(m);
	for (i = 0; i < n; i++) {
		if (i % 3 == 0)
			ok = modbus_write_register(m, 40 + i % 20, 9999);
		else if (i % 3 == 1)
			ok = modbus_write_registers(m, 40, 3, some);
		else
			ok = modbus_write_bit(m, 30, 1);
		if (ok == -1 && errno == EMBXILADD)
			said++;
		else
			other++;
		after[i] = poll_once(m);
		if (port_of(m) != port)
			moved++, port = port_of(m);
	}
	allowed = modbus_write_register(m, 5, 77) == 1 && modbus_read_registers(m, 5, 1, &five) == 1 && five == 77;
	printf("{\"refused\": %d, \"other\": [", said);
	for (i = 0; i < other; i++)
		printf("%s\"another answer\"", i ? ", " : "");
	printf("], \"failed_polls\": %d, \"changed\": %d, \"reconnects\": %d, \"allowed\": %d, ", failed, changed, moved, allowed);
	printf("\"alone_p50\": %.3f, \"alone_p99\": %.3f, ", at(alone, n, 0.5), at(alone, n, 0.99));
	printf("\"after_p50\": %.3f, \"after_p99\": %.3f}\n", at(after, n, 0.5), at(after, n, 0.99));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "server") == 0)
		return server(argv[2]);
	if (argc == 4 && strcmp(argv[1], "refused") == 0)
		return refused(argv[2], atoi(argv[3]));
	fprintf(stderr, "usage: modbus server ADDRESS | refused ADDRESS N\n");
	return 2;
}
