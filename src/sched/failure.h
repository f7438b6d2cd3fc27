// SPDX-License-Identifier: Apache-2.0
// Failure classes and the one table of what follows from each: who is blamed, what is retried
// where, what may fail a build.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace firn::sched {

/// Why an attempt ended without outputs. Whoever ran the attempt chooses the class; the table below
/// does the rest.
enum class FailureClass : std::uint8_t {
  build_failed,         ///< the builder said no, for good
  timed_out,            ///< the build outlived its own time limit
  silent_too_long,      ///< the build printed nothing for its own limit
  silent_by_our_clock,  ///< the same, but the builder did not say so: it may have been waiting
  log_too_big,          ///< the build printed more than its limit
  output_too_big,       ///< the outputs exceed the size limit
  not_deterministic,    ///< two builds of it differ
  fetch_failed,  ///< a fixed-output derivation failed: upstream may be down, or its hash is wrong
  transient,     ///< the builder's word is that it may work another time
  machine_lost,  ///< no connection, or it broke
  transfer_stalled,     ///< no byte moved for too long
  protocol_error,       ///< the other end broke the conversation's rules, or its bytes do not match
                        ///< their hash
  disk_full,            ///< the builder ran out of space or inodes
  destination_down,     ///< our own store did not take the outputs, or did not answer
  input_missing,        ///< an input vanished, here or there
  unsigned_inputs,      ///< the machine cannot check an input, so it takes neither it nor the step
  coordinator_restart,  ///< we were restarted while it ran
  cancelled,            ///< somebody who may do so stopped it
};

inline constexpr std::size_t kFailureClassCount =
    static_cast<std::size_t>(FailureClass::cancelled) + 1;

/// Where a step goes after a failed try. "Later" is after the step's back-off.
enum class Retry : std::uint8_t {
  never,
  /// On a machine that has not failed it; where there is none, later on any.
  elsewhere_at_once,
  /// As above, but never without back-off.
  elsewhere_later,
  /// The machine does not matter.
  anywhere_later,
  /// On a machine that has not failed it, and never again on one that has.
  elsewhere_only,
};

/// The tries of a class that never comes twice from one machine.
inline constexpr std::uint8_t kOneOnEachMachine = 255;

/// One row of the table.
struct FailurePolicy {
  FailureClass failure;
  /// As users and JSON see it, such as "machine lost".
  std::string_view name;
  /// Only such a class ends a step as failed; any other ends it as aborted when its tries are used
  /// up.
  bool may_fail_build;
  /// A step that failed so may be known as failed next time (never a fixed-output one).
  bool may_be_remembered;
  Retry retry;
  /// Tries in all, unless the scheduler's options say otherwise. Classes that may fail a build
  /// count their own kind only, the others every try but those of kOneOnEachMachine.
  std::uint8_t max_tries;
  bool counts_against_machine;
};

/// Tries in all, for each class; see FailurePolicy::max_tries.
using Tries = std::array<std::uint32_t, kFailureClassCount>;

/// What the table says.
Tries default_tries();

/// The row of `failure`.
const FailurePolicy& policy_of(FailureClass failure);

std::string_view to_string(FailureClass failure);

}  // namespace firn::sched
