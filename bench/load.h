// What the two modes of the load client share; see load.c.
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Latencies in nanoseconds of every counted request: percentiles are exact, not bucketed.
struct samples {
  uint64_t *values;
  size_t count, capacity;
};

/// What to do and, at the end, what happened. Times are CLOCK_MONOTONIC nanoseconds.
struct load {
  const char *host, *path, *content_type;
  int port;
  const char *body;  // NULL: GET
  size_t body_length;
  char **argv;  // stdio mode: the upstream
  int connections;
  double seconds, warmup;
  uint64_t requests;  // 0: by time

  struct samples samples;
  uint64_t total;   // completed requests, warm-up included
  uint64_t errors;  // not 2xx, broken connection, JSON-RPC error, stalled
  uint64_t bytes;   // received
  uint64_t began, ended;
  const char *aborted;  // why the run ended early; NULL: it did not
};

uint64_t load_now(void);

/// Notes the clocks at the start of a run. Requests that complete during the warm-up are not sampled.
void load_begin(struct load *l);

/// Notes one completed request. Returns false when the run is over.
bool load_completed(struct load *l, uint64_t sent, bool good);

void load_http(struct load *l);
void load_stdio(struct load *l);

#endif
