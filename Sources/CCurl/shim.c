#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

// The easy and multi functions that are used, as the header declares them.
#define FUNCTIONS(F) \
  F(curl_global_init) \
  F(curl_version_info) \
  F(curl_easy_init) \
  F(curl_easy_cleanup) \
  F(curl_easy_pause) \
  F(curl_easy_strerror) \
  F(curl_easy_setopt) \
  F(curl_easy_getinfo) \
  F(curl_slist_append) \
  F(curl_slist_free_all) \
  F(curl_multi_init) \
  F(curl_multi_cleanup) \
  F(curl_multi_setopt) \
  F(curl_multi_add_handle) \
  F(curl_multi_remove_handle) \
  F(curl_multi_socket_action) \
  F(curl_multi_info_read)

static struct {
#define MEMBER(name) __typeof__(&name) name;
  FUNCTIONS(MEMBER)
#undef MEMBER
} table;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int state = WP_CURL_MISSING;
static const char *version = "";
static unsigned int version_number = 0;

static void load(void) {
  // Never unloaded: its TLS library registers work for the end of the process.
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
#define FIND(name) \
  table.name = (__typeof__(&name))dlsym(library, #name); \
  if (!table.name) return;
  FUNCTIONS(FIND)
#undef FIND
  if (table.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return;
  curl_version_info_data *info = table.curl_version_info(CURLVERSION_NOW);
  if (!info || !(info->features & CURL_VERSION_SSL)) return;
  version = info->version;
  version_number = info->version_num;
  state = info->version_num < 0x075700 ? WP_CURL_OLD : WP_CURL_READY;
}

int wp_curl_load(void) {
  pthread_once(&once, load);
  return state;
}

const char *wp_curl_version(void) { return version; }
unsigned int wp_curl_version_number(void) { return version_number; }

CURL *wp_curl_easy_init(void) { return table.curl_easy_init(); }
void wp_curl_easy_cleanup(CURL *easy) { table.curl_easy_cleanup(easy); }
CURLcode wp_curl_pause(CURL *easy, int action) { return table.curl_easy_pause(easy, action); }
const char *wp_curl_reason(CURLcode code) { return table.curl_easy_strerror(code); }

CURLcode wp_curl_set_long(CURL *easy, CURLoption option, long value) {
  return table.curl_easy_setopt(easy, option, value);
}

CURLcode wp_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return table.curl_easy_setopt(easy, option, value);
}

CURLcode wp_curl_set_pointer(CURL *easy, CURLoption option, const void *value) {
  return table.curl_easy_setopt(easy, option, value);
}

CURLcode wp_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return table.curl_easy_setopt(easy, option, value);
}

void wp_curl_set_callbacks(CURL *easy, void *context, curl_write_callback header, curl_write_callback body,
                           curl_prereq_callback before_request, curl_opensocket_callback open_socket,
                           void *socket_context, curl_closesocket_callback close_socket) {
  table.curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
  table.curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
  table.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
  table.curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
  table.curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
  table.curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
  table.curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  table.curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
  table.curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  table.curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, socket_context);
  table.curl_easy_setopt(easy, CURLOPT_XFERINFODATA, context);
}

void wp_curl_set_progress(CURL *easy, curl_xferinfo_callback progress) {
  table.curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, progress);
  table.curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
}

long wp_curl_get_long(CURL *easy, CURLINFO info) {
  long value = 0;
  return table.curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

curl_off_t wp_curl_get_size(CURL *easy, CURLINFO info) {
  curl_off_t value = 0;
  return table.curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

struct curl_slist *wp_curl_append(struct curl_slist *list, const char *line) {
  return table.curl_slist_append(list, line);
}

void wp_curl_free_list(struct curl_slist *list) { table.curl_slist_free_all(list); }

CURLM *wp_curl_multi_init(void *context, curl_socket_callback socket, curl_multi_timer_callback timer) {
  CURLM *multi = table.curl_multi_init();
  if (!multi) return NULL;
  table.curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
  table.curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
  table.curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
  table.curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
  return multi;
}

void wp_curl_multi_cleanup(CURLM *multi) { table.curl_multi_cleanup(multi); }

CURLMcode wp_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return table.curl_multi_setopt(multi, option, value);
}

CURLMcode wp_curl_multi_add(CURLM *multi, CURL *easy) { return table.curl_multi_add_handle(multi, easy); }
CURLMcode wp_curl_multi_remove(CURLM *multi, CURL *easy) { return table.curl_multi_remove_handle(multi, easy); }

CURLMcode wp_curl_multi_action(CURLM *multi, curl_socket_t socket, int events) {
  int running;
  return table.curl_multi_socket_action(multi, socket, events, &running);
}

CURL *wp_curl_multi_next_done(CURLM *multi, CURLcode *result) {
  int left;
  CURLMsg *message;
  while ((message = table.curl_multi_info_read(multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}
