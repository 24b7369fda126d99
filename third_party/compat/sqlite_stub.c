/* Extensions of SQLite that Debian's archive registers and no query here uses: full text search and R-trees. Each of these would register one; 0 is SQLITE_OK. */
#define ABSENT(name) \
  int name(void *database) { return database == 0; }
ABSENT(sqlite3Fts3Init) ABSENT(sqlite3Fts5Init) ABSENT(sqlite3RtreeInit)

/* Trigonometry of SQL (scripts/cmake/sqlite3.symbols sends its references here): the machine-specific versions of it in libm are larger than SQLite's B-trees.
 * Not a number is NULL in SQL. */
#define NOT_A_NUMBER(name) \
  double sqlite_no_##name(void) { return __builtin_nan(""); }
NOT_A_NUMBER(acos) NOT_A_NUMBER(acosh) NOT_A_NUMBER(asin) NOT_A_NUMBER(asinh) NOT_A_NUMBER(atan) NOT_A_NUMBER(atan2)
NOT_A_NUMBER(atanh) NOT_A_NUMBER(cos) NOT_A_NUMBER(cosh) NOT_A_NUMBER(sin) NOT_A_NUMBER(sinh) NOT_A_NUMBER(tan) NOT_A_NUMBER(tanh)
