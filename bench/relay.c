// The floor for warmplane's architecture: the same processes and hops, none of its work.
//
//   client ─ TCP, HTTP/1.1 ─ A (front) ─ Unix socket, frames ─ B (worker) ─ two pipes, lines ─ C (upstream)
//
// A frame is [u32 big-endian length][payload]. A numbers the requests, puts the body into a tools/call line and finds
// the waiting connection by the id of the answer. Nothing else of the JSON is looked at.
//
//   relay [--port P] -- upstream [argument ...]       prints `port <P>` when it listens; P = 0 takes a free one

#include "relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "buffer.h"

volatile sig_atomic_t relay_stopped;
sigset_t relay_wait_mask;

static void stop(int signal) {
  (void)signal;
  relay_stopped = 1;
}

static void prepare_signals(void) {
  struct sigaction action = {.sa_handler = stop};
  sigset_t block;
  sigemptyset(&block);
  sigaddset(&block, SIGTERM);
  sigaddset(&block, SIGINT);
  sigprocmask(SIG_BLOCK, &block, &relay_wait_mask);
  sigdelset(&relay_wait_mask, SIGTERM);
  sigdelset(&relay_wait_mask, SIGINT);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

void relay_tie_to_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
}

void relay_end_child(pid_t child) {
  kill(child, SIGTERM);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
}

static int listen_on(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) die("socket");
  if (bind(fd, (struct sockaddr *)&address, length) || listen(fd, 1024)) die("listen");
  if (getsockname(fd, (struct sockaddr *)&address, &length)) die("getsockname");
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(int argc, char **argv) {
  int port = 0, i = 1;
  if (i + 1 < argc && !strcmp(argv[i], "--port")) {
    port = atoi(argv[i + 1]);
    i += 2;
  }
  if (i + 1 >= argc || strcmp(argv[i], "--") || port < 0 || port > 65535) {
    fprintf(stderr, "usage: relay [--port P] -- upstream [argument ...]\n");
    return 2;
  }
  prepare_signals();
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair)) die("socketpair");
  pid_t front = getpid();
  pid_t worker = fork();
  if (worker < 0) die("fork");
  if (worker == 0) {
    relay_tie_to_parent(front);
    close(pair[0]);
    return relay_worker(pair[1], argv + i + 1);
  }
  close(pair[1]);
  int status = relay_front(listen_on((uint16_t)port), pair[0]);
  relay_end_child(worker);
  return status;
}
