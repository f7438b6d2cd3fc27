// SPDX-License-Identifier: Apache-2.0
// The command line of `firn simulate`, as values.
#pragma once

#include "cli/exit_code.h"
#include "sched/order.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace firn::cli {

/// N machines with M slots each.
struct FleetSize {
  std::uint32_t machines = 0;
  std::uint32_t slots = 0;
};

struct SimulateOptions {
  /// A .drv file, a graph's dump, or "-": a dump on standard input. Empty = the next two.
  std::string source;
  /// Where it is given without a source, the queue is its history; with one, its durations.
  std::optional<std::string> database;
  /// A recording to be replayed, and nothing else done; empty = none.
  std::string replay;
  /// Of generated queues.
  std::string family = "balanced";
  /// Generated, or taken from the history, at most.
  std::optional<std::uint32_t> steps;
  std::uint32_t projects = 1;
  /// A file of names and seconds; empty = none.
  std::string durations;
  std::uint64_t seed = 1;

  /// As `firn build` takes it; empty = `fleet`.
  std::string builders;
  std::optional<FleetSize> fleet;
  /// Bytes a second to and from each machine; nothing = moving takes no time.
  std::optional<double> link;

  std::vector<sched::Order> orders = {
      sched::Order::critical_path, sched::Order::hydra, sched::Order::rdeps};
  bool json = false;
  /// Files to be written; empty = none.
  std::string gantt;
  std::string utilisation;
};

/// `argv[0]` is the command's own name, "simulate".
std::variant<SimulateOptions, Exit> parse_simulate(int argc, const char* const* argv);

}  // namespace firn::cli
