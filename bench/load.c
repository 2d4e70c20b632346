// Closed-loop load client: every connection has one request in flight and sends the next when the answer is complete.
//
//   load --port P [--host H] [--path PATH] [--body FILE] [--content-type T] [options]      HTTP/1.1, GET without --body
//   load --stdio [options] -- upstream [argument ...]                                      MCP over pipes, no HTTP
//   options: --connections N (1), --seconds D (1) or --requests R, --warmup W (0 seconds)
//
// Prints one JSON object. `requests` and `rate` are of the measured part, `total` includes the warm-up.

#include "load.h"

#include <getopt.h>
#include <signal.h>
#include <time.h>

#include "buffer.h"

uint64_t load_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void load_begin(struct load *l) { l->began = load_now() + (uint64_t)(l->warmup * 1e9); }

bool load_completed(struct load *l, uint64_t sent, bool good) {
  uint64_t now = load_now();
  struct samples *s = &l->samples;
  l->total++;
  l->errors += !good;
  l->ended = now;
  if (now < l->began) return true;
  if (good) {
    if (s->count == s->capacity) {
      s->capacity = s->capacity ? s->capacity * 2 : 1 << 16;
      s->values = realloc(s->values, s->capacity * sizeof *s->values);
      if (!s->values) die("realloc");
    }
    s->values[s->count++] = now - sent;
  }
  if (l->requests) return s->count + l->errors < l->requests;
  return now - l->began < (uint64_t)(l->seconds * 1e9);
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/// Nearest rank; microseconds.
static double percentile(const struct samples *s, double fraction) {
  if (s->count == 0) return 0;
  size_t rank = (size_t)(fraction * (double)s->count);
  return (double)s->values[rank < s->count ? rank : s->count - 1] / 1000.0;
}

static void report(struct load *l) {
  struct samples *s = &l->samples;
  if (s->count) qsort(s->values, s->count, sizeof *s->values, ascending);
  double seconds = l->ended > l->began ? (double)(l->ended - l->began) / 1e9 : 0;
  printf("{\"requests\":%zu,\"errors\":%llu,\"seconds\":%.6f,\"rate\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,"
         "\"p99_us\":%.1f,\"max_us\":%.1f,\"bytes\":%llu,\"connections\":%d,\"total\":%llu,\"aborted\":",
         s->count, (unsigned long long)l->errors, seconds, seconds > 0 ? (double)s->count / seconds : 0.0,
         percentile(s, 0.50), percentile(s, 0.90), percentile(s, 0.99), percentile(s, 1.0),
         (unsigned long long)l->bytes, l->connections, (unsigned long long)l->total);
  printf(l->aborted ? "\"%s\"}\n" : "null}\n", l->aborted);
}

static void read_body(struct load *l, const char *path) {
  struct buffer b = {0};
  FILE *file = fopen(path, "rb");
  if (!file) die(path);
  size_t n;
  while ((n = fread(buffer_reserve(&b, 65536), 1, 65536, file)) > 0) b.end += n;
  fclose(file);
  l->body = buffer_bytes(&b);
  l->body_length = buffer_count(&b);
}

static _Noreturn void usage(void) {
  fprintf(stderr,
          "usage: load --port P [--host H] [--path PATH] [--body FILE] [--content-type T] [options]\n"
          "       load --stdio [options] -- upstream [argument ...]\n"
          "options: --connections N, --seconds D or --requests R, --warmup W\n");
  exit(2);
}

int main(int argc, char **argv) {
  struct load l = {.host = "127.0.0.1", .path = "/", .content_type = "application/json"};
  l.connections = 1;
  l.seconds = 1;
  bool stdio = false;
  static const struct option options[] = {
      {"host", 1, 0, 'h'},        {"port", 1, 0, 'p'},    {"path", 1, 0, 'u'},     {"body", 1, 0, 'b'},
      {"content-type", 1, 0, 't'}, {"connections", 1, 0, 'c'}, {"seconds", 1, 0, 's'}, {"requests", 1, 0, 'r'},
      {"warmup", 1, 0, 'w'},      {"stdio", 0, 0, 'i'},   {0}};
  for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
    switch (c) {
    case 'h': l.host = optarg; break;
    case 'p': l.port = atoi(optarg); break;
    case 'u': l.path = optarg; break;
    case 'b': read_body(&l, optarg); break;
    case 't': l.content_type = optarg; break;
    case 'c': l.connections = atoi(optarg); break;
    case 's': l.seconds = atof(optarg); break;
    case 'r': l.requests = strtoull(optarg, NULL, 10); break;
    case 'w': l.warmup = atof(optarg); break;
    case 'i': stdio = true; break;
    default: usage();
    }
  }
  l.argv = argv + optind;
  if (l.connections < 1 || l.connections > 1024 || stdio == (l.port > 0) || stdio != (optind < argc)) usage();
  signal(SIGPIPE, SIG_IGN);
  if (stdio)
    load_stdio(&l);
  else
    load_http(&l);
  report(&l);
  return 0;
}
