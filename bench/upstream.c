// The fastest reasonable stdio MCP server: one thread, blocking reads; all lines of one read are answered by one write.
// It is what "directly to the same upstream" talks to and what the relay and warmplane stand in front of.
//
//   upstream [--tools N]     N tools in tools/list (default 1: `echo`)

#include "mcp.h"

int main(int argc, char **argv) {
  int tool_count = 1;
  if (argc == 3 && !strcmp(argv[1], "--tools")) {
    tool_count = atoi(argv[2]);
  } else if (argc != 1) {
    fprintf(stderr, "usage: upstream [--tools N]\n");
    return 2;
  }
  struct buffer in = {0}, out = {0}, tools = {0};
  append_tools(&tools, tool_count);
  size_t seen = 0;  // bytes of an unfinished line that hold no line feed
  for (;;) {
    enum io io = buffer_fill(&in, 0, 64 << 10);
    if (io == IO_CLOSED) return 0;
    char *feed;
    while ((feed = memchr(buffer_bytes(&in) + seen, '\n', buffer_count(&in) - seen))) {
      struct message m;
      const char *line = buffer_bytes(&in);
      if (scan(line, feed, &m)) {
        size_t before = buffer_count(&out);
        answer(&out, &m, &tools);
        if (buffer_count(&out) > before) buffer_text(&out, "\n");
      }
      buffer_consume(&in, (size_t)(feed - line) + 1);
      seen = 0;
      if (buffer_count(&in) == 0) break;
    }
    seen = buffer_count(&in);
    if (buffer_count(&out) && buffer_flush(&out, 1) == IO_CLOSED) return 0;
  }
}
