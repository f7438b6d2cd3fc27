// SPDX-License-Identifier: Apache-2.0
// A run that was recorded can be taken apart to its last byte, and what Nix writes can be looked
// at.
#include "integration/farm_fixture.h"

#include <filesystem>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class InspectTest : public FarmTest {
 protected:
  static lab::Outcome inspect(const lab::CoordinatorHost& home, std::vector<std::string> words) {
    words.insert(words.begin(), {FIRN_PROGRAM, "inspect"});
    return home.run(words);
  }
};

/// The steps of one recording.
std::vector<json> steps_of(const std::string& lines) {
  std::vector<json> steps;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    auto step = json::parse(line);
    if (step.contains("step")) steps.push_back(std::move(step));
  }
  return steps;
}

TEST_F(InspectTest, ARecordedBuildIsDecodedToItsEnd) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(rec {
    words = builtins.toFile "words" "hello from afar\n";
    top = mk { name = "top"; script = "echo building; cat ${words} > $out"; };
  })nix");
  const auto talks = home.home(home.login()) / "talks";
  const auto build = firn_build(
      home,
      {file, "-A", "top", "-j0", "--builders", machines({&builder}), "--record", talks.string()});
  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();

  std::set<std::string> asked_of_builder;
  int stores = 0;
  const auto listed = home.run({"ls", talks.string()});
  ASSERT_TRUE(listed.ok()) << listed.describe();
  std::istringstream names(listed.out);
  for (std::string name; std::getline(names, name);) {
    const auto look = inspect(home, {"wire", "--json", "--capture", (talks / name).string()});
    EXPECT_TRUE(look.ok()) << name << ": " << look.describe();
    const auto steps = steps_of(look.out);
    ASSERT_FALSE(steps.empty()) << name;
    EXPECT_EQ(steps[0].at("step"), "handshake");
    const bool is_builder = name.find("local-store") == std::string::npos;
    stores += is_builder ? 0 : 1;
    for (const auto& step : steps) {
      EXPECT_FALSE(step.contains("problem")) << name << ": " << step;
      if (is_builder) asked_of_builder.insert(step.at("step"));
    }
  }
  EXPECT_GT(stores, 0);
  EXPECT_THAT(asked_of_builder,
              IsSupersetOf({"handshake",
                            "query-valid-paths",
                            "add-to-store-nar",
                            "build-derivation",
                            "query-path-infos",
                            "dump-store-path"}));
}

TEST_F(InspectTest, LooksAtWhatNixWrites) {
  const lab::CoordinatorHost home;
  const auto file = write_nix(home, R"nix({
    top = mk { name = "top"; script = "PATH=/usr/bin:/bin; mkdir $out; echo hi > $out/file"; };
  })nix");
  ASSERT_TRUE(firn_build(home, {file, "-A", "top", "--builders", ""}).outcome.ok());
  const auto path = outputs(home, file, "top").front();

  const auto info = inspect(home, {"path", path});
  ASSERT_TRUE(info.ok()) << info.describe();
  const auto known = json::parse(info.out);
  const std::string drv = "/nix/store/" + known.at("deriver").get<std::string>();
  const auto derivation = inspect(home, {"drv", drv});
  ASSERT_TRUE(derivation.ok()) << derivation.describe();
  EXPECT_EQ(json::parse(derivation.out).at("name"), "top");

  const auto nar =
      home.run({"sh",
                "-c",
                fmt::format("nix-store --dump {} | {} inspect nar - --verify {} --verify-size {}",
                            path,
                            FIRN_PROGRAM,
                            known.at("narHash").get<std::string>(),
                            known.at("narSize").get<int>())});
  EXPECT_TRUE(nar.ok()) << nar.describe();
  EXPECT_THAT(nar.out, HasSubstr("-r--r--r--         3 ./file\n"));

  const auto stranger = inspect(home, {"path", "/nix/store/0c6rn30q4frawknapgwq386zq358m8r6-no"});
  EXPECT_EQ(stranger.exit_code, 2) << stranger.describe();
}

}  // namespace
}  // namespace firn::testing
