// Stdio mode of the load client: tools/call over the pipes of an upstream, `connections` of them in flight.

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "buffer.h"
#include "load.h"

static int to_upstream, from_upstream;
static struct buffer in, out;

static pid_t start(char **argv) {
  int request[2], answer[2];
  if (pipe2(request, O_CLOEXEC) || pipe2(answer, O_CLOEXEC)) die("pipe2");
  pid_t parent = getpid(), child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(request[0], 0);
    dup2(answer[1], 1);
    signal(SIGPIPE, SIG_DFL);
    execv(argv[0], argv);
    perror(argv[0]);
    _exit(127);
  }
  close(request[0]);
  close(answer[1]);
  to_upstream = request[1];
  from_upstream = answer[0];
  return child;
}

/// Ids are the slot and the running number: slot = id % connections, so an answer finds its clock without a table.
static void append_call(uint64_t id) {
  char line[160];
  snprintf(line, sizeof line,
           "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":"
           "{\"text\":\"hi\"}}}\n",
           (unsigned long long)id);
  buffer_text(&out, line);
}

/// Returns the next line without its line feed, or NULL when the upstream ended. Valid until the next call.
static const char *next_line(struct load *l, size_t *length) {
  static size_t taken;
  if (taken) buffer_consume(&in, taken);
  taken = 0;
  for (;;) {
    char *feed = buffer_count(&in) ? memchr(buffer_bytes(&in), '\n', buffer_count(&in)) : NULL;
    if (feed) {
      *length = (size_t)(feed - buffer_bytes(&in));
      taken = *length + 1;
      return buffer_bytes(&in);
    }
    // Everything that the last read allowed us to send leaves in one write, before we sleep.
    if (buffer_count(&out) && buffer_flush(&out, to_upstream) == IO_CLOSED) return NULL;
    size_t before = buffer_count(&in);
    if (buffer_fill(&in, from_upstream, 64 << 10) == IO_CLOSED) return NULL;
    l->bytes += buffer_count(&in) - before;
  }
}

static bool read_id(const char *line, size_t length, uint64_t *id) {
  const char *p = memmem(line, length, "\"id\":", 5);
  if (!p) return false;
  *id = 0;
  for (p += 5; *p >= '0' && *p <= '9'; p++) *id = *id * 10 + (uint64_t)(*p - '0');
  return p[-1] != ':';
}

void load_stdio(struct load *l) {
  uint64_t window = (uint64_t)l->connections, last = 0, id;
  uint64_t *sent = calloc(window, sizeof *sent);
  size_t length;
  const char *line;
  if (!sent) die("calloc");
  pid_t child = start(l->argv);
  buffer_text(&out,
              "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
              "\"capabilities\":{},\"clientInfo\":{\"name\":\"load\",\"version\":\"1\"}}}\n");
  if (!(line = next_line(l, &length)) || !memmem(line, length, "\"result\"", 8)) {
    fprintf(stderr, "no result for initialize\n");
    exit(1);
  }
  buffer_text(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
  load_begin(l);
  for (uint64_t i = 0; i < window; i++) {
    append_call(++last);
    sent[last % window] = load_now();
  }
  while ((line = next_line(l, &length))) {
    if (!read_id(line, length, &id)) continue;
    bool good = memmem(line, length, "\"result\"", 8) != NULL;
    if (!load_completed(l, sent[id % window], good)) break;
    append_call(id + window);
    sent[id % window] = load_now();
  }
  if (!line) {
    l->aborted = "the upstream ended";
    l->errors++;
  }
  close(to_upstream);
  close(from_upstream);
  kill(child, SIGTERM);
  waitpid(child, NULL, 0);
}
