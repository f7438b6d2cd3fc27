// SPDX-License-Identifier: Apache-2.0
// What the integration tests share: a host where firn runs, builders, and firn's answers as values.
#pragma once

#include "lab/builder.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::testing {

/// The firn that is tested: $FIRN_PROGRAM, or the one that was built beside the tests.
std::string firn_program();

/// One run of `firn build --json`.
struct Build {
  lab::Outcome outcome;
  std::vector<nlohmann::json> events;

  /// Events of one name.
  std::vector<nlohmann::json> of(std::string_view name) const;
  /// Attempts that ended, of the step with this derivation name.
  std::vector<nlohmann::json> attempts_of(std::string_view derivation_name) const;
  std::size_t steps() const;

  /// Checks that this step was tried so many times, and ended in this class each time.
  void expect_failures(std::string_view derivation_name,
                       std::string_view failure,
                       std::size_t tries) const;
};

/// A fresh coordinator for each test; skips where the machine cannot run the lab.
class FarmTest : public ::testing::Test {
 protected:
  void SetUp() override;

  /// Writes a Nix file into the coordinator's folder and returns its path. `mk { name, script, … }`
  /// makes a derivation that runs `script` with /bin/sh.
  static std::string write_nix(const lab::CoordinatorHost& home, std::string_view expression);

  /// `firn build --json` with logs in the host's own folder.
  static Build firn_build(const lab::CoordinatorHost& home,
                          std::vector<std::string> arguments,
                          const lab::RunOptions& options = {});
  static std::vector<std::string> firn_command(const lab::CoordinatorHost& home,
                                               std::vector<std::string> arguments);
  static std::vector<nlohmann::json> parse_events(const std::string& text);

  static std::filesystem::path log_folder(const lab::CoordinatorHost& home) {
    return home.dir() / "logs";
  }

  /// Output paths of a file's attribute, in order, whether they are built or not.
  static std::vector<std::string> outputs(const lab::CoordinatorHost& home,
                                          const std::string& file,
                                          const std::string& attribute);

  /// Lines for `--builders`.
  static std::string machines(const std::vector<const lab::Builder*>& builders);
};

/// Runs once with each release of Nix that the lab knows. Skips where one cannot be had, unless CI
/// asks for all.
class ReleaseTest : public FarmTest, public ::testing::WithParamInterface<lab::Release> {
 protected:
  void SetUp() override;
};

/// Whether the condition comes true in time.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return condition();
}

/// Whether no build and no session runs there.
bool is_idle(const lab::Host& host);

/// "nix_2_3_7", for INSTANTIATE_TEST_SUITE_P.
std::string release_name(const ::testing::TestParamInfo<lab::Release>& info);

}  // namespace firn::testing
