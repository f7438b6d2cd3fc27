// SPDX-License-Identifier: Apache-2.0
#include "integration/farm_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace firn::testing {

namespace {

constexpr std::string_view kPrelude = R"nix(
let
  mk = { name, script, ... }@attributes: derivation ({
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" "PATH=/usr/bin:/bin; ${script}" ];
  } // removeAttrs attributes [ "script" ]);
in
)nix";

}  // namespace

std::string firn_program() {
  const char* chosen = std::getenv("FIRN_PROGRAM");
  return chosen == nullptr || *chosen == '\0' ? FIRN_PROGRAM : chosen;
}

std::vector<nlohmann::json> Build::of(std::string_view name) const {
  std::vector<nlohmann::json> result;
  for (const auto& event : events) {
    if (event.at("event") == name) result.push_back(event);
  }
  return result;
}

std::vector<nlohmann::json> Build::attempts_of(std::string_view derivation_name) const {
  std::vector<nlohmann::json> result;
  for (const auto& event : of("attempt_ended")) {
    if (event.at("drv").get<std::string>().ends_with(fmt::format("-{}.drv", derivation_name)))
      result.push_back(event);
  }
  return result;
}

std::size_t Build::steps() const {
  const auto plans = of("plan_made");
  return plans.empty() ? 0 : plans.front().at("steps").get<std::size_t>();
}

void Build::expect_failures(std::string_view derivation_name,
                            std::string_view failure,
                            std::size_t tries) const {
  const auto attempts = attempts_of(derivation_name);
  EXPECT_THAT(attempts, ::testing::SizeIs(tries)) << derivation_name;
  for (const auto& attempt : attempts)
    EXPECT_EQ(attempt.at("failure"), failure) << attempt;
}

void FarmTest::SetUp() {
  const auto reasons = lab::lacking();
  if (!reasons.empty()) GTEST_SKIP() << fmt::format("{}", fmt::join(reasons, "\n"));
}

std::string FarmTest::write_nix(const lab::CoordinatorHost& home, std::string_view expression) {
  const auto file = home.dir() / "test.nix";
  std::ofstream(file) << kPrelude << expression;
  home.give_to_login(file);
  return file;
}

std::vector<std::string> FarmTest::firn_command(const lab::CoordinatorHost& home,
                                                std::vector<std::string> arguments) {
  std::vector<std::string> argv{firn_program(),
                                "build",
                                "--json",
                                "--no-out-link",
                                "--log-dir",
                                home.home(home.login()) / "logs"};
  argv.insert(argv.end(),
              std::make_move_iterator(arguments.begin()),
              std::make_move_iterator(arguments.end()));
  return argv;
}

std::vector<nlohmann::json> FarmTest::parse_events(const std::string& text) {
  std::vector<nlohmann::json> events;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    events.push_back(nlohmann::json::parse(line));
  return events;
}

Build FarmTest::firn_build(const lab::CoordinatorHost& home,
                           std::vector<std::string> arguments,
                           const lab::RunOptions& options) {
  Build build;
  build.outcome = home.run(firn_command(home, std::move(arguments)), options);
  build.events = parse_events(build.outcome.out);
  return build;
}

std::vector<std::string> FarmTest::outputs(const lab::CoordinatorHost& home,
                                           const std::string& file,
                                           const std::string& attribute) {
  const auto outcome = home.run(
      {"nix-instantiate",
       "--eval",
       "--strict",
       "--json",
       "-E",
       fmt::format(
           "let d = (import {}).{}; in map (o: d.${{o}}.outPath) (d.outputs or [ \"out\" ])",
           file,
           attribute)});
  if (!outcome.ok()) throw std::runtime_error(outcome.describe());
  return nlohmann::json::parse(outcome.out);
}

std::string FarmTest::machines(const std::vector<const lab::Builder*>& builders) {
  std::string lines;
  for (const auto* builder : builders)
    lines += builder->machines_line() + "\n";
  return lines;
}

void ReleaseTest::SetUp() {
  FarmTest::SetUp();
  if (IsSkipped()) return;
  if (const auto reason = lab::reason_to_skip(GetParam()); !reason.empty()) GTEST_SKIP() << reason;
}

bool is_idle(const lab::Host& host) {
  return host.count_processes("sleep") == 0 && host.count_processes("nix-store") == 0;
}

std::string release_name(const ::testing::TestParamInfo<lab::Release>& info) {
  auto name = fmt::format("nix_{}", info.param.nix);
  std::ranges::replace(name, '.', '_');
  return name;
}

}  // namespace firn::testing
