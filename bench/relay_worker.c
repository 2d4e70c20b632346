// Process B of the relay: a frame becomes a line for the upstream, a line becomes a frame for the front.

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "buffer.h"
#include "relay.h"

/// A descriptor with what waits to be written to it. EPOLLOUT is asked for only while the peer takes no more.
struct writer {
  int fd;
  struct buffer out;
  uint32_t events;  // what epoll is told to watch apart from EPOLLOUT
  bool blocked;
};

static bool flush(int epoll, struct writer *w) {
  if (buffer_count(&w->out) == 0 && !w->blocked) return true;
  enum io io = buffer_flush(&w->out, w->fd);
  if (io == IO_CLOSED) return false;
  bool blocked = io == IO_BLOCKED;
  if (blocked != w->blocked) {
    struct epoll_event event = {.events = w->events | (blocked ? EPOLLOUT : 0), .data.fd = w->fd};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, w->fd, &event)) die("epoll_ctl");
    w->blocked = blocked;
  }
  return true;
}

static void watch(int epoll, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

static bool frames_to_lines(struct buffer *in, struct buffer *out) {
  while (buffer_count(in) >= 4) {
    uint32_t length;
    memcpy(&length, buffer_bytes(in), 4);
    length = ntohl(length);
    if (length > RELAY_FRAME_LIMIT) return false;
    if (buffer_count(in) < 4 + (size_t)length) break;
    buffer_append(out, buffer_bytes(in) + 4, length);
    buffer_append(out, "\n", 1);
    buffer_consume(in, 4 + (size_t)length);
  }
  return true;
}

static bool lines_to_frames(struct buffer *in, struct buffer *out) {
  char *feed;
  while (buffer_count(in) && (feed = memchr(buffer_bytes(in), '\n', buffer_count(in)))) {
    size_t length = (size_t)(feed - buffer_bytes(in));
    uint32_t header = htonl((uint32_t)length);
    buffer_append(out, &header, 4);
    buffer_append(out, buffer_bytes(in), length);
    buffer_consume(in, length + 1);
  }
  return buffer_count(in) <= RELAY_FRAME_LIMIT;
}

static pid_t start_upstream(char **argv, int *to, int *from) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) die("pipe2");
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    relay_tie_to_parent(parent);
    dup2(in[0], 0);
    dup2(out[1], 1);
    sigprocmask(SIG_SETMASK, &relay_wait_mask, NULL);
    signal(SIGPIPE, SIG_DFL);
    execv(argv[0], argv);
    perror(argv[0]);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  *to = in[1];
  *from = out[0];
  // Only our ends: the flag belongs to the open file, and the upstream has the other ends.
  if (fcntl(*to, F_SETFL, O_NONBLOCK) || fcntl(*from, F_SETFL, O_NONBLOCK)) die("fcntl");
  return child;
}

int relay_worker(int unix_socket, char **argv) {
  int to, from;
  pid_t upstream = start_upstream(argv, &to, &from);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct writer front = {.fd = unix_socket, .events = EPOLLIN}, stdin_pipe = {.fd = to};
  struct buffer frames = {0}, lines = {0};
  watch(epoll, unix_socket, EPOLLIN);
  watch(epoll, from, EPOLLIN);
  watch(epoll, to, 0);
  bool alive = true;
  while (alive && !relay_stopped) {
    struct epoll_event events[4];
    int n = epoll_pwait(epoll, events, 4, -1, &relay_wait_mask);
    for (int i = 0; i < n && alive; i++) {
      int fd = events[i].data.fd;
      bool readable = events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR);
      if (fd == unix_socket && readable)
        alive = buffer_fill(&frames, fd, 64 << 10) != IO_CLOSED && frames_to_lines(&frames, &stdin_pipe.out);
      else if (fd == from && readable)
        alive = buffer_fill(&lines, fd, 64 << 10) != IO_CLOSED && lines_to_frames(&lines, &front.out);
      else if (fd == to && readable)
        alive = false;
    }
    alive = alive && flush(epoll, &stdin_pipe) && flush(epoll, &front);
  }
  close(to);
  relay_end_child(upstream);
  return relay_stopped ? 0 : 1;
}
