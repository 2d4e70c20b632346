// HTTP mode of the load client. With one connection it blocks in read(2) instead of epoll_wait(2): the client's own
// share of a round trip is the same for every server under test and should be as small as possible.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "buffer.h"
#include "load.h"

#define STALL_SECONDS 10
/// Broken connections are replaced; more than this many say that the server is not what we wanted to measure.
#define MAX_RECONNECTS 100

struct client {
  int fd;
  uint64_t sent;
  struct buffer in;
};

static struct buffer request;
static int epoll = -1;  // -1: a single blocking connection
static int reconnects;

static void build_request(const struct load *l) {
  char head[1024];
  int n = l->body ? snprintf(head, sizeof head,
                             "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                             l->path, l->host, l->port, l->content_type, l->body_length)
                  : snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n\r\n", l->path, l->host, l->port);
  if (n < 0 || (size_t)n >= sizeof head) {
    fprintf(stderr, "path or content type too long\n");
    exit(2);
  }
  buffer_append(&request, head, (size_t)n);
  if (l->body) buffer_append(&request, l->body, l->body_length);
}

static void open_connection(const struct load *l, struct client *c, uint32_t index) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)l->port)};
  struct timeval stall = {.tv_sec = STALL_SECONDS};
  int on = 1;
  if (inet_pton(AF_INET, l->host, &address.sin_addr) != 1) {
    fprintf(stderr, "%s is not an IPv4 address\n", l->host);
    exit(2);
  }
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) die("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof stall);
  c->in.start = c->in.end = 0;
  if (epoll >= 0) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) die("epoll_ctl");
  }
}

/// Requests are far smaller than a socket buffer, so the (blocking) write does not wait.
static void send_request(struct client *c) {
  c->sent = load_now();
  for (size_t done = 0; done < buffer_count(&request);) {
    ssize_t n = write(c->fd, buffer_bytes(&request) + done, buffer_count(&request) - done);
    if (n < 0 && errno != EINTR) return;  // the read that follows sees the broken connection
    if (n > 0) done += (size_t)n;
  }
}

enum answer { PARTIAL, GOOD, BAD, BROKEN };

/// Looks at the answer at the front of `in`. `close_after` is set when the server will not take another request.
static enum answer parse(struct client *c, bool *close_after) {
  const char *head = buffer_bytes(&c->in);
  size_t available = buffer_count(&c->in);
  const char *end = available ? memmem(head, available, "\r\n\r\n", 4) : NULL;
  if (!end) return available > 65536 ? BROKEN : PARTIAL;
  if (end - head < 12 || memcmp(head, "HTTP/1.1 ", 9)) return BROKEN;
  long length = -1;
  for (const char *line = head; line < end;) {
    const char *stop = memmem(line, (size_t)(end - line) + 2, "\r\n", 2);
    if (!strncasecmp(line, "content-length:", 15)) length = strtol(line + 15, NULL, 10);
    if (!strncasecmp(line, "connection: close", 17)) *close_after = true;
    line = stop + 2;
  }
  if (length < 0 || length > (long)(BUFFER_LIMIT / 2)) return BROKEN;  // chunked answers are not measured
  size_t whole = (size_t)(end - head) + 4 + (size_t)length;
  if (available < whole) return PARTIAL;
  bool good = head[9] == '2';
  buffer_consume(&c->in, whole);
  return buffer_count(&c->in) ? BROKEN : good ? GOOD : BAD;
}

/// Takes what the connection has for us. Returns false when the run is over.
static bool step(struct load *l, struct client *c, uint32_t index) {
  size_t before = buffer_count(&c->in);
  enum io io = buffer_fill(&c->in, c->fd, 16 << 10);
  bool close_after = false;
  enum answer answer = PARTIAL;
  if (io == IO_BLOCKED && epoll < 0) {  // SO_RCVTIMEO
    l->aborted = "no answer within 10 s";
    l->errors++;
    return false;
  }
  if (io == IO_DONE) {
    l->bytes += buffer_count(&c->in) - before;
    answer = parse(c, &close_after);
  } else if (io == IO_CLOSED) {
    answer = BROKEN;
  }
  if (answer == PARTIAL) return true;
  if (!load_completed(l, c->sent, answer == GOOD)) return false;
  if (answer == BROKEN && ++reconnects > MAX_RECONNECTS) {
    l->aborted = "too many broken connections";
    return false;
  }
  if (answer == BROKEN || close_after) {
    close(c->fd);
    open_connection(l, c, index);
  }
  send_request(c);
  return true;
}

void load_http(struct load *l) {
  struct client *clients = calloc((size_t)l->connections, sizeof *clients);
  if (!clients) die("calloc");
  build_request(l);
  if (l->connections > 1) epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < l->connections; i++) open_connection(l, &clients[i], (uint32_t)i);
  load_begin(l);
  for (int i = 0; i < l->connections; i++) send_request(&clients[i]);
  if (epoll < 0) {
    while (step(l, &clients[0], 0)) {
    }
    return;
  }
  for (;;) {
    struct epoll_event events[128];
    int n = epoll_wait(epoll, events, 128, STALL_SECONDS * 1000);
    if (n == 0) {
      l->aborted = "no answer within 10 s";
      l->errors += (uint64_t)l->connections;
      return;
    }
    for (int i = 0; i < n; i++) {
      uint32_t index = events[i].data.u32;
      if (!step(l, &clients[index], index)) return;
    }
  }
}
