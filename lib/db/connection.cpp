// SQLite connections. Nested queries of the same text are legal: a busy statement is prepared a second time.
#include "db/connection.h"

#include <sqlite3.h>

#include <cerrno>

#include "base/strings.h"

namespace db {

namespace {

// Synchronous FULL: an acknowledged write survives power loss. The page cache stays small, the kernel caches the file anyway.
constexpr const char* kSettings =
    "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA cache_size=-256; PRAGMA temp_store=MEMORY;"
    "PRAGMA journal_size_limit=1048576;";
constexpr int kBusyTimeoutMs = 5000;

Result<> bind(sqlite3_stmt* statement, int index, const Value& value) {
  int code = std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) return sqlite3_bind_null(statement, index);
        if constexpr (std::is_same_v<T, int64_t>) return sqlite3_bind_int64(statement, index, v);
        if constexpr (std::is_same_v<T, double>) return sqlite3_bind_double(statement, index, v);
        if constexpr (std::is_same_v<T, std::string>)
          return sqlite3_bind_text(statement, index, v.data(), static_cast<int>(v.size()), SQLITE_STATIC);
      },
      value);
  if (code != SQLITE_OK) return Failure(sqlite_error(sqlite3_db_handle(statement), code, sqlite3_sql(statement)));
  return {};
}

/// Resets on scope exit, so that an abandoned cursor never holds its read lock.
struct Reset {
  sqlite3_stmt* statement;
  ~Reset() {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

Result<> bind_all(sqlite3_stmt* statement, const Values& values) {
  int expected = sqlite3_bind_parameter_count(statement);
  if (static_cast<size_t>(expected) != values.size())
    return fail(Code::internal, "Statement wants {} values, got {}: {}", expected, values.size(), sqlite3_sql(statement));
  for (size_t i = 0; i < values.size(); ++i) TRY(bind(statement, static_cast<int>(i) + 1, values[i]));
  return {};
}

}  // namespace

Error sqlite_error(sqlite3* handle, int code, std::string_view what) {
  std::string message = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  int primary = code & 0xff;
  if (primary == SQLITE_FULL) {
    return Error(Code::unavailable, "The database's file system is full, free some space and retry: " + message, ENOSPC);
  }
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) return Error(Code::conflict, message);
  if (primary == SQLITE_BUSY) return Error(Code::locked, message);
  if (primary == SQLITE_ERROR) return Error(Code::invalid, message);
  return Error(Code::internal, std::format("{} ({})", message, what.substr(0, 120)));
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, bool read_only) {
  std::unique_ptr<Connection> connection(new Connection);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (read_only ? 0 : SQLITE_OPEN_CREATE);
  int code = sqlite3_open_v2(path.c_str(), &connection->handle_, flags, nullptr);
  if (code != SQLITE_OK) return Failure(sqlite_error(connection->handle_, code, path).wrap("Failed opening database " + quote(path)));
  sqlite3_extended_result_codes(connection->handle_, 1);
  sqlite3_busy_timeout(connection->handle_, kBusyTimeoutMs);
  TRY(connection->script(kSettings));
  if (read_only) TRY(connection->script("PRAGMA query_only=ON"));
  if (!read_only && path != ":memory:") TRY(connection->script("PRAGMA journal_mode=WAL"));
  return connection;
}

Connection::~Connection() {
  for (Cached& cached : recent_) sqlite3_finalize(cached.statement);
  sqlite3_close(handle_);
}

Result<sqlite3_stmt*> Connection::prepare(std::string_view sql) {
  if (auto found = index_.find(sql); found != index_.end() && !sqlite3_stmt_busy(found->second->statement)) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front().statement;
  }
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Failure(sqlite_error(handle_, code, sql));
  if (!statement) return fail(Code::invalid, "Empty SQL statement");
  recent_.push_front({std::string(sql), statement});
  index_.erase(recent_.front().sql);  // not insert_or_assign: that would keep a key that points into the older entry
  index_.emplace(recent_.front().sql, recent_.begin());
  for (auto last = recent_.end(); recent_.size() > kCachedStatements && last != recent_.begin();) {
    --last;
    if (sqlite3_stmt_busy(last->statement)) continue;
    if (auto entry = index_.find(last->sql); entry != index_.end() && entry->second == last) index_.erase(entry);
    sqlite3_finalize(last->statement);
    last = recent_.erase(last);
  }
  return statement;
}

Result<> Connection::script(std::string_view sql) {
  const char* rest = sql.data();
  const char* end = sql.data() + sql.size();
  while (rest < end) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(handle_, rest, static_cast<int>(end - rest), &statement, &rest);
    if (code != SQLITE_OK) return Failure(sqlite_error(handle_, code, sql));
    if (!statement) continue;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    }
    std::unexpected<Error> failure(code == SQLITE_DONE ? Error(Code::internal, "") : sqlite_error(handle_, code, sql));
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) return failure;
  }
  return {};
}

int64_t Connection::total_changes() const { return sqlite3_total_changes64(handle_); }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<int64_t> ConnectionTx::exec(std::string_view sql, const Values& values) {
  sqlite3_stmt* statement = TRY(connection_.prepare(sql));
  Reset reset{statement};
  TRY(bind_all(statement, values));
  int64_t before = connection_.total_changes();
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
  }
  if (code != SQLITE_DONE) return Failure(sqlite_error(connection_.handle(), code, sql));
  // sqlite3_changes() keeps the previous statement's count where this one changes nothing by nature (DDL, SELECT).
  return connection_.total_changes() == before ? 0 : sqlite3_changes64(connection_.handle());
}

Result<int64_t> ConnectionTx::insert(std::string_view sql, const Values& values) {
  TRY(exec(sql, values));
  return sqlite3_last_insert_rowid(connection_.handle());
}

Result<> ConnectionTx::query(std::string_view sql, const Values& values, const std::function<Result<>(const Row&)>& each) {
  sqlite3_stmt* statement = TRY(connection_.prepare(sql));
  Reset reset{statement};
  TRY(bind_all(statement, values));
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) TRY(each(Row(statement)));
  if (code != SQLITE_DONE) return Failure(sqlite_error(connection_.handle(), code, sql));
  return {};
}

Result<std::vector<std::string>> ConnectionTx::column_names(std::string_view sql) {
  sqlite3_stmt* statement = TRY(connection_.prepare(sql));
  std::vector<std::string> names;
  for (int column = 0; column < sqlite3_column_count(statement); ++column) names.emplace_back(sqlite3_column_name(statement, column));
  return names;
}

Result<> ConnectionTx::script(std::string_view sql) { return connection_.script(sql); }

}  // namespace db
