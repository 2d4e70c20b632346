// warmplane-exec: starts an upstream MCP server in a clean process and becomes it.
//
// posix_spawn cannot do these things to the child, and Swift may run no code between fork and exec. So the worker spawns
// this helper, which arranges its own process and then execs the server: the process id stays the same throughout.
//
// The server must not outlive its worker (PR_SET_PDEATHSIG), must not inherit signal state, descriptors or the
// worker's terminal, and must leave no core file, because a core holds the secrets of its environment.

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  EXIT_USAGE = 2,
  EXIT_ORPHAN = 124,         // the parent was gone before the death signal was armed
  EXIT_BAD_DIRECTORY = 125,  // --cwd
  EXIT_CANNOT_RUN = 126,     // found but not executable, or the process could not be arranged
  EXIT_NOT_FOUND = 127,      // as in a shell
};

struct options {
  pid_t parent;            // 0: not checked
  const char *directory;   // NULL: stay
  rlim_t core_limit;       // bytes
  rlim_t nofile;           // RLIM_INFINITY: leave as it is
  bool session;
};

// Writes one line and exits. The line is one write, so that lines of several processes on one pipe do not mix; control
// characters become '?', so that a server's name cannot break the line.
static _Noreturn void fail(int status, const char *what, const char *name, int error) {
  char line[1024];
  int length = snprintf(line, sizeof line - 1, "warmplane-exec: %s%.900s: %s", what, name, strerror(error));
  if (length > (int)sizeof line - 2) length = (int)sizeof line - 2;
  for (int i = 0; i < length; i++) {
    if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) line[i] = '?';
  }
  line[length] = '\n';
  ssize_t ignored = write(STDERR_FILENO, line, (size_t)length + 1);
  (void)ignored;
  _exit(status);
}

static _Noreturn void usage(void) {
  fputs(
    "usage: warmplane-exec [--parent PID] [--cwd DIR] [--core-limit BYTES] [--nofile N] [--no-session] -- COMMAND…\n",
    stderr);
  exit(EXIT_USAGE);
}

// A decimal number up to `limit`, and nothing else; strtoull alone accepts blanks, signs and an empty string.
static unsigned long long number(const char *text, unsigned long long limit) {
  if (*text == '\0' || text[strspn(text, "0123456789")] != '\0') usage();
  errno = 0;
  unsigned long long value = strtoull(text, NULL, 10);
  if (errno != 0 || value > limit) usage();
  return value;
}

static struct options parse(int argc, char **argv) {
  static const struct option table[] = {
    {"parent", required_argument, NULL, 'p'},
    {"cwd", required_argument, NULL, 'd'},
    {"core-limit", required_argument, NULL, 'c'},
    {"nofile", required_argument, NULL, 'n'},
    {"no-session", no_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
  };
  struct options options = {.core_limit = 0, .nofile = RLIM_INFINITY, .session = true};
  int letter;
  // "+" stops at the first operand, so the server's own flags are never taken for ours.
  while ((letter = getopt_long(argc, argv, "+", table, NULL)) != -1) {
    switch (letter) {
      case 'p': options.parent = (pid_t)number(optarg, 1 << 30); break;
      case 'd': options.directory = optarg; break;
      case 'c': options.core_limit = number(optarg, RLIM_INFINITY - 1); break;
      case 'n': options.nofile = number(optarg, 1 << 30); break;
      case 's': options.session = false; break;
      default: usage();
    }
  }
  // The separator is required: without it a mistyped flag could become the command.
  if (optind >= argc || strcmp(argv[optind - 1], "--") != 0) usage();
  return options;
}

// Ignored and blocked signals survive exec; the worker blocks those it reads by signalfd. The system call is used
// directly, because glibc's function refuses the two signals it keeps for its threads, and an all-zero structure means
// "default" on every architecture. SIGKILL and SIGSTOP cannot be changed; their error does not matter.
static void reset_signals(void) {
  static const unsigned long standard[8];
  for (int signal = 1; signal < NSIG; signal++) syscall(SYS_rt_sigaction, signal, standard, NULL, (NSIG - 1) / 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// A session of its own: no signals from a terminal, and the whole tree can be found by its session id. It is no error
// to be the leader already.
static void start_session(void) {
  if (setsid() == -1 && getsid(0) != getpid()) fail(EXIT_CANNOT_RUN, "cannot start a ", "session", errno);
}

// Never above the hard limit, so that only a lowered hard limit (hard = true) cannot be undone by the server.
static void set_limit(__rlimit_resource_t resource, const char *name, rlim_t value, bool hard) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) fail(EXIT_CANNOT_RUN, "cannot read limit ", name, errno);
  limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
  if (hard) limit.rlim_max = limit.rlim_cur;
  if (setrlimit(resource, &limit) != 0) fail(EXIT_CANNOT_RUN, "cannot set limit ", name, errno);
}

// Everything but the three standard descriptors. Kernels before 5.9, and some sandboxes, refuse close_range.
static void close_descriptors(void) {
  if (close_range(3, ~0U, 0) == 0) return;
  long end = sysconf(_SC_OPEN_MAX);
  for (int descriptor = 3; descriptor < end; descriptor++) close(descriptor);
}

int main(int argc, char **argv) {
  struct options options = parse(argc, argv);
  char **command = argv + optind;

  // Arm first, then look: a parent that died in between has left us to another process.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(EXIT_CANNOT_RUN, "cannot arm the ", "parent death signal", errno);
  if (options.parent != 0 && getppid() != options.parent) _exit(EXIT_ORPHAN);

  reset_signals();
  if (options.session) start_session();
  if (options.directory != NULL && chdir(options.directory) != 0) {
    fail(EXIT_BAD_DIRECTORY, "cannot enter directory ", options.directory, errno);
  }
  close_descriptors();  // before the limit on descriptors is lowered: sysconf reports that limit
  set_limit(RLIMIT_CORE, "core", options.core_limit, true);
  if (options.nofile != RLIM_INFINITY) set_limit(RLIMIT_NOFILE, "nofile", options.nofile, false);

  execvp(command[0], command);
  fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "cannot run ", command[0], errno);
}
