// SPDX-License-Identifier: Apache-2.0
// What the benchmark measures, each under a name of its own.
#pragma once

#include "bench_lab.h"
#include "machine_facts.h"
#include "report.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace firn::bench {

struct Options {
  int rounds = 5;
  /// Independent steps, for firn.
  int steps = 500;
  /// The same through ssh for stock Nix, which takes a quarter of a second for each.
  int peer_ssh_steps = 100;
  int chain = 50;
  std::filesystem::path firn{};
};

/// The state of one invocation: labs that measurements share, and what was found so far.
class Bench {
 public:
  explicit Bench(Options options);

  const Options& options() const { return options_; }

  Report& report() { return report_; }

  const OtherWork& other_work() const { return other_work_; }

  /// Stores on disk. Made when it is first asked for.
  const BenchLab& lab();

  /// To be called before each run: what earlier ones left to be written is written first, and
  /// whoever else works here is noted.
  void settle();

  /// A line on stderr for whoever waits.
  void say(std::string_view text) const;

 private:
  Options options_;
  Report report_;
  OtherWork other_work_;
  std::unique_ptr<BenchLab> lab_;
};

struct Measurement {
  std::string_view name;
  std::string_view what;
  void (*run)(Bench& bench);
};

/// All of them, in the order in which they run.
std::span<const Measurement> measurements();

}  // namespace firn::bench
