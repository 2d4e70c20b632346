// libcurl through a table of function pointers that `dlopen` fills on first use: a process that makes no HTTP request
// never loads it. Only the distribution's header is compiled in. The wp_* functions also stand for variadic calls,
// which Swift cannot express.
#ifndef WARMPLANE_CCURL_H
#define WARMPLANE_CCURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdint.h>

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or newer is needed: CURLOPT_QUICK_EXIT lets a transfer end while its name is being resolved"
#endif

enum {
  WP_CURL_READY = 0,
  /// No `libcurl.so.4`, or one without TLS.
  WP_CURL_MISSING = 1,
  /// Older than the header requires.
  WP_CURL_OLD = 2,
};

/// Loads and initialises the library once per process, from any thread; afterwards only its result.
int wp_curl_load(void);

// Everything below needs WP_CURL_READY.

/// The loaded library's version, for example "7.88.1".
const char *wp_curl_version(void);
/// The same as a number, 0xMMmmpp.
unsigned int wp_curl_version_number(void);

CURL *wp_curl_easy_init(void);
void wp_curl_easy_cleanup(CURL *easy);
CURLcode wp_curl_pause(CURL *easy, int action);
const char *wp_curl_reason(CURLcode code);

CURLcode wp_curl_set_long(CURL *easy, CURLoption option, long value);
CURLcode wp_curl_set_size(CURL *easy, CURLoption option, curl_off_t value);
/// Strings are copied by the library; other pointers are not.
CURLcode wp_curl_set_pointer(CURL *easy, CURLoption option, const void *value);
CURLcode wp_curl_set_text(CURL *easy, CURLoption option, const char *value);

/// The callbacks of one transfer; `context` goes to each. Sockets are opened by `open_socket` and closed by
/// `close_socket`, whose `socket_context` must live as long as the multi handle, for connections outlive transfers.
void wp_curl_set_callbacks(CURL *easy, void *context, curl_write_callback header, curl_write_callback body,
                           curl_prereq_callback before_request, curl_opensocket_callback open_socket,
                           void *socket_context, curl_closesocket_callback close_socket);
/// Reports the progress of an upload from here on.
void wp_curl_set_progress(CURL *easy, curl_xferinfo_callback progress);

/// 0 when the library does not know it.
long wp_curl_get_long(CURL *easy, CURLINFO info);
curl_off_t wp_curl_get_size(CURL *easy, CURLINFO info);

/// Appends a copy of `line`; null when memory is short, and `list` is still the caller's then.
struct curl_slist *wp_curl_append(struct curl_slist *list, const char *line);
void wp_curl_free_list(struct curl_slist *list);

CURLM *wp_curl_multi_init(void *context, curl_socket_callback socket, curl_multi_timer_callback timer);
void wp_curl_multi_cleanup(CURLM *multi);
CURLMcode wp_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode wp_curl_multi_add(CURLM *multi, CURL *easy);
CURLMcode wp_curl_multi_remove(CURLM *multi, CURL *easy);
CURLMcode wp_curl_multi_action(CURLM *multi, curl_socket_t socket, int events);
/// The next transfer that has ended, and how; null when there is none.
CURL *wp_curl_multi_next_done(CURLM *multi, CURLcode *result);

#endif
