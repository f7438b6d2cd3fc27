// SPDX-License-Identifier: Apache-2.0
#include "db/sqlite.h"

#include "base/utf8.h"
#include "db/statement_error.h"

#include <deque>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace firn::db {

namespace {

/// How long SQLite itself waits for a lock; after that it is a Collision.
constexpr int kBusyMilliseconds = 5000;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// Ready for the next use when left.
class ResetWhenDone {
 public:
  explicit ResetWhenDone(sqlite3_stmt* statement) : statement_(statement) {}

  ResetWhenDone(const ResetWhenDone&) = delete;
  ResetWhenDone& operator=(const ResetWhenDone&) = delete;

  ~ResetWhenDone() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_;
};

Kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY
                 ? Kind::conflict
                 : Kind::invalid;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return Kind::resource;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Kind::permission;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return Kind::unavailable;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_MISMATCH:
      return Kind::invalid;
    case SQLITE_INTERRUPT:
      return Kind::cancelled;
    default:
      return Kind::internal;
  }
}

/// firn's own tables have a prefix here, where PostgreSQL has a schema.
std::string own_tables_prefixed(std::string_view sql) {
  constexpr std::string_view kSchema = "firn.";
  std::string result;
  for (auto at = sql.find(kSchema); at != std::string_view::npos; at = sql.find(kSchema)) {
    result.append(sql.substr(0, at)).append("firn_");
    sql.remove_prefix(at + kSchema.size());
  }
  return result.append(sql);
}

std::string shortest(double value) {
  return fmt::format("{}", value);
}

class SqliteConnection : public Connection {
 public:
  explicit SqliteConnection(std::string file) : file_(std::move(file)) { open(); }

  Engine engine() const override { return Engine::sqlite; }

  Rows execute_values(std::string_view sql, std::span<const Value> values) override;

  void post_values(std::string_view sql, std::span<const Value> values) override {
    outcomes_.push_back(execute_values(sql, values));
  }

  std::vector<Rows> flush() override { return std::exchange(outcomes_, {}); }

  void run_script(std::string_view sql) override;

  bool is_open() const override { return database_ != nullptr; }

  void reopen() override {
    close();
    open();
  }

  void listen(std::string_view channel) override { channels_.emplace(channel); }

  void notify(std::string_view channel, std::string_view payload) override;

  int notification_fd() const override { return -1; }

  std::vector<Notification> take_notifications() override { return std::exchange(heard_, {}); }

 private:
  void open();
  void close();
  sqlite3_stmt* prepared(std::string_view sql);
  void bind(sqlite3_stmt* statement, std::size_t number, const Value& value);
  [[noreturn]] void fail(std::string_view sql);

  std::string file_;
  Database database_;
  std::map<std::string, Statement, std::less<>> statements_;
  std::vector<Rows> outcomes_;
  /// Of the statement that runs.
  std::deque<std::string> texts_;
  std::set<std::string, std::less<>> channels_;
  /// Of the open transaction, and of those committed.
  std::vector<Notification> said_;
  std::vector<Notification> heard_;
};

