// SPDX-License-Identifier: Apache-2.0
// What the tests of faults share: a farm of four builders, firn at work beside the test, and what
// must be true whatever happened.
#pragma once

#include "integration/farm_fixture.h"
#include "lab/fault.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace firn::testing {

using Clock = std::chrono::steady_clock;

/// A host for firn and a builder of each release of Nix in a network of their own. Stores are in
/// memory.
struct Farm {
  Farm();

  void add_builder(const lab::Release& release);

  /// Every builder but `victim`.
  std::vector<const lab::Builder*> others(const lab::Builder& victim) const;

  lab::CoordinatorHost home;
  /// In the order of lab::kReleases.
  std::vector<std::unique_ptr<lab::Builder>> builders;
};

/// `firn build --json` that runs while the test goes on. Leaving the scope kills it.
class Working {
 public:
  using Fits = std::function<bool(const nlohmann::json&)>;

  explicit Working(lab::Process process) : process_(std::move(process)) {}

  /// The first event from where the last search ended that fits; none where the limit passes or
  /// firn ends without one.
  std::optional<nlohmann::json> await(const Fits& fits, std::chrono::milliseconds limit);

  /// Waits for its end; throws with what it wrote where it takes longer.
  Build finish(std::chrono::milliseconds limit);

  lab::Process& process() { return process_; }

 private:
  lab::Process process_;
  std::size_t seen_ = 0;
};

/// Events of one name on one machine.
Working::Fits on_machine(std::string event, const lab::Builder& builder);
/// The same of one phase.
Working::Fits in_phase(std::string phase, const lab::Builder& builder);

/// One farm for all tests of a suite.
class FaultTest : public FarmTest {
 public:
  static void SetUpTestSuite();

  static void TearDownTestSuite() { farm_.reset(); }

 protected:
  void SetUp() override;

  static Farm& farm() { return *farm_; }

  static lab::CoordinatorHost& home() { return farm_->home; }

  /// Limits of seconds where the defaults are minutes. `further_tries` are lines for [tries].
  static std::vector<std::string> with_limits(std::vector<std::string> arguments,
                                              std::chrono::seconds max_silent_time,
                                              std::string_view further_tries = {});

  /// Machine lines in which `victim` is preferred by far; by default it is reached by its own URI.
  static std::string preferring(const lab::Builder& victim,
                                const std::vector<const lab::Builder*>& others,
                                const std::string& uri = {});

  /// Starts a build of the file on these machines. Stop no server for longer than a build may be
  /// silent, unless that is the point: when it goes on, it counts the time as the build's silence.
  static Working start(const std::string& file,
                       const std::string& machines,
                       std::chrono::seconds max_silent_time = std::chrono::seconds(3),
                       std::string_view further_tries = {});

  /// Where firn has its sockets while it runs, and nothing afterwards.
  static std::filesystem::path runtime_folder() { return home().dir() / "run"; }

  /// A file of so many zeros in firn's own store, and nowhere else.
  static std::string add_input(std::uint64_t bytes);

  /// Nothing of firn runs on any builder, at last.
  static void expect_idle();

 private:
  static std::unique_ptr<Farm> farm_;
};

}  // namespace firn::testing
