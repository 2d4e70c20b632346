#define _GNU_SOURCE 1
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int wp_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int wp_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int wp_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK); }

long wp_random(void *buffer, size_t count) {
  ssize_t result;
  do {
    result = getrandom(buffer, count, 0);
  } while (result < 0 && errno == EINTR);
  return (long)result;
}

int wp_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int wp_set_nonblocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? flags : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

int wp_open(const char *path, int flags, unsigned int mode) { return open(path, flags | O_CLOEXEC, mode); }

int wp_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t datum) {
  struct epoll_event event = {.events = events, .data.u64 = datum};
  return epoll_ctl(epoll, operation, descriptor, &event);
}

static int add_descriptors(posix_spawn_file_actions_t *actions, const int stdio[3], int passed) {
  for (int target = 0; target < 3; target++) {
    int error = stdio[target] < 0
                    ? posix_spawn_file_actions_addopen(actions, target, "/dev/null", target ? O_WRONLY : O_RDONLY, 0)
                    : posix_spawn_file_actions_adddup2(actions, stdio[target], target);
    if (error) return error;
  }
  int first_closed = 3;
  if (passed >= 0) {
    // dup2 onto itself would keep close-on-exec set; posix_spawn clears it in that case (glibc 2.29 and later).
    int error = posix_spawn_file_actions_adddup2(actions, passed, 3);
    if (error) return error;
    first_closed = 4;
  }
  return posix_spawn_file_actions_addclosefrom_np(actions, first_closed);
}

int wp_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int stdio[3], int passed,
             int new_session) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawnattr_init(&attributes);
  if (error) {
    posix_spawn_file_actions_destroy(&actions);
    return error;
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (new_session) flags |= POSIX_SPAWN_SETSID;
  error = add_descriptors(&actions, stdio, passed);
  if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
  if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
  if (!error) error = posix_spawnattr_setflags(&attributes, flags);
  if (!error) error = posix_spawn(pid, path, &actions, &attributes, argv, envp);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

int wp_spawn_detached(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int stdio[3],
                      int passed) {
  struct {
    int error;
    pid_t pid;
  } report = {0, 0};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return errno;
  // fork in C: Swift may run no code in the child, and glibc keeps malloc usable there.
  pid_t middle = fork();
  if (middle < 0) {
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return error;
  }
  if (middle == 0) {
    report.error = wp_spawn(&report.pid, path, argv, envp, stdio, passed, 1);
    ssize_t ignored = write(ends[1], &report, sizeof report);
    (void)ignored;
    _exit(0);
  }
  close(ends[1]);
  ssize_t count;
  do count = read(ends[0], &report, sizeof report);
  while (count < 0 && errno == EINTR);
  close(ends[0]);
  while (waitpid(middle, NULL, 0) < 0 && errno == EINTR) {
  }
  if (count != (ssize_t)sizeof report) return EIO;
  *pid = report.pid;
  return report.error;
}
