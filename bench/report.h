// SPDX-License-Identifier: Apache-2.0
// Everything that one run of the benchmark found out, as an aligned table or as JSON.
#pragma once

#include "measured_run.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace firn::bench {

enum class Better : std::uint8_t { higher, lower };

/// What a figure ought to be on a quiet machine. Printed, never asserted.
struct Aim {
  double value = 0;
  /// It is the ratio to the peer that ought to be at least so much.
  bool is_ratio = false;
};

/// One thing measured: firn and its peer, round by round.
struct Figure {
  std::string what{};
  std::string unit{};
  Better better = Better::higher;
  std::vector<double> ours{};
  /// Same length, or empty where nothing compares.
  std::vector<double> peers{};
  std::optional<Aim> aim{};

  /// How many times better than the peer, by round: above 1, firn wins.
  std::vector<double> ratios() const;
  bool reaches_aim() const;
};

/// One command, round by round: what it cost.
struct RunSeries {
  std::string what{};
  std::vector<Cost> costs{};
  /// Further times, such as a phase of firn's; in seconds.
  std::vector<std::pair<std::string, std::vector<double>>> parts{};

  void add_part(const std::string& name, Seconds time);
  /// Empty where there is none of that name.
  std::vector<double> part(const std::string& name) const;
  /// In seconds.
  std::vector<double> walls() const;
};

struct Report {
  /// Name and value, in the order in which they are shown.
  std::vector<std::pair<std::string, std::string>> facts{};
  std::vector<Figure> figures{};
  std::vector<RunSeries> runs{};
};

std::string to_table(const Report& report);
std::string to_json(const Report& report);

}  // namespace firn::bench
