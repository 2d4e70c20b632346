// SQLite and the wp_* functions for what Swift cannot express: a variadic call and the macro SQLITE_TRANSIENT.
#ifndef WARMPLANE_CSQLITE_H
#define WARMPLANE_CSQLITE_H
#include <sqlite3.h>
#include <stddef.h>

/// SQLITE_DBCONFIG_DEFENSIVE and no SQL functions or views of the file's own schema: the file may be anybody's.
static inline int wp_sqlite_distrust(sqlite3 *database) {
  int result = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
  if (result != SQLITE_OK) return result;
  return sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
}

/// Binds a copy of the bytes; an empty blob stays a blob and does not become NULL.
static inline int wp_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, size_t count) {
  if (count == 0) return sqlite3_bind_zeroblob(statement, index, 0);
  return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/// Binds a copy of UTF-8 text; NUL bytes inside are kept.
static inline int wp_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, size_t count) {
  return sqlite3_bind_text64(statement, index, count == 0 ? "" : text, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

#endif
