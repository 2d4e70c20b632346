// What both upstreams of the bench say: just enough of MCP, revision 2025-11-25, with one tool that answers `ok`.
#ifndef BENCH_MCP_H
#define BENCH_MCP_H

#include "buffer.h"

struct slice {
  const char *bytes;
  size_t count;
};

/// What the server must know of a message: the raw tokens of `id` and `method`, at the top level only.
struct message {
  struct slice id, method;
};

static inline const char *skip_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
  return p;
}

/// `p` is behind the opening quote; returns the closing one, or `end`.
static inline const char *string_end(const char *p, const char *end) {
  while (p < end && *p != '"') p += *p == '\\' ? 2 : 1;
  return p < end ? p : end;
}

/// Returns the first byte behind the value at `p`. Brackets are counted, not matched: the peer is ours.
static inline const char *value_end(const char *p, const char *end) {
  int depth = 0;
  for (; p < end; p++) {
    if (*p == '"')
      p = string_end(p + 1, end);
    else if (*p == '{' || *p == '[')
      depth++;
    else if (depth > 0 && (*p == '}' || *p == ']'))
      depth--;
    else if (depth == 0 && (*p == ',' || *p == '}' || *p == ' ' || *p == '\t' || *p == '\r'))
      return p;
  }
  return end;
}

static inline bool scan(const char *p, const char *end, struct message *m) {
  *m = (struct message){0};
  p = skip_space(p, end);
  if (p == end || *p++ != '{') return false;
  while ((p = skip_space(p, end)) < end && *p == '"') {
    const char *key = p + 1;
    const char *key_end = string_end(key, end);
    if (key_end == end) return false;
    p = skip_space(key_end + 1, end);
    if (p == end || *p != ':') return false;
    const char *value = skip_space(p + 1, end);
    p = value_end(value, end);
    struct slice token = {value, (size_t)(p - value)};
    size_t length = (size_t)(key_end - key);
    if (length == 2 && !memcmp(key, "id", 2)) m->id = token;
    if (length == 6 && !memcmp(key, "method", 6)) m->method = token;
    p = skip_space(p, end);
    if (p < end && *p == ',') p++;
  }
  return p < end && *p == '}';
}

static inline bool is(struct slice s, const char *quoted) {
  return s.count == strlen(quoted) && !memcmp(s.bytes, quoted, s.count);
}

static inline void append_tools(struct buffer *list, int count) {
  static const char schema[] =
      "\"inputSchema\":{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]}}";
  buffer_text(list, "{\"tools\":[{\"name\":\"echo\",\"description\":\"Answers ok.\",");
  buffer_text(list, schema);
  for (int i = 2; i <= count; i++) {
    char head[96];
    snprintf(head, sizeof head, ",{\"name\":\"echo_%d\",\"description\":\"Answers ok, number %d.\",", i, i);
    buffer_text(list, head);
    buffer_text(list, schema);
  }
  buffer_text(list, "]}");
}

/// Appends the answer to a request, without a line feed; nothing for a notification or an answer.
static inline void answer(struct buffer *out, const struct message *m, const struct buffer *tools) {
  if (m->id.count == 0 || m->method.count == 0) return;  // a notification or an answer: nothing to say
  buffer_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
  buffer_append(out, m->id.bytes, m->id.count);
  if (is(m->method, "\"tools/call\"")) {
    buffer_text(out, ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"ok\"}]}}");
  } else if (is(m->method, "\"tools/list\"")) {
    buffer_text(out, ",\"result\":");
    buffer_append(out, buffer_bytes(tools), buffer_count(tools));
    buffer_text(out, "}");
  } else if (is(m->method, "\"ping\"")) {
    buffer_text(out, ",\"result\":{}}");
  } else if (is(m->method, "\"initialize\"")) {
    buffer_text(out,
                ",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
                "\"serverInfo\":{\"name\":\"bench-upstream\",\"version\":\"1\"}}}");
  } else {
    buffer_text(out, ",\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}");
  }
}

#endif
