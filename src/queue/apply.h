// SPDX-License-Identifier: Apache-2.0
// Writes changes into the database: a group of them is one transaction, whatever its size.
#pragma once

#include "db/address.h"
#include "db/connection.h"
#include "db/leadership.h"
#include "db/steps.h"
#include "queue/changes.h"

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>

namespace firn::queue {

/// Knows the numbers of the rows that are open. Used by one thread at a time; blocks.
class Applier {
 public:
  /// Writes as the leader of `generation`. Connects when there is something to write, and again
  /// after a loss.
  Applier(std::shared_ptr<const db::Address> address, db::Generation generation)
      : address_(std::move(address)), generation_(generation) {}

  /// All or nothing. Throws LostLead where nothing may be written any more, and Error{unavailable}
  /// where the database was lost: then the same group is to be applied again, which writes nothing
  /// that was written already.
  void apply(std::span<const Change> changes);

 private:
  using Numbers = std::unordered_map<RowId, db::StepNr>;

  Numbers write(db::Transaction& transaction, std::span<const Change> changes) const;

  db::Connection& connection();

  std::shared_ptr<const db::Address> address_;
  std::unique_ptr<db::Connection> connection_;
  db::Generation generation_;
  /// Groups are counted in the database: a commit whose answer was lost can be told from none.
  std::int64_t last_group_ = 0;
  bool is_in_doubt_ = false;
  bool has_count_ = false;
  Numbers numbers_;
  Numbers fresh_;
};

}  // namespace firn::queue
