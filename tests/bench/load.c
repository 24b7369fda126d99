// load SOCKET PATH CONNECTIONS SECONDS: GETs over a unix socket on kept-alive connections, one request after the other on each.
// Prints "requests seconds p50_ms p99_ms bytes" of all together. An answer that is not 200, or none, ends the program with an error.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { kBuffer = 8 << 20, kMaxConnections = 64 };
static const char *socket_path, *target;
static volatile int stopping;

struct client {
  pthread_t thread;
  float *times;
  long count, room, bytes;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int open_connection(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, socket_path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) die("connect");
  return fd;
}

/// Length of a whole answer, or 0 while its head is not complete; chunked answers end with an empty chunk.
static long wanted(char *buffer, long have) {
  char *end = memmem(buffer, have, "\r\n\r\n", 4);
  if (!end) return 0;
  if (memcmp(buffer, "HTTP/1.1 200", 12)) die("not 200");
  *end = 0;
  char *length = strcasestr(buffer, "\r\nContent-Length:");
  *end = '\r';
  if (length) return end + 4 - buffer + atol(length + 17);
  return have >= 5 && !memcmp(buffer + have - 5, "0\r\n\r\n", 5) ? have : have + 1;
}

static void *run(void *argument) {
  struct client *self = argument;
  char *buffer = malloc(kBuffer + 1), request[512];
  int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: incus\r\n\r\n", target), fd = open_connection();
  while (!stopping) {
    double start = now();
    if (write(fd, request, size) != size) die("write");
    long have = 0, need = 0;
    while (!need || have < need) {
      long n = read(fd, buffer + have, kBuffer - have);
      if (n <= 0) die("read");
      have += n;
      need = wanted(buffer, have);
    }
    if (self->count == self->room) self->times = realloc(self->times, (self->room = self->room * 2 + 1024) * sizeof(float));
    self->times[self->count++] = (now() - start) * 1e3;
    self->bytes = have;
  }
  close(fd);
  free(buffer);
  return NULL;
}

static int compare(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

int main(int count, char **words) {
  if (count != 5 || atoi(words[3]) < 1 || atoi(words[3]) > kMaxConnections) return fprintf(stderr, "usage: load SOCKET PATH CONNECTIONS SECONDS\n"), 2;
  socket_path = words[1];
  target = words[2];
  struct client clients[kMaxConnections] = {0};
  int connections = atoi(words[3]);
  double start = now();
  for (int i = 0; i < connections; i++) pthread_create(&clients[i].thread, NULL, run, &clients[i]);
  usleep(atof(words[4]) * 1e6);
  stopping = 1;
  long total = 0;
  float *all = NULL;
  for (int i = 0; i < connections; i++) {
    pthread_join(clients[i].thread, NULL);
    all = realloc(all, (total + clients[i].count + 1) * sizeof(float));
    memcpy(all + total, clients[i].times, clients[i].count * sizeof(float));
    total += clients[i].count;
  }
  double seconds = now() - start;
  qsort(all, total, sizeof(float), compare);
  printf("%ld %.3f %.3f %.3f %ld\n", total, seconds, all[total / 2], all[total * 99 / 100], clients[0].bytes);
}
