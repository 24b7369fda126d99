// latency SOCKET CALL...: how long calls take while something else goes on, until standard input ends.
// A CALL is a path (GET) or "PATCH PATH BODY", where # in the body is the number of the call; each has a thread and a connection of its own and a call every 10 ms. One more thread measures what
// the machine itself adds: how late it wakes from a sleep of 1 ms. Prints "calls median_ms p99_ms worst_ms failed CALL" per line, "sleep" last.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { kBuffer = 4 << 20, kMaxCalls = 64, kMaxTimes = 1 << 20, kPauseNs = 10000000, kSleepNs = 1000000 };
static const char *socket_path;
static volatile int stopping;

struct call {
  pthread_t thread;
  const char *what;  ///< null: only sleeps
  float *times;      ///< ms
  long count, failed;
};

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void pause_for(long ns) { nanosleep(&(struct timespec){.tv_nsec = ns}, NULL); }

static int open_connection(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, socket_path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) perror("connect"), exit(1);
  return fd;
}

/// Whether `buffer` holds a whole answer: its length is in the head, or its last chunk is empty.
static int complete(char *buffer, long have) {
  char *end = memmem(buffer, have, "\r\n\r\n", 4);
  if (!end) return 0;
  char *length = strcasestr(buffer, "\r\nContent-Length:");
  if (length && length < end) return have >= end + 4 - buffer + atol(length + 17);
  return !memcmp(buffer + have - 5, "0\r\n\r\n", 5);
}

/// One answer on `fd`; 1 if it is a success.
static int answer(int fd, char *buffer) {
  long have = 0;
  do {
    long got = read(fd, buffer + have, kBuffer - have);
    if (got <= 0) return 0;
    buffer[have += got] = 0;
  } while (!complete(buffer, have));
  return !memcmp(buffer, "HTTP/1.1 2", 10);
}

static void request_text(const char *what, long number, char *text, size_t room) {
  char path[256], body[512];
  if (sscanf(what, "PATCH %255s", path) != 1) {
    snprintf(text, room, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", what);
    return;
  }
  const char *given = strstr(what + 6, path) + strlen(path) + 1, *mark = strchrnul(given, '#');
  int size = snprintf(body, sizeof body, "%.*s%06ld%s", (int)(mark - given), given, number, *mark ? mark + 1 : "");
  snprintf(text, room, "PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, size, body);
}

static void *run(void *argument) {
  struct call *self = argument;
  char *buffer = malloc(kBuffer + 1), request[1024];
  int fd = -1;
  while (!stopping && self->count < kMaxTimes) {
    if (self->what) request_text(self->what, self->count, request, sizeof request);
    if (self->what && fd < 0) fd = open_connection();
    double start = now_ms();
    if (!self->what) pause_for(kSleepNs), start += kSleepNs / 1e6;
    else if (write(fd, request, strlen(request)) < 0 || !answer(fd, buffer)) self->failed++, close(fd), fd = -1;
    self->times[self->count++] = now_ms() - start;
    pause_for(kPauseNs);
  }
  return NULL;
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static struct call calls[kMaxCalls];
  int count = argc - 1;  // the sleeper in the socket's place
  if (argc < 3 || count > kMaxCalls) return fputs("usage: latency SOCKET CALL...\n", stderr), 2;
  socket_path = argv[1];
  for (int i = 0; i < count; i++) {
    calls[i].what = i + 2 < argc ? argv[i + 2] : NULL;
    calls[i].times = malloc(kMaxTimes * sizeof(float));
    pthread_create(&calls[i].thread, NULL, run, &calls[i]);
  }
  for (char byte; read(0, &byte, 1) > 0;) {
  }
  stopping = 1;
  for (int i = 0; i < count; i++) {
    struct call *call = &calls[i];
    pthread_join(call->thread, NULL);
    qsort(call->times, call->count, sizeof(float), ascending);
    if (call->count == 0) continue;
    printf("%6ld %8.2f %8.2f %8.2f %4ld %s\n", call->count, call->times[call->count / 2], call->times[call->count * 99 / 100],
           call->times[call->count - 1], call->failed, call->what ? call->what : "sleep");
  }
}
