// SPDX-License-Identifier: Apache-2.0
// One runner leads on a database; others stand by. A lock says who, and a generation that each new
// leader raises keeps a leader that was cut off from writing after its successor began.
#pragma once

#include "base/fd.h"
#include "base/id.h"
#include "db/address.h"
#include "db/transaction.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace firn::db {

/// Raised by each leader when it begins.
using Generation = Id<struct GenerationTag, std::int64_t>;

/// Another runner has begun to lead: nothing of this transaction was written, nor may anything be.
class LostLead : public Error {
 public:
  LostLead() : Error(Kind::conflict, "another runner leads on this database now") {}
};

/// The SQLSTATE by which the server says so.
inline constexpr std::string_view kLostLeadState = "FIRN1";

/// The lead, until destroyed. In PostgreSQL an advisory lock of the connection's session, which the
/// server frees when it ends; the connection is borrowed. Beside a SQLite file a lock on
/// `FILE.lock`.
class Leadership {
 public:
  /// nullopt while another leads. Needs firn's own tables (schema.h). `before` is the generation of
  /// a lead that was lost with its connection: where nobody has led since, it goes on; where
  /// somebody has begun to, LostLead is thrown.
  static std::optional<Leadership> try_acquire(Connection& connection,
                                               const Address& address,
                                               std::optional<Generation> before = std::nullopt);

  Leadership(Leadership&& other) noexcept;
  Leadership& operator=(Leadership&&) = delete;
  ~Leadership();

  Generation generation() const { return generation_; }

  /// Asks the server whether the session with the lock still stands. False where it is lost, or was
  /// opened again.
  bool is_held();

 private:
  Leadership(Connection& connection, Fd file) : connection_(&connection), file_(std::move(file)) {}

  Connection* connection_;
  Fd file_;
  Generation generation_{};
};

/// Belongs into every transaction of a leader that writes: fails it with LostLead where a later
/// generation has begun, and makes a successor wait for its end. Thrown here or by the commit.
void check_generation(Transaction& transaction, Generation generation);

}  // namespace firn::db
