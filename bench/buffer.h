// A growable byte queue: bytes are appended at `end` and taken from `start`. Memory is moved only when space runs out.
#ifndef BENCH_BUFFER_H
#define BENCH_BUFFER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// No buffer of the bench may hold more; a peer that makes it grow further is broken.
#define BUFFER_LIMIT (64u << 20)

struct buffer {
  char *data;
  size_t start, end, capacity;
};

static inline _Noreturn void die(const char *what) {
  perror(what);
  exit(1);
}

static inline size_t buffer_count(const struct buffer *b) { return b->end - b->start; }
static inline char *buffer_bytes(const struct buffer *b) { return b->data + b->start; }

/// Makes room for `n` more bytes behind `end` and returns where they go.
static inline char *buffer_reserve(struct buffer *b, size_t n) {
  if (b->capacity - b->end >= n) return b->data + b->end;
  size_t count = buffer_count(b);
  if (count + n > BUFFER_LIMIT) {
    fprintf(stderr, "a buffer would exceed %u bytes\n", BUFFER_LIMIT);
    exit(1);
  }
  if (b->start > 0) memmove(b->data, b->data + b->start, count);
  b->start = 0;
  b->end = count;
  if (b->capacity - count < n) {
    size_t capacity = b->capacity ? b->capacity : 4096;
    while (capacity < count + n) capacity *= 2;
    b->data = realloc(b->data, capacity);
    if (!b->data) die("realloc");
    b->capacity = capacity;
  }
  return b->data + b->end;
}

static inline void buffer_append(struct buffer *b, const void *bytes, size_t n) {
  memcpy(buffer_reserve(b, n), bytes, n);
  b->end += n;
}

static inline void buffer_text(struct buffer *b, const char *text) { buffer_append(b, text, strlen(text)); }

static inline void buffer_consume(struct buffer *b, size_t n) {
  b->start += n;
  if (b->start == b->end) b->start = b->end = 0;
}

enum io { IO_DONE, IO_BLOCKED, IO_CLOSED };

/// One read of at most `chunk` bytes. IO_DONE: something arrived; IO_CLOSED: end of file or a broken peer.
static inline enum io buffer_fill(struct buffer *b, int fd, size_t chunk) {
  char *space = buffer_reserve(b, chunk);
  ssize_t n = read(fd, space, chunk);
  if (n > 0) {
    b->end += (size_t)n;
    return IO_DONE;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return IO_BLOCKED;
  return IO_CLOSED;
}

/// Writes until the buffer is empty (IO_DONE) or the descriptor takes no more (IO_BLOCKED).
static inline enum io buffer_flush(struct buffer *b, int fd) {
  while (buffer_count(b) > 0) {
    ssize_t n = write(fd, buffer_bytes(b), buffer_count(b));
    if (n >= 0)
      buffer_consume(b, (size_t)n);
    else if (errno == EAGAIN)
      return IO_BLOCKED;
    else if (errno != EINTR)
      return IO_CLOSED;
  }
  return IO_DONE;
}

#endif
