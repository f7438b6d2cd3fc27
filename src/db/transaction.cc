// SPDX-License-Identifier: Apache-2.0
#include "db/transaction.h"

#include <algorithm>
#include <thread>

namespace firn::db {

namespace {

constexpr unsigned kTries = 10;
constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::milliseconds kLongestPause{1000};

std::string_view opening(Engine engine, Access access) {
  if (engine == Engine::sqlite) return access == Access::write ? "begin immediate" : "begin";
  return access == Access::write ? "begin" : "begin isolation level repeatable read read only";
}

}  // namespace

Transaction::Transaction(Connection& connection, Access access) : connection_(connection) {
  connection.flush();
  connection.post(opening(connection.engine(), access));
}

Transaction::~Transaction() {
  if (!is_open_) return;
  // What was posted may fail, and the rollback behind it would then be skipped.
  try {
    connection_.flush();
  } catch (const Error&) {
    is_open_ = connection_.is_open();
  }
  try {
    if (is_open_) connection_.execute("rollback");
  } catch (const Error&) {
    is_open_ = false;
  }
}

void Transaction::commit() {
  connection_.execute("commit");
  is_open_ = false;
  connection_.flush();
}

namespace detail {

bool Tries::pause() {
  if (++count_ == kTries) return false;
  const auto longest = std::min(kFirstPause * (1U << (count_ - 1)), kLongestPause);
  std::uniform_int_distribution<std::chrono::milliseconds::rep> pauses(longest.count() / 2,
                                                                       longest.count());
  std::this_thread::sleep_for(std::chrono::milliseconds(pauses(random_)));
  return true;
}

}  // namespace detail

}  // namespace firn::db
