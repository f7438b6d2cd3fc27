// SPDX-License-Identifier: Apache-2.0
#include "db/leadership.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <utility>

#include <fmt/format.h>

namespace firn::db {

namespace {

/// "firn" in ASCII, and which of firn's locks; advisory locks are counted per database.
constexpr std::int32_t kLockClass = 0x6669726e;
constexpr std::int32_t kLeaderLock = 1;

/// An empty descriptor where another holds it.
Fd lock_file_beside(const std::string& database) {
  const auto name = database + ".lock";
  Fd file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
  if (!file) throw system_error(errno, "open " + name);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) throw system_error(errno, "lock " + name);
  return {};
}

bool try_session_lock(Connection& connection) {
  return connection.execute("select pg_try_advisory_lock($1, $2) as taken", kLockClass, kLeaderLock)
      .only()
      .get<bool>("taken");
}

Generation current_generation(Connection& connection) {
  return connection.execute("select value from firn.state where what = 'generation'")
      .only()
      .get<Generation>("value");
}

Generation next_generation(Connection& connection) {
  return transact(connection, [](Transaction& transaction) {
    return transaction
        .execute(
            "update firn.state set value = value + 1 where what = 'generation' returning value")
        .only()
        .get<Generation>("value");
  });
}

}  // namespace

std::optional<Leadership> Leadership::try_acquire(Connection& connection,
                                                  const Address& address,
                                                  std::optional<Generation> before) {
  Fd file;
  bool is_ours = true;
  if (connection.engine() == Engine::postgresql) {
    is_ours = try_session_lock(connection);
  } else if (address.reveal() != ":memory:") {
    file = lock_file_beside(std::string(address.reveal()));
    is_ours = static_cast<bool>(file);
  }
  if (!is_ours) {
    if (before && current_generation(connection) != *before) throw LostLead();
    return std::nullopt;
  }
  Leadership lead(connection, std::move(file));
  if (!before) {
    lead.generation_ = next_generation(connection);
  } else if (current_generation(connection) == *before) {
    lead.generation_ = *before;
  } else {
    throw LostLead();
  }
  return lead;
}

Leadership::Leadership(Leadership&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      file_(std::move(other.file_)),
      generation_(other.generation_) {}

Leadership::~Leadership() {
  if (connection_ == nullptr || connection_->engine() == Engine::sqlite || !connection_->is_open())
    return;
  try {
    connection_->execute("select pg_advisory_unlock($1, $2)", kLockClass, kLeaderLock);
  } catch (const Error&) {
    connection_ = nullptr;
  }
}

bool Leadership::is_held() {
  if (connection_->engine() == Engine::sqlite) return true;
  if (!connection_->is_open()) return false;
  try {
    const auto held = connection_->execute(
        "select count(*) as held from pg_locks where locktype = 'advisory' and granted "
        "and classid = cast($1 as bigint) and objid = cast($2 as bigint) and objsubid = 2 "
        "and pid = pg_backend_pid() "
        "and database = (select oid from pg_database where datname = current_database())",
        kLockClass,
        kLeaderLock);
    return held.only().get<int>("held") > 0;
  } catch (const Error& error) {
    if (error.kind() != Kind::unavailable) throw;
    return false;
  }
}

void check_generation(Transaction& transaction, Generation generation) {
  if (transaction.engine() == Engine::postgresql) {
    transaction.post("select firn.require_generation($1)", generation);
    return;
  }
  if (current_generation(transaction.connection()) != generation) throw LostLead();
}

}  // namespace firn::db
