// Process A of the relay: HTTP/1.1 keep-alive connections in front of one Unix socket, multiplexed by a running id.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "buffer.h"
#include "relay.h"

#define MAX_CONNECTIONS 1024
#define HEAD_LIMIT 8192
#define BODY_LIMIT (1u << 20)
/// Requests in flight are at most MAX_CONNECTIONS, so a ring of this size never forgets a waiting one of a live client.
#define RING 65536

struct connection {
  int fd;            // -1: the slot is free
  uint64_t waiting;  // id of the request in flight; 0: none. A pipelined request stays in `in` until the answer is out
  struct buffer in, out;
  bool blocked;
};

static struct connection connections[MAX_CONNECTIONS];
static uint16_t ring[RING];  // id % RING -> slot
static uint64_t last_id;
static int epoll;
static struct buffer to_worker;

enum { TAG_LISTENER = MAX_CONNECTIONS, TAG_WORKER };

static void watch(int operation, int fd, uint32_t events, uint32_t tag) {
  struct epoll_event event = {.events = events, .data.u32 = tag};
  if (epoll_ctl(epoll, operation, fd, &event)) die("epoll_ctl");
}

static void drop(struct connection *c) {
  close(c->fd);
  c->fd = -1;
  c->in.start = c->in.end = c->out.start = c->out.end = 0;
}

static void send_frame(const char *head, const char *body, size_t body_length, const char *tail) {
  uint32_t header = htonl((uint32_t)(strlen(head) + body_length + strlen(tail)));
  buffer_append(&to_worker, &header, 4);
  buffer_text(&to_worker, head);
  buffer_append(&to_worker, body, body_length);
  buffer_text(&to_worker, tail);
}

/// Value of Content-Length between `head` and `end`; -1 when there is none or it is not a number within BODY_LIMIT.
static long content_length(const char *head, const char *end) {
  static const char name[] = "content-length:";
  for (const char *line = head; line < end;) {
    const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
    if (!stop) stop = end;
    if ((size_t)(stop - line) > sizeof name - 1 && !strncasecmp(line, name, sizeof name - 1)) {
      const char *p = line + sizeof name - 1;
      while (p < stop && *p == ' ') p++;
      long value = 0;
      if (p == stop) return -1;
      for (; p < stop; p++) {
        if (*p < '0' || *p > '9' || (value = value * 10 + (*p - '0')) > (long)BODY_LIMIT) return -1;
      }
      return value;
    }
    line = stop + 2;
  }
  return -1;
}

/// Forwards the request at the front of `in` if it is complete. Returns false when the connection must end.
static bool forward(struct connection *c) {
  if (c->waiting || buffer_count(&c->in) == 0) return true;
  const char *head = buffer_bytes(&c->in);
  const char *end = memmem(head, buffer_count(&c->in), "\r\n\r\n", 4);
  if (!end) return buffer_count(&c->in) < HEAD_LIMIT;
  if (memcmp(head, "POST ", 5)) return false;
  long length = content_length(head, end);
  if (length <= 0) return false;
  size_t head_length = (size_t)(end - head) + 4;
  if (buffer_count(&c->in) < head_length + (size_t)length) return true;
  const char *body = head + head_length;
  if (memchr(body, '\n', (size_t)length)) return false;  // would be two lines for the upstream

  char call[128];
  c->waiting = ++last_id;
  ring[c->waiting % RING] = (uint16_t)(c - connections);
  snprintf(call, sizeof call,
           "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":",
           (unsigned long long)c->waiting);
  send_frame(call, body, (size_t)length, "}}");
  buffer_consume(&c->in, head_length + (size_t)length);
  return true;
}

static void flush_connection(struct connection *c) {
  enum io io = buffer_flush(&c->out, c->fd);
  if (io == IO_CLOSED) {
    drop(c);
    return;
  }
  if ((io == IO_BLOCKED) != c->blocked) {
    c->blocked = io == IO_BLOCKED;
    watch(EPOLL_CTL_MOD, c->fd, EPOLLIN | (c->blocked ? EPOLLOUT : 0), (uint32_t)(c - connections));
  }
}

