// SPDX-License-Identifier: Apache-2.0
// All or nothing: what a function does with the database is committed when it returns, rolled back
// when it throws, and run again when it collided with somebody else's transaction.
#pragma once

#include "db/connection.h"

#include <chrono>
#include <cstdint>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

namespace firn::db {

enum class Access : std::uint8_t {
  write,
  read,  ///< one unchanging picture of the database; nothing can be written
};

/// An open transaction. Rolls back when left without `commit`.
class Transaction {
 public:
  explicit Transaction(Connection& connection, Access access = Access::write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Engine engine() const { return connection_.engine(); }

  Connection& connection() { return connection_; }

  /// See Connection.
  template <class... Parameters>
  Rows execute(std::string_view sql, const Parameters&... parameters) {
    return connection_.execute(sql, parameters...);
  }

  /// See Connection: the way to write many rows in one round trip.
  template <class... Parameters>
  void post(std::string_view sql, const Parameters&... parameters) {
    connection_.post(sql, parameters...);
  }

  std::vector<Rows> flush() { return connection_.flush(); }

  /// Sends what was posted and commits. Where the session is lost meanwhile (Error{unavailable}),
  /// nobody knows whether it was committed.
  void commit();

 private:
  Connection& connection_;
  bool is_open_ = true;
};

namespace detail {

/// Pauses between tries: 10 ms at first, doubled up to 1 s, each shortened by up to half at random.
class Tries {
 public:
  /// False after the last try.
  bool pause();

 private:
  unsigned count_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace detail

/// Runs `work(Transaction&)` in a transaction and commits; runs all of it again after a Collision,
/// up to 10 times. `work` must therefore change nothing but the database, or be able to say it
/// again.
template <class Work>
auto transact(Connection& connection, Work&& work, Access access = Access::write)
    -> std::invoke_result_t<Work&, Transaction&> {
  for (detail::Tries tries;;) {
    try {
      Transaction transaction(connection, access);
      if constexpr (std::is_void_v<std::invoke_result_t<Work&, Transaction&>>) {
        work(transaction);
        transaction.commit();
        return;
      } else {
        auto result = work(transaction);
        transaction.commit();
        return result;
      }
    } catch (const Collision&) {
      if (!tries.pause()) throw;
    }
  }
}

}  // namespace firn::db
