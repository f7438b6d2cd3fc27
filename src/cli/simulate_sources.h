// SPDX-License-Identifier: Apache-2.0
// Where the queues that are simulated come from.
#pragma once

#include "base/units.h"
#include "cli/simulate_options.h"
#include "db/step_history.h"
#include "sim/queue.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn::cli {

/// How long derivations took, by their names: "hello-2.12.1".
using KnownDurations = std::map<std::string, Duration, std::less<>>;

/// Lines of a name and seconds; `#` begins a comment. Throws Error{invalid} with the line.
KnownDurations parse_durations(std::string_view text, std::string_view origin);

/// The newest time of each name.
KnownDurations durations_of(std::span<const db::PastStep> history);

/// The name in "HASH-NAME.drv", with or without a folder before it.
std::string derivation_name(std::string_view path);

/// What `nix-store -q --graph` printed: its derivations or, where there are none, all its paths.
/// What nothing refers to is wanted.
sim::Queue queue_of_graph(std::string_view text);

/// A derivation and all that it needs, as the files say. Throws as farm::read_derivation does.
sim::Queue queue_of_closure(const std::string& file);

/// Past steps as if all were to be built now, at the same cost. Files that are left say what needs
/// what.
sim::Queue queue_of_history(std::span<const db::PastStep> history);

/// Gives each step without a duration the one that is known for its name, or a guess. What is known
/// is expected, too; of what was guessed the scheduler is told nothing. Returns how many were
/// guessed.
std::size_t fill_durations(sim::Queue& queue, const KnownDurations& known, std::uint64_t seed);

}  // namespace firn::cli