void SqliteConnection::open() {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(file_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database_.reset(raw);
  if (code != SQLITE_OK) {
    const std::string reason = raw == nullptr ? "out of memory" : sqlite3_errmsg(raw);
    database_.reset();
    throw Error(kind_of(code), fmt::format("open SQLite database {}: {}", file_, reason));
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  try {
    run_script(
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; "
        "pragma recursive_triggers = on");
  } catch (Error& error) {
    close();
    error.add_context(fmt::format("opening SQLite database {}", file_));
    throw;
  }
}

void SqliteConnection::close() {
  outcomes_.clear();
  said_.clear();
  statements_.clear();
  database_.reset();
}

void SqliteConnection::fail(std::string_view sql) {
  const int code = sqlite3_extended_errcode(database_.get());
  const auto message = fmt::format("SQLite: {}", sqlite3_errmsg(database_.get()));
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
    throw while_running(sql, Collision(message));
  throw while_running(sql, Error(kind_of(code), message));
}

sqlite3_stmt* SqliteConnection::prepared(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end())
    return known->second.get();
  const auto text = own_tables_prefixed(sql);
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  if (sqlite3_prepare_v3(database_.get(),
                         text.data(),
                         static_cast<int>(text.size()),
                         SQLITE_PREPARE_PERSISTENT,
                         &statement,
                         &rest) != SQLITE_OK)
    fail(sql);
  Statement owner(statement);
  return statements_.emplace(sql, std::move(owner)).first->second.get();
}

void SqliteConnection::bind(sqlite3_stmt* statement, std::size_t number, const Value& value) {
  const int index = sqlite3_bind_parameter_index(statement, fmt::format("${}", number).c_str());
  if (index == 0) throw Bug(fmt::format("no ${} in \"{}\"", number, sqlite3_sql(statement)));
  const auto put = [&](const auto& v) {
    using T = std::decay_t<decltype(v)>;
    if constexpr (std::is_same_v<T, std::monostate>) {
      return sqlite3_bind_null(statement, index);
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return sqlite3_bind_int64(statement, index, v);
    } else if constexpr (std::is_same_v<T, double>) {
      return sqlite3_bind_double(statement, index, v);
    } else {
      const auto& text = texts_.emplace_back(to_clean_text(v));
      return sqlite3_bind_text64(
          statement, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
  };
  if (std::visit(put, value) != SQLITE_OK) fail(sqlite3_sql(statement));
}

void add_row(Rows& rows, sqlite3_stmt* statement) {
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const int type = sqlite3_column_type(statement, i);
    if (type == SQLITE_NULL) {
      rows.add_cell(std::nullopt);
    } else if (type == SQLITE_FLOAT) {
      rows.add_cell(shortest(sqlite3_column_double(statement, i)));
    } else {
      const auto* bytes = sqlite3_column_text(statement, i);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
      rows.add_cell(std::string_view(reinterpret_cast<const char*>(bytes), size));
    }
  }
}

Rows SqliteConnection::execute_values(std::string_view sql, std::span<const Value> values) {
  if (!database_) throw Error(Kind::unavailable, "the SQLite database is closed");
  auto* statement = prepared(sql);
  const ResetWhenDone reset(statement);
  texts_.clear();
  for (std::size_t i = 0; i < values.size(); ++i)
    bind(statement, i + 1, values[i]);
  std::vector<std::string> columns;
  columns.reserve(static_cast<std::size_t>(sqlite3_column_count(statement)));
  for (int i = 0; i < sqlite3_column_count(statement); ++i)
    columns.emplace_back(sqlite3_column_name(statement, i));
  Rows rows(sql, std::move(columns));
  int code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement))
    add_row(rows, statement);
  if (code != SQLITE_DONE) fail(sql);
  const bool is_question = sqlite3_stmt_readonly(statement) != 0;
  rows.set_affected(is_question ? static_cast<std::int64_t>(rows.size())
                                : sqlite3_changes(database_.get()));
  if (sql == "commit" || sql == "rollback") {
    if (sql == "commit") heard_.insert(heard_.end(), said_.begin(), said_.end());
    said_.clear();
  }
  return rows;
}

void SqliteConnection::run_script(std::string_view sql) {
  const auto text = own_tables_prefixed(sql);
  if (sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(sql);
}

void SqliteConnection::notify(std::string_view channel, std::string_view payload) {
  if (!channels_.contains(channel)) return;
  const bool is_in_transaction = sqlite3_get_autocommit(database_.get()) == 0;
  (is_in_transaction ? said_ : heard_)
      .push_back({.channel = std::string(channel), .payload = std::string(payload)});
}

}  // namespace

std::unique_ptr<Connection> connect_sqlite(const std::string& file) {
  return std::make_unique<SqliteConnection>(file);
}

}  // namespace firn::db
