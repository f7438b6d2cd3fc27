// SPDX-License-Identifier: Apache-2.0
// Garbage collectors that run while firn works, and paths that come and go under its sessions.
#include "faults/fault_fixture.h"

#include <chrono>
#include <memory>
#include <string>
#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Collector : public FaultTest {
 protected:
  static ino_t inode_of(const lab::Host& host, const std::string& store_path) {
    struct stat info{};
    return ::stat(host.outside(store_path).c_str(), &info) == 0 ? info.st_ino : 0;
  }

  void TearDown() override {
    if (!IsSkipped()) expect_idle();
  }
};

/// What earlier steps left there is deleted as soon as nothing holds it.
TEST_F(Collector, RunsEverywhereAllTheWhile) {
  const auto file = write_nix(home(), R"nix(let
    words = i: builtins.toFile "gc-words-${toString i}" "words ${toString i}\n";
    low = i: mk { name = "gc-low-${toString i}"; script = "sleep 0.2; cat ${words i} > $out"; };
    mid = i: mk { name = "gc-mid-${toString i}"; script = "sleep 0.2; cat ${low i} ${low (i + 1)} > $out"; };
  in { step = mk { name = "gc-top"; script = "cat ${builtins.concatStringsSep " " (builtins.map (i: "${mid i}") (builtins.genList (i: i) 20))} > $out"; }; })nix");
  std::vector<const lab::Builder*> all;
  std::vector<std::unique_ptr<lab::CollectingGarbage>> collectors;
  collectors.push_back(std::make_unique<lab::CollectingGarbage>(home()));
  for (const auto& builder : farm().builders) {
    all.push_back(builder.get());
    collectors.push_back(std::make_unique<lab::CollectingGarbage>(builder->host()));
  }

  auto firn = start(file, machines(all));
  const auto build = firn.finish(120s);

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(42)) << "none was tried twice";
  for (const auto& collector : collectors)
    EXPECT_GT(collector->collections(), 2);
}

/// Nix 2.3 answers nothing while the first phase of a collection holds this lock.
TEST_F(Collector, OfAnOldNixKeepsItsServersWaiting) {
  const auto& victim = *farm().builders.at(0);
  const auto file = write_nix(
      home(),
      fmt::format(
          R"nix({{ step = mk {{ name = "gc-lock"; script = "wc -c < ${{builtins.storePath "{}"}} > $out"; }}; }})nix",
          add_input(100'000)));
  auto holder = victim.host().spawn(
      {"flock", "-x", "/nix/var/nix/gc.lock", "/bin/sh", "-c", "echo held; sleep 8"});
  ASSERT_TRUE(holder.wait_for_output("held", 5s)) << holder.err();

  const auto began = Clock::now();
  auto firn = start(file, machines({&victim}));
  const auto build = firn.finish(60s);

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_GT(Clock::now() - began, 7s) << "it was not held up at all";
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(1)) << "waiting is no failure";
  ASSERT_THAT(build.of("machine_out"), SizeIs(1));
  EXPECT_EQ(build.of("machine_out").at(0).at("reason"), "collects garbage");
}

/// Two sessions have asked for a missing path; it comes in through one of them, and a third step
/// needs it through the other one, which must not write it again.
TEST_F(Collector, APathThatCameThroughAnotherSessionIsLeftAlone) {
  for (const std::size_t at : {0U, 1U, 2U, 3U}) {
    const auto& builder = *farm().builders.at(at);
    const auto input = add_input(30'000'000);
    const auto file = write_nix(home(),
                                fmt::format(R"nix(rec {{
      input = builtins.storePath "{0}";
      one = mk {{ name = "one-{1}"; script = "wc -c < ${{input}} > $out; sleep 0.5"; }};
      two = mk {{ name = "two-{1}"; script = "wc -c < ${{input}} > $out; sleep 0.5"; }};
      step = mk {{ name = "three-{1}"; script = "cat ${{one}} ${{two}} > $out; wc -c < ${{input}} >> $out"; }};
      four = mk {{ name = "four-{1}"; script = "cat ${{one}} > $out; wc -c < ${{input}} >> $out; sleep 0.3"; }};
    }})nix",
                                            input,
                                            at));

    auto firn = start(file, machines({&builder}));
    ASSERT_TRUE(firn.await(in_phase("building", builder), 30s));
    const auto first = inode_of(builder.host(), input);
    const auto build = firn.finish(60s);

    ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
    EXPECT_THAT(build.of("attempt_ended"), SizeIs(4)) << "none was tried twice";
    EXPECT_NE(first, 0U);
    EXPECT_EQ(inode_of(builder.host(), input), first) << "it was written again";
  }
}

/// A path that a kept session has held is deleted by force: the step that needs it is tried again.
TEST_F(Collector, TakesAPathThatAKeptSessionKnows) {
  const auto& builder = *farm().builders.at(1);
  const auto input = add_input(50'000);
  const auto file = write_nix(home(),
                              fmt::format(R"nix(rec {{
    first = mk {{ name = "knows"; script = "wc -c < ${{builtins.storePath "{0}"}} > $out"; }};
    other = mk {{ name = "meanwhile"; script = "for i in 1 2 3 4; do sleep 0.5; echo $i; done; echo > $out"; }};
    step = mk {{ name = "needs"; script = "cat ${{first}} ${{other}} ${{builtins.storePath "{0}"}} > $out"; }};
  }})nix",
                                          input));

  auto firn = start(file, machines({&builder}));
  ASSERT_TRUE(firn.await(
      [](const nlohmann::json& event) {
        return event.at("event") == "attempt_ended" && event.at("name") == "knows";
      },
      30s));
  const auto deleted = builder.host().run(
      {"/bin/sh",
       "-c",
       fmt::format("rm -rf {0}; nix-store --verify --check-contents >&2; test ! -e {0}", input)});
  ASSERT_TRUE(deleted.ok()) << deleted.describe();
  const auto build = firn.finish(60s);

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  for (const auto& ended : build.attempts_of("needs"))
    EXPECT_NE(ended.at("outcome"), "failed") << ended.dump(2);
  EXPECT_TRUE(home().verify_path(outputs(home(), file, "step").front()));
}

}  // namespace
}  // namespace firn::testing