static void deliver(const char *answer, size_t length) {
  static const char name[] = "\"id\":";
  const char *p = memmem(answer, length, name, sizeof name - 1);
  if (!p) return;
  uint64_t id = 0;
  for (p += sizeof name - 1; p < answer + length && *p >= '0' && *p <= '9'; p++) id = id * 10 + (uint64_t)(*p - '0');
  struct connection *c = &connections[ring[id % RING]];
  if (id == 0 || c->fd < 0 || c->waiting != id) return;  // id 0 is `initialize`; otherwise the client has left
  char head[128];
  snprintf(head, sizeof head,
           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", length);
  buffer_text(&c->out, head);
  buffer_append(&c->out, answer, length);
  c->waiting = 0;
  flush_connection(c);
  if (c->fd >= 0 && !forward(c)) drop(c);
}

static bool deliver_frames(struct buffer *in) {
  while (buffer_count(in) >= 4) {
    uint32_t length;
    memcpy(&length, buffer_bytes(in), 4);
    length = ntohl(length);
    if (length > RELAY_FRAME_LIMIT) return false;
    if (buffer_count(in) < 4 + (size_t)length) break;
    deliver(buffer_bytes(in) + 4, length);
    buffer_consume(in, 4 + (size_t)length);
  }
  return true;
}

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    int slot = 0;
    while (slot < MAX_CONNECTIONS && connections[slot].fd >= 0) slot++;
    if (slot == MAX_CONNECTIONS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[slot].fd = fd;
    connections[slot].waiting = 0;
    connections[slot].blocked = false;
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, (uint32_t)slot);
  }
}

static void connection_event(struct connection *c, uint32_t events) {
  if (c->fd < 0) return;  // closed earlier in the same round
  if (events & EPOLLOUT) flush_connection(c);
  if (c->fd < 0 || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  // A client that sends without end while a request is in flight is broken: it would only fill memory.
  bool alive = buffer_fill(&c->in, c->fd, 16 << 10) != IO_CLOSED && buffer_count(&c->in) <= BODY_LIMIT + HEAD_LIMIT;
  if (!alive || !forward(c)) drop(c);
}

int relay_front(int listener, int unix_socket) {
  struct buffer from_worker = {0};
  bool blocked = false, alive = true;
  for (int i = 0; i < MAX_CONNECTIONS; i++) connections[i].fd = -1;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(EPOLL_CTL_ADD, listener, EPOLLIN, TAG_LISTENER);
  watch(EPOLL_CTL_ADD, unix_socket, EPOLLIN, TAG_WORKER);
  send_frame("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
             "\"capabilities\":{},\"clientInfo\":{\"name\":\"relay\",\"version\":\"1\"}}}", "", 0, "");
  send_frame("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", "", 0, "");
  while (alive && !relay_stopped) {
    // All requests that this round brought leave in one write.
    if (buffer_count(&to_worker) || blocked) {
      enum io io = buffer_flush(&to_worker, unix_socket);
      if (io == IO_CLOSED) break;
      if ((io == IO_BLOCKED) != blocked) {
        blocked = io == IO_BLOCKED;
        watch(EPOLL_CTL_MOD, unix_socket, EPOLLIN | (blocked ? EPOLLOUT : 0), TAG_WORKER);
      }
    }
    struct epoll_event events[128];
    int n = epoll_pwait(epoll, events, 128, -1, &relay_wait_mask);
    for (int i = 0; i < n && alive; i++) {
      uint32_t tag = events[i].data.u32;
      if (tag == TAG_LISTENER)
        accept_all(listener);
      else if (tag < MAX_CONNECTIONS)
        connection_event(&connections[tag], events[i].events);
      else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        alive = buffer_fill(&from_worker, unix_socket, 64 << 10) != IO_CLOSED && deliver_frames(&from_worker);
    }
  }
  return relay_stopped ? 0 : 1;
}
