// The fastest reasonable MCP server over streamable HTTP: one thread, epoll, keep-alive, answers as JSON, no session.
// It prints its port and serves until it is killed. Heads are read as far as our own clients write them.
//
//   upstream_http

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "mcp.h"

#define MAX_CONNECTIONS 4096

struct connection {
  struct buffer in, out;
};

static struct connection connections[MAX_CONNECTIONS];  // by descriptor
static struct buffer tools, body;

static void respond(struct buffer *out, const char *status, const struct buffer *content) {
  char head[160];
  int n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                   status, buffer_count(content));
  buffer_append(out, head, (size_t)n);
  buffer_append(out, buffer_bytes(content), buffer_count(content));
}

/// Answers the request at the front of `in`. Returns false while it is incomplete.
static bool serve(struct connection *c) {
  const char *head = buffer_bytes(&c->in);
  size_t available = buffer_count(&c->in);
  const char *end = available ? memmem(head, available, "\r\n\r\n", 4) : NULL;
  if (!end) return false;
  size_t length = 0;
  for (const char *line = head; line < end;) {
    const char *stop = memmem(line, (size_t)(end - line) + 2, "\r\n", 2);
    if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
    line = stop + 2;
  }
  size_t whole = (size_t)(end - head) + 4 + length;
  if (available < whole) return false;
  struct message m;
  buffer_consume(&body, buffer_count(&body));
  if (memcmp(head, "POST ", 5)) {
    respond(&c->out, "405 Method Not Allowed", &body);  // no stream of its own, nothing to delete
  } else {
    const char *text = end + 4;
    if (scan(text, text + length, &m)) answer(&body, &m, &tools);
    respond(&c->out, buffer_count(&body) ? "200 OK" : "202 Accepted", &body);
  }
  buffer_consume(&c->in, whole);
  return true;
}

static int listen_anywhere(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 512)) die("listen");
  if (getsockname(fd, (struct sockaddr *)&address, &size)) die("getsockname");
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

static void take_connections(int epoll, int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    if (fd >= MAX_CONNECTIONS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd].in.start = connections[fd].in.end = 0;
    connections[fd].out.start = connections[fd].out.end = 0;
    watch(epoll, fd);
  }
}

int main(void) {
  int listener = listen_anywhere();
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) die("epoll_create1");
  append_tools(&tools, 1);
  watch(epoll, listener);
  for (;;) {
    struct epoll_event events[128];
    int n = epoll_wait(epoll, events, 128, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        take_connections(epoll, listener);
        continue;
      }
      struct connection *c = &connections[fd];
      enum io io = buffer_fill(&c->in, fd, 64 << 10);
      while (io == IO_DONE && serve(c)) {
      }
      // Answers are far smaller than a socket buffer: the blocking write does not wait.
      if (io == IO_CLOSED || buffer_flush(&c->out, fd) == IO_CLOSED) close(fd);
    }
  }
}
