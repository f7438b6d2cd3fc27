// SPDX-License-Identifier: Apache-2.0
#include "config/file.h"

#include "base/error.h"
#include "config/table.h"
#include "support/environment.h"
#include "support/temp_folder.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace firn::config {
namespace {

using namespace std::chrono_literals;

/// The one thing that is wrong with `text`.
std::string problem_of(std::string_view text) {
  const auto read = read_configuration(text, "firn.toml");
  if (read.problems.size() != 1) return fmt::format("{} problems", read.problems.size());
  return read.problems.front().str();
}

TEST(Configuration, FillsTheOptionsOfEachLayer) {
  const auto read = read_configuration(
      "[ssh]\nconnecting = \"5s\"\nkeepalive-count = 2\n"
      "[phases]\nsending-stall = \"20s\"\nimport-rate = \"1MiB\"\n"
      "[tries]\nmachine-lost = 7\n"
      "[store]\nadding-stall = \"1min\"\n",
      "firn.toml");
  EXPECT_TRUE(read.problems.empty());
  const auto& settings = read.settings;
  EXPECT_EQ(settings.ssh.connecting, 5s);
  EXPECT_EQ(settings.ssh.keepalive_count, 2U);
  EXPECT_EQ(settings.attempt.sending_stall, 20s);
  EXPECT_EQ(settings.sessions.import_answer.rate, 1_MiB);
  EXPECT_EQ(settings.scheduling.tries[static_cast<std::size_t>(sched::FailureClass::machine_lost)],
            7U);
  EXPECT_EQ(settings.store.adding_stall, 1min);
  EXPECT_EQ(settings.attempt.receiving_stall, farm::Limits{}.receiving_stall);
}

TEST(Configuration, NamesWhatIsWrong) {
  const struct {
    std::string_view text;
    std::string_view problem;
  } cases[] = {
      {"\n[ssh]\nconecting = \"5s\"\n",
       "firn.toml:3: unknown key 'ssh.conecting'; did you mean ssh.connecting?"},
      {"[fases]\nsending-stall = \"5s\"\n",
       "firn.toml:2: unknown key 'fases.sending-stall'; did you mean phases.sending-stall?"},
      {"[colours]\n",
       "firn.toml:1: unknown key 'colours'; firn check-config --defaults lists what there is"},
      {"ssh = 3\n",
       "firn.toml:1: unknown key 'ssh'; firn check-config --defaults lists what there is"},
      {"[phases]\nsending-stall = 20\n",
       "firn.toml:2: phases.sending-stall is 20, which must be a time above 0 with its unit (ms, "
       "s, min, h, d), at most 365d, such as \"5min\""},
      {"[phases]\nsending-stall = \"20 sec\"\n",
       "firn.toml:2: phases.sending-stall is \"20 sec\", which must be a time above 0 with its "
       "unit (ms, s, min, h, d), at most 365d, such as \"5min\""},
      {"[phases]\nimport-rate = \"fast\\u001b[1m\\nnext\"\n",
       "firn.toml:2: phases.import-rate is \"fast\\x1b[1m\\nnext\", which must be a size above 0 "
       "with its unit (B, KiB, MiB, GiB), such as \"256KiB\""},
      {"[tries]\nmachine-lost = 255\n",
       "firn.toml:2: tries.machine-lost is 255, which must be a number from 1 to 254, such as 4"},
      {"[tries]\nmachine-lost = [4]\n",
       "firn.toml:2: tries.machine-lost is a list, which must be a number from 1 to 254, such as "
       "4"},
      {"[tries]\nmachine-lost = true\n",
       "firn.toml:2: tries.machine-lost is true or false, which must be a number from 1 to 254, "
       "such as 4"},
  };

  for (const auto& c : cases)
    EXPECT_EQ(problem_of(c.text), c.problem);
}

TEST(Configuration, WhatIsNoTomlIsToldWithItsLine) {
  const auto problem = problem_of("[ssh]\nconnecting \"5s\"\n");
  EXPECT_TRUE(problem.starts_with("firn.toml:2: this is no TOML: ")) << problem;
  EXPECT_TRUE(
      problem_of("[ssh]\nidle = 1\nidle = 2\n").starts_with("firn.toml:3: this is no TOML"));
}

TEST(Configuration, EveryProblemIsToldAndTheRestHolds) {
  const auto read = read_configuration(
      "[sessions]\nsteps = 0\nidle = \"7s\"\n[ssh]\nport = 22\n[sessions.more]\n", "firn.toml");
  std::vector<std::size_t> lines;
  for (const auto& problem : read.problems)
    lines.push_back(problem.line);
  EXPECT_EQ(lines, (std::vector<std::size_t>{2, 5, 6}));
  EXPECT_EQ(read.settings.sessions.idle, 7s);
  EXPECT_EQ(read.settings.sessions.uses, store::SessionLimits{}.uses);
}

TEST(Configuration, AnEmptySectionIsNoProblem) {
  EXPECT_TRUE(read_configuration("[ssh]\n[tries]\n", "firn.toml").problems.empty());
}

TEST(Configuration, AFileThatCannotBeReadIsAnError) {
  const testing::TempFolder folder;
  EXPECT_THROW(load_configuration(folder.path() / "none.toml"), Error);
  EXPECT_THROW(load_configuration(folder.path()), Error);
}

/// The lines of the default file, with every key put in force.
std::string uncommented() {
  std::istringstream lines(default_file());
  std::string text;
  for (std::string line; std::getline(lines, line);)
    text += (line.starts_with("#") && !line.starts_with("# ") ? line.substr(1) : line) + "\n";
  return text;
}

TEST(DefaultFile, SaysWhatIsTrueWithoutIt) {
  const auto read = read_configuration(uncommented(), "firn.toml");
  EXPECT_TRUE(read.problems.empty());
  Settings settings = read.settings;
  Settings defaults;
  for (const Row& row : rows()) {
    const bool same =
        std::visit([&](auto place) { return place(settings) == place(defaults); }, row.place);
    EXPECT_TRUE(same) << row.key;
  }
}

TEST(DefaultFile, NamesEveryKey) {
  const auto text = uncommented();
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '=')), rows().size());
}

