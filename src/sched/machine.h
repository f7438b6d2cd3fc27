// SPDX-License-Identifier: Apache-2.0
// A machine's books: its slots and who holds them, its faults, and whether it takes work.
#pragma once

#include "base/units.h"
#include "sched/catalog.h"
#include "sched/phase.h"
#include "sched/spec.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace firn::sched {

/// What an attempt occupies on its machine.
enum class Holding : std::uint8_t {
  build_slot,
  place_in_line,  ///< for a transfer slot
  transfer_slot,
  nothing,
};

/// What an attempt that moves to `phase` will occupy, if it occupies `now` before.
Holding holding_in(Phase phase, Holding now);

/// Why a machine takes no work, or that it does.
enum class Standing : std::uint8_t {
  free,
  full,
  on_trial,  ///< full, as long as only one slot is open
  needs_transfer,
  backing_off,
  probed,  ///< its back-off is over, and it is asked whether it is back
  disabled,
  unusable,
};

/// Whether a machine has to answer a probe before it gets work: after each back-off.
enum class Probing : std::uint8_t {
  no,
  due,
  under_way,
};

/// One machine's state. A struct with rules: whoever changes a field re-reads `standing`; only
/// Fleet does.
struct Machine {
  std::string name;
  ProfileId profile;
  std::uint32_t max_jobs = 1;
  double speed = 1.0;

  bool is_enabled = true;
  /// Given up for good, with the reason in words; empty = not given up.
  std::string unusable_reason;
  /// Own faults in a row.
  std::uint32_t faults = 0;
  std::optional<TimePoint> back_off_until = std::nullopt;
  Probing probing = Probing::no;
  /// Probes in a row that it did not answer.
  std::uint32_t failed_probes = 0;
  /// Steps in a row that failed here and succeeded elsewhere.
  std::uint32_t contradictions = 0;
  /// Faults of attempts from before this moment are old news.
  TimePoint backed_off_at = TimePoint::min();
  /// After a probe one slot is open, until an attempt shows that the machine is back.
  bool is_on_trial = false;
  std::array<std::uint32_t, 4> held{};

  std::uint32_t holders(Holding holding) const { return held[static_cast<std::size_t>(holding)]; }

  /// Steps that have been built and whose outputs have not all come back.
  std::uint32_t finished() const {
    return holders(Holding::place_in_line) + holders(Holding::transfer_slot);
  }

  /// Slots in use: a step that has finished building keeps its slot where `max_jobs` others have
  /// finished and wait for their outputs to come back. So no machine ever has more than twice
  /// `max_jobs` sessions with steps, whatever becomes of our own store.
  std::uint32_t occupied() const;

  bool is_available() const {
    return is_enabled && unusable_reason.empty() && !back_off_until.has_value() &&
           probing == Probing::no;
  }

  Standing standing() const;

  /// Lower is better. As in Nix, the speed factor counts as that many machines.
  double load() const { return occupied() / speed; }
};

}  // namespace firn::sched
