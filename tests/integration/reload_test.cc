// SPDX-License-Identifier: Apache-2.0
// What a running firn build takes from its machines file, and what a configuration file sets.
#include "integration/farm_fixture.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class ReloadTest : public FarmTest {
 protected:
  /// In one move, as a good editor does.
  static void write_file(const fs::path& file, const std::string& text) {
    const fs::path fresh = file.string() + ".new";
    std::ofstream(fresh) << text;
    fs::permissions(fresh, fs::perms(0644));
    fs::rename(fresh, file);
  }

  static std::set<std::string> machines_of(const Build& build) {
    std::set<std::string> names;
    for (const auto& event : build.of("attempt_ended"))
      names.insert(event.at("machine").get<std::string>());
    return names;
  }

  static std::size_t mentions(const std::string& text, std::string_view words) {
    std::size_t count = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
      ++count;
    return count;
  }
};

TEST_F(ReloadTest, MachinesComeAndGoWhileItRuns) {
  const lab::CoordinatorHost home;
  const lab::Builder one(home.key(), {.name = "b1", .max_jobs = 1});
  const lab::Builder two(home.key(), {.name = "b2", .max_jobs = 1, .features = {"rare"}});
  const fs::path list = home.dir() / "machines";
  const std::string started = "\"phase\":\"building\"";
  write_file(list, machines({&one, &two}));
  const auto file = write_nix(home, R"nix(
    builtins.genList (i: mk { name = "common-${toString i}"; script = "sleep 2; echo > $out"; }) 3
    ++ builtins.genList (i: mk { name = "rare-${toString i}"; requiredSystemFeatures = [ "rare" ];
                                 script = "sleep 6; echo > $out"; }) 2
  )nix");
  auto process = home.spawn(firn_command(home, {file, "-j0", "--builders", "@" + list.string()}));
  ASSERT_TRUE(eventually([&] { return mentions(process.out(), started) >= 2; }, 60s));

  write_file(list, one.machines_line() + "\nssh://broken x86_64-linux - many\n");
  ASSERT_TRUE(process.wait_for_output(list.string() + ":2: ", 10s));
  process.signal(SIGHUP);
  ASSERT_TRUE(
      eventually([&] { return mentions(process.out(), list.string() + ":2: ") == 2; }, 10s));
  write_file(list, one.machines_line() + "\n");
  ASSERT_TRUE(process.wait_for_output("it is no longer in the machines file", 10s));
  // The steps that need b2 wait, and start when it is back.
  ASSERT_TRUE(
      eventually([&] { return mentions(process.out(), "\"outcome\":\"succeeded\"") == 4; }, 60s))
      << process.out();
  EXPECT_TRUE(process.is_running());
  write_file(list, machines({&one, &two}));
  ASSERT_TRUE(process.wait_for_output("machine_added", 10s));

  const auto outcome = process.wait(60s);
  EXPECT_TRUE(outcome.ok()) << outcome.describe();
  const Build build{.outcome = outcome, .events = parse_events(outcome.out)};
  EXPECT_EQ(build.of("attempt_ended").size(), 5U);
  EXPECT_EQ(machines_of(build), (std::set<std::string>{one.uri(), two.uri()}));
}

TEST_F(ReloadTest, AConfigurationFileSetsTheLimits) {
  const lab::CoordinatorHost home;
  const lab::Builder one(home.key(), {.name = "b1"});
  const lab::Builder two(home.key(), {.name = "b2", .speed_factor = 0.1});
  const fs::path config = home.dir() / "firn.toml";
  const auto file = write_nix(home, R"nix(mk { name = "a"; script = "echo > $out"; })nix");
  for (const auto pid : one.host().find("sshd"))
    ::kill(pid, SIGSTOP);

  write_file(config, "[phases]\nconnecting = \"2s\"\n");
  const auto build = firn_build(
      home, {file, "-j0", "--config", config.string(), "--builders", machines({&one, &two})});
  EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_THAT(build.outcome.out, HasSubstr("connecting (" + one.uri() + ") took longer than 2 s"));

  write_file(config, "[phases]\nconecting = \"2s\"\n");
  const auto refused = firn_build(home, {file, "--config", config.string()});
  EXPECT_EQ(refused.outcome.exit_code, 2);
  EXPECT_THAT(refused.outcome.err,
              HasSubstr("firn.toml:2: unknown key 'phases.conecting'; did you mean "
                        "phases.connecting?"));
}

}  // namespace
}  // namespace firn::testing
