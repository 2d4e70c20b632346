// Linux headers that the Glibc module lacks, and the few wp_* functions that Swift cannot express: variadic calls,
// transparent unions, macros. No logic; every function returns the system's value with errno set as usual.
//
// Do not define _GNU_SOURCE in this header: types that the Glibc module declares too (fd_set, sockaddr unions, environ)
// would get a second, different definition. What needs it lives in shim.c.
#ifndef WARMPLANE_CLINUX_H
#define WARMPLANE_CLINUX_H
#include <malloc.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

/// prctl(PR_SET_CHILD_SUBREAPER, 1): orphans below us become our children.
int wp_become_subreaper(void);
/// prctl(PR_SET_NAME): the name of the calling thread, at most 15 bytes.
int wp_set_thread_name(const char *name);
/// accept4 with SOCK_CLOEXEC | SOCK_NONBLOCK.
int wp_accept(int listener);
/// getrandom without flags, again after an interruption. Returns the count, or -1.
long wp_random(void *buffer, size_t count);
/// pipe2 with O_CLOEXEC; ends[0] reads, ends[1] writes. Both block.
int wp_pipe(int ends[2]);
/// fcntl(F_SETFL) with O_NONBLOCK added.
int wp_set_nonblocking(int descriptor);
/// open(O_CLOEXEC) with a mode.
int wp_open(const char *path, int flags, unsigned int mode);
/// epoll_ctl with the 64-bit user datum spelled out.
int wp_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t datum);
/// Starts a program: descriptors 0-2 as given (-1 = /dev/null), `passed` (or -1) as descriptor 3, everything above
/// closed, all signals unblocked and at their defaults, in a session of its own when `new_session` is set.
/// Returns 0, or an error number; errno is not used.
int wp_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int stdio[3], int passed,
             int new_session);
/// As wp_spawn in a new session, and the program is not our child: a process in between, gone when this returns, was
/// its parent. Nobody has to reap it, and who ends us together with our descendants does not find it.
int wp_spawn_detached(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int stdio[3],
                      int passed);

#endif
