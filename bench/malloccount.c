// LD_PRELOAD shim that counts allocations of a running process from outside: the counters live in a file
// `$MALLOCCOUNT_DIR/<pid>` that the process maps and the bench reads (struct counters, native byte order).
// A process that replaces itself by exec starts again at zero. Statically linked Swift still calls libc's malloc.

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct counters {
  _Atomic uint64_t allocations;  // malloc, calloc, aligned ones, and realloc (which may move, so it counts)
  _Atomic uint64_t frees;
  _Atomic uint64_t bytes;  // asked for
};

// glibc's own entries: no dlsym, which would itself allocate.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static struct counters before_start;  // used until the file is mapped, and when it cannot be
static struct counters *_Atomic counters = &before_start;

__attribute__((constructor)) static void map_counters(void) {
  const char *directory = getenv("MALLOCCOUNT_DIR");
  char path[4096];
  if (!directory || snprintf(path, sizeof path, "%s/%d", directory, (int)getpid()) >= (int)sizeof path) return;
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  if (ftruncate(fd, sizeof(struct counters)) == 0) {
    void *map = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) atomic_store(&counters, (struct counters *)map);
  }
  close(fd);
}

static void note(size_t bytes) {
  struct counters *c = atomic_load_explicit(&counters, memory_order_relaxed);
  atomic_fetch_add_explicit(&c->allocations, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&c->bytes, bytes, memory_order_relaxed);
}

void *malloc(size_t size) {
  note(size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note(count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  note(size);
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) || alignment & (alignment - 1) || alignment == 0) return EINVAL;
  void *memory = memalign(alignment, size);
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}

void free(void *memory) {
  if (memory) {
    struct counters *c = atomic_load_explicit(&counters, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->frees, 1, memory_order_relaxed);
  }
  __libc_free(memory);
}
