// One SQLite connection: settings, prepared-statement cache, and SQLite's result codes as our errors. Not thread-safe.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "db/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace db {

/// SQLite's message of the last failure on `handle`; unique violations are conflict, a full disk says so.
Error sqlite_error(sqlite3* handle, int code, std::string_view what);

class Connection {
 public:
  /// Errors: internal. `path` may be ":memory:".
  static Result<std::unique_ptr<Connection>> open(const std::string& path, bool read_only);
  ~Connection();
  Connection(const Connection&) = delete;

  sqlite3* handle() const { return handle_; }
  /// A reset statement with no bindings; owned by the cache. Errors: invalid (bad SQL).
  Result<sqlite3_stmt*> prepare(std::string_view sql);
  /// Runs every statement of `sql`, results ignored.
  Result<> script(std::string_view sql);
  int64_t total_changes() const;
  /// True inside BEGIN … COMMIT. SQLite itself rolls back on some errors (disk full), so callers must ask.
  bool in_transaction() const;

 private:
  Connection() = default;
  static constexpr size_t kCachedStatements = 96;
  struct Cached {
    std::string sql;
    sqlite3_stmt* statement;
  };

  sqlite3* handle_ = nullptr;
  std::list<Cached> recent_;  ///< most recently used first
  std::unordered_map<std::string_view, std::list<Cached>::iterator> index_;
};

/// A Tx on one connection; the caller has begun the transaction.
class ConnectionTx final : public Tx {
 public:
  explicit ConnectionTx(Connection& connection) : connection_(connection) {}
  Result<int64_t> exec(std::string_view sql, const Values& values) override;
  Result<int64_t> insert(std::string_view sql, const Values& values) override;
  Result<> query(std::string_view sql, const Values& values, const std::function<Result<>(const Row&)>& each) override;
  Result<> script(std::string_view sql) override;
  Result<std::vector<std::string>> column_names(std::string_view sql) override;

 private:
  Connection& connection_;
};

}  // namespace db
