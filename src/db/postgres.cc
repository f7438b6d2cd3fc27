// SPDX-License-Identifier: Apache-2.0
#include "db/postgres.h"

#include "base/utf8.h"
#include "db/address.h"
#include "db/leadership.h"
#include "db/statement_error.h"

#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace firn::db {

namespace {

/// What each session sets: no statement and no idle transaction outlives a minute, and the server
/// frees our locks some 9 s after our host vanished, as we give a server up that did.
constexpr std::string_view kSettings =
    "set statement_timeout = '60s'; set idle_in_transaction_session_timeout = '60s'; "
    "set client_min_messages = error; set standard_conforming_strings = on; "
    "set tcp_keepalives_idle = 3; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3; "
    "set tcp_user_timeout = 9000";

struct CloseSession {
  void operator()(PGconn* session) const { PQfinish(session); }
};

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

struct FreeNotification {
  void operator()(PGnotify* notification) const { PQfreemem(notification); }
};

using Session = std::unique_ptr<PGconn, CloseSession>;
using Result = std::unique_ptr<PGresult, ClearResult>;
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;
using RawNotification = std::unique_ptr<PGnotify, FreeNotification>;

/// libpq's words, which may fill several lines, as one.
std::string one_line(const char* text) {
  std::string result;
  for (const char c : std::string_view(text == nullptr ? "" : text)) {
    const bool is_space = c == '\n' || c == '\t' || c == ' ';
    if (!is_space) result += c;
    if (is_space && !result.empty() && result.back() != ' ') result += ' ';
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

Kind kind_of(std::string_view state) {
  if (state.starts_with("08") || state.starts_with("57P") || state == "53300")
    return Kind::unavailable;
  if (state == "23505") return Kind::conflict;
  if (state == "57014") return Kind::timeout;
  if (state == "42501" || state.starts_with("28") || state == "25006") return Kind::permission;
  if (state == "3D000" || state == "42P01" || state == "3F000") return Kind::not_found;
  if (state.starts_with("22") || state.starts_with("23") || state.starts_with("54") ||
      state.starts_with("P0"))
    return Kind::invalid;
  if (state.starts_with("53") || state.starts_with("58")) return Kind::resource;
  return Kind::internal;
}

[[noreturn]] void throw_failure(const PGresult* result, std::string_view sql) {
  const auto field = [&](int code) { return one_line(PQresultErrorField(result, code)); };
  const auto state = field(PG_DIAG_SQLSTATE);
  auto message = fmt::format("PostgreSQL: {}", field(PG_DIAG_MESSAGE_PRIMARY));
  if (!state.empty()) message += fmt::format(" (SQLSTATE {})", state);
  if (state == kLostLeadState) throw LostLead();
  if (state == "40001" || state == "40P01") throw while_running(sql, Collision(message));
  throw while_running(sql, Error(kind_of(state), message));
}

/// libpq wants parameters as text.
class TextParameters {
 public:
  explicit TextParameters(std::span<const Value> values) {
    texts_.reserve(values.size());
    for (const auto& value : values)
      std::visit([&](const auto& v) { add(v); }, value);
    for (const auto& text : texts_)
      pointers_.push_back(text ? text->c_str() : nullptr);
  }

  int size() const { return static_cast<int>(pointers_.size()); }

  const char* const* data() const { return pointers_.data(); }

 private:
  void add(std::monostate /*null*/) { texts_.emplace_back(); }

  void add(std::int64_t value) { texts_.emplace_back(std::to_string(value)); }

  void add(double value) { texts_.emplace_back(fmt::format("{}", value)); }

  void add(std::string_view value) { texts_.emplace_back(to_clean_text(value)); }

  std::vector<std::optional<std::string>> texts_;
  std::vector<const char*> pointers_;
};

Rows rows_of(const PGresult* result, std::string_view sql) {
  const int width = PQnfields(result);
  std::vector<std::string> columns;
  columns.reserve(static_cast<std::size_t>(width));
  for (int i = 0; i < width; ++i)
    columns.emplace_back(PQfname(result, i));
  Rows rows(sql, std::move(columns));
  for (int row = 0; row < PQntuples(result); ++row) {
    for (int i = 0; i < width; ++i) {
      if (PQgetisnull(result, row, i) != 0) {
        rows.add_cell(std::nullopt);
      } else {
        const auto size = static_cast<std::size_t>(PQgetlength(result, row, i));
        rows.add_cell(std::string_view(PQgetvalue(result, row, i), size));
      }
    }
  }
  const auto* count = PQcmdTuples(const_cast<PGresult*>(result));
  rows.set_affected(std::strtoll(count, nullptr, 10));
  return rows;
}

class PostgresConnection : public Connection {
 public:
  explicit PostgresConnection(const Address& address) : address_(address) { open(); }

  Engine engine() const override { return Engine::postgresql; }

  Rows execute_values(std::string_view sql, std::span<const Value> values) override;
  void post_values(std::string_view sql, std::span<const Value> values) override;
  std::vector<Rows> flush() override;
  void run_script(std::string_view sql) override;

  bool is_open() const override { return session_ != nullptr; }

  void reopen() override;
  void listen(std::string_view channel) override;

  void notify(std::string_view channel, std::string_view payload) override {
    post("select pg_notify($1, $2)", channel, payload);
  }

  int notification_fd() const override { return session_ ? PQsocket(session_.get()) : -1; }

  std::vector<Notification> take_notifications() override;

 private:
  /// Something sent whose result has not been read.
  struct Sent {
    std::string sql;
    bool is_preparation = false;
  };

  void open();
  void require_open() const;
  std::string prepared(std::string_view sql);
  void read_results();
  std::optional<Result> read_result(const Sent& sent);
  void read_synchronisation();
  [[noreturn]] void lose();

  const Address& address_;
  Session session_;
  /// SQL to the name of its prepared statement.
  std::map<std::string, std::string, std::less<>> statements_;
  std::uint64_t names_given_ = 0;
  std::deque<Sent> sent_;
  std::vector<Rows> outcomes_;
  std::set<std::string, std::less<>> channels_;
  /// A commit was answered as PostgreSQL answers it where a statement had failed before.
  bool rolled_back_ = false;
};

void PostgresConnection::open() {
  const std::string words(address_.reveal());
  const std::array<const char*, 9> keys{"connect_timeout",
                                        "keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "tcp_user_timeout",
                                        "client_encoding",
                                        "fallback_application_name",
                                        "dbname",
                                        nullptr};
  const std::array<const char*, 9> values{
      "10", "3", "2", "3", "9000", "UTF8", "firn", words.c_str(), nullptr};
  session_.reset(PQconnectdbParams(keys.data(), values.data(), 1));
  if (PQstatus(session_.get()) != CONNECTION_OK) {
    const auto reason = one_line(PQerrorMessage(session_.get()));
    session_.reset();
    throw Error(Kind::unavailable,
                fmt::format("cannot connect to {}: {}", address_.describe(), reason));
  }
  PQsetNoticeProcessor(session_.get(), [](void*, const char*) {}, nullptr);
  if (PQenterPipelineMode(session_.get()) != 1) lose();
  run_script(kSettings);
}

void PostgresConnection::require_open() const {
  if (!session_)
    throw Error(Kind::unavailable, fmt::format("no connection to {}", address_.describe()));
}

void PostgresConnection::lose() {
  const auto reason = one_line(PQerrorMessage(session_.get()));
  session_.reset();
  sent_.clear();
  outcomes_.clear();
  statements_.clear();
  throw Error(Kind::unavailable,
              fmt::format("lost the connection to {}: {}", address_.describe(), reason));
}

std::string PostgresConnection::prepared(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
  auto name = fmt::format("firn_{}", ++names_given_);
  const std::string text(sql);
  if (PQsendPrepare(session_.get(), name.c_str(), text.c_str(), 0, nullptr) != 1) lose();
  sent_.push_back({.sql = text, .is_preparation = true});
  statements_.emplace(text, name);
  return name;
}

void PostgresConnection::post_values(std::string_view sql, std::span<const Value> values) {
  require_open();
  const TextParameters parameters(values);
  const auto name = prepared(sql);
  if (PQsendQueryPrepared(session_.get(),
                          name.c_str(),
                          parameters.size(),
                          parameters.data(),
                          nullptr,
                          nullptr,
                          0) != 1)
    lose();
  sent_.push_back({.sql = std::string(sql)});
}

Rows PostgresConnection::execute_values(std::string_view sql, std::span<const Value> values) {
  post_values(sql, values);
  read_results();
  auto rows = std::move(outcomes_.back());
  outcomes_.pop_back();
  return rows;
}

std::vector<Rows> PostgresConnection::flush() {
  require_open();
  read_results();
  return std::exchange(outcomes_, {});
}

std::optional<Result> PostgresConnection::read_result(const Sent& sent) {
  std::optional<Result> failed;
  for (Result result(PQgetResult(session_.get())); result;
       result.reset(PQgetResult(session_.get()))) {
    const auto status = PQresultStatus(result.get());
    const bool is_good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (is_good && !sent.is_preparation) outcomes_.push_back(rows_of(result.get(), sent.sql));
    if (sent.sql == "commit" && PQcmdStatus(result.get()) == std::string_view("ROLLBACK"))
      rolled_back_ = true;
    if (!is_good) {
      failed.emplace(std::move(result));
      if (PQstatus(session_.get()) == CONNECTION_BAD) lose();
    }
  }
  if (PQstatus(session_.get()) == CONNECTION_BAD) lose();
  if (failed && sent.is_preparation) statements_.erase(sent.sql);
  return failed;
}

void PostgresConnection::read_synchronisation() {
  const Result result(PQgetResult(session_.get()));
  if (!result || PQresultStatus(result.get()) != PGRES_PIPELINE_SYNC) lose();
}

/// Everything sent has its result afterwards, and the first failure among them is thrown.
void PostgresConnection::read_results() {
  if (sent_.empty()) return;
  if (PQpipelineSync(session_.get()) != 1) lose();
  std::optional<std::pair<Result, std::string>> first;
  while (!sent_.empty()) {
    const auto sent = std::move(sent_.front());
    sent_.pop_front();
    if (auto failed = read_result(sent); failed && !first)
      first.emplace(std::move(*failed), sent.sql);
  }
  read_synchronisation();
  if (std::exchange(rolled_back_, false))
    throw Bug("nothing was committed: a failure inside the transaction was ignored");
  if (!first) return;
  outcomes_.clear();
  throw_failure(first->first.get(), first->second);
}

void PostgresConnection::run_script(std::string_view sql) {
  require_open();
  read_results();
  if (PQexitPipelineMode(session_.get()) != 1) lose();
  const std::string text(sql);
  const Result result(PQexec(session_.get(), text.c_str()));
  if (PQstatus(session_.get()) == CONNECTION_BAD) lose();
  if (PQenterPipelineMode(session_.get()) != 1) lose();
  if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) throw_failure(result.get(), sql);
}

void PostgresConnection::reopen() {
  session_.reset();
  sent_.clear();
  outcomes_.clear();
  statements_.clear();
  open();
  for (const auto& channel : channels_)
    execute(fmt::format("listen {}", channel));
}

void PostgresConnection::listen(std::string_view channel) {
  execute(fmt::format("listen {}", channel));
  channels_.emplace(channel);
}

std::vector<Notification> PostgresConnection::take_notifications() {
  require_open();
  if (PQconsumeInput(session_.get()) != 1) lose();
  std::vector<Notification> result;
  for (RawNotification raw(PQnotifies(session_.get())); raw; raw.reset(PQnotifies(session_.get())))
    result.push_back({.channel = raw->relname, .payload = raw->extra});
  return result;
}

}  // namespace

std::unique_ptr<Connection> connect_postgres(const Address& address) {
  return std::make_unique<PostgresConnection>(address);
}

std::string describe_postgres(std::string_view words) {
  const std::string text(words);
  const Options options(PQconninfoParse(text.c_str(), nullptr));
  if (!options)
    throw Error(Kind::invalid,
                "PostgreSQL's client cannot read this address; it is postgres://USER@HOST/DATABASE "
                "or words such as dbname=hydra host=db1");
  std::string database;
  std::string place;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view key = option->keyword;
    if (key == "dbname") database = option->val;
    if (key == "host") place = fmt::format(" at {}", option->val);
    if (key == "port") place += fmt::format(" port {}", option->val);
  }
  return fmt::format("PostgreSQL database '{}'{}", database, place);
}

}  // namespace firn::db