TEST(DefaultFile, StandsInTheDocumentation) {
  std::ifstream file(FIRN_DOCS "/configuration.md");
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_NE(page.find("```toml\n" + default_file() + "```\n"), std::string::npos)
      << "firn check-config --defaults prints what docs/configuration.md is to hold";
}

TEST(Table, KeysAreDistinctAndEachWritesAPlaceOfItsOwn) {
  std::set<std::string_view> keys;
  std::set<const void*> places;
  Settings settings;
  for (const Row& row : rows()) {
    keys.insert(row.key);
    places.insert(
        std::visit([&](auto place) -> const void* { return &place(settings); }, row.place));
  }
  EXPECT_EQ(keys.size(), rows().size());
  EXPECT_EQ(places.size(), rows().size());
}

TEST(Table, EveryClassThatIsTriedAgainHasItsNumberOfTries) {
  for (std::size_t i = 0; i < sched::kFailureClassCount; ++i) {
    const auto& policy = sched::policy_of(static_cast<sched::FailureClass>(i));
    std::string key = fmt::format("tries.{}", policy.name);
    std::ranges::replace(key, ' ', '-');
    const bool has_key = std::ranges::find(rows(), key, &Row::key) != rows().end();
    // No run survives a restart yet.
    const bool is_tried_again = policy.retry != sched::Retry::never &&
                                policy.retry != sched::Retry::elsewhere_only &&
                                policy.failure != sched::FailureClass::coordinator_restart;
    EXPECT_EQ(has_key, is_tried_again) << key;
  }
}

TEST(FindConfiguration, PrefersTheUsersOwnFile) {
  const testing::TempFolder folder;
  const auto own = folder.write("firn/firn.toml", "");
  const testing::Variable config("XDG_CONFIG_HOME", folder.path().string());
  EXPECT_EQ(find_configuration(), own);
}

TEST(FindConfiguration, LooksIntoTheHomeFolder) {
  const testing::TempFolder folder;
  const auto own = folder.write(".config/firn/firn.toml", "");
  const testing::Variable config("XDG_CONFIG_HOME", "");
  const testing::Variable home("HOME", folder.path().string());
  EXPECT_EQ(find_configuration(), own);
}

}  // namespace
}  // namespace firn::config
