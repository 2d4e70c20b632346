// libmicrohttpd and the wp_* functions for what Swift cannot call: its variadic functions.
#ifndef WARMPLANE_CMICROHTTPD_H
#define WARMPLANE_CMICROHTTPD_H
#include <microhttpd.h>

/// Called with the request target as it came, before the library decodes and cuts it; the result becomes the request's
/// context.
typedef void *(*wp_target_callback)(void *cls, const char *target, struct MHD_Connection *connection);
/// Undoes percent-encoding in place and returns the new length.
typedef size_t (*wp_unescape_callback)(void *cls, struct MHD_Connection *connection, char *text);

/// MHD_start_daemon on a listening socket, without threads: epoll, suspend and resume. `cls` goes to every callback.
/// Null on failure; the socket is the caller's then.
static inline struct MHD_Daemon *wp_http_start(int listener, unsigned int connections, size_t connection_memory,
                                               unsigned int stall_seconds, MHD_AccessHandlerCallback handler,
                                               MHD_RequestCompletedCallback completed,
                                               MHD_NotifyConnectionCallback connection_changed,
                                               wp_target_callback target, wp_unescape_callback unescape, void *cls) {
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handler, cls,
                          MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listener,
                          MHD_OPTION_CONNECTION_LIMIT, connections,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory,
                          MHD_OPTION_CONNECTION_TIMEOUT, stall_seconds,
                          MHD_OPTION_NOTIFY_COMPLETED, completed, cls,
                          MHD_OPTION_NOTIFY_CONNECTION, connection_changed, cls,
                          MHD_OPTION_URI_LOG_CALLBACK, target, cls,
                          MHD_OPTION_UNESCAPE_CALLBACK, unescape, cls,
                          MHD_OPTION_END);
}

/// The epoll descriptor that is readable when MHD_run has work; -1 without one. The daemon owns it.
static inline int wp_http_epoll(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
}

/// The connection's socket, which the daemon owns; -1 without one.
static inline int wp_http_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

/// What the connection callback stored as the connection's context.
static inline void *wp_http_context(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

#endif
