// The bare C relay with warmplane's hops; see relay.c.
#ifndef BENCH_RELAY_H
#define BENCH_RELAY_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/// Set by SIGTERM and SIGINT. They are delivered only inside `epoll_pwait` (with `relay_wait_mask`), so none is missed.
extern volatile sig_atomic_t relay_stopped;
extern sigset_t relay_wait_mask;

/// The longest payload of a frame that either side accepts.
#define RELAY_FRAME_LIMIT (4u << 20)

/// Ties a just forked child to `parent`: it is killed when the parent is gone, also when that already happened.
void relay_tie_to_parent(pid_t parent);

/// Ends `child` and waits for it.
void relay_end_child(pid_t child);

/// Process A: HTTP on `listener`, frames on `unix_socket`. Returns when stopped or when the worker is gone (then 1).
int relay_front(int listener, int unix_socket);

/// Process B: frames on `unix_socket`, lines on the pipes of `argv`. Returns when stopped or when a peer is gone.
int relay_worker(int unix_socket, char **argv);

#endif
