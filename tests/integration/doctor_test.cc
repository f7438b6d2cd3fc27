// SPDX-License-Identifier: Apache-2.0
// `firn doctor` on machines that work, on some that do not, and on some that only nearly do.
#include "integration/farm_fixture.h"

#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DoctorTest : public FarmTest {
 protected:
  struct Answer {
    lab::Outcome outcome;
    nlohmann::json machines;

    /// A check of a machine; null where it was not made.
    nlohmann::json check(std::size_t machine, std::string_view name) const {
      for (const auto& check : machines.at(machine).at("checks"))
        if (check.at("name") == name) return check;
      return {};
    }
  };

  static Answer doctor(const lab::CoordinatorHost& home, const std::string& builders) {
    Answer answer{.outcome = home.run({FIRN_PROGRAM, "doctor", "--json", "--builders", builders}),
                  .machines = {}};
    answer.machines = nlohmann::json::parse(answer.outcome.out).at("machines");
    return answer;
  }

  static void write_start_up_file(const lab::Builder& builder, std::string_view text) {
    std::ofstream(builder.host().home(lab::User::root) / ".bashrc") << text;
  }
};

TEST_F(DoctorTest, AGoodMachineIsTestedToTheEndAndLeftAsItWas) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});

  const auto answer = doctor(home, machines({&builder}));

  EXPECT_TRUE(answer.outcome.ok()) << answer.outcome.describe();
  EXPECT_EQ(answer.machines.at(0).at("machine"), builder.uri());
  EXPECT_EQ(answer.machines.at(0).at("can_build"), true);
  for (const char* name : {"connect",
                           "nix",
                           "facts",
                           "systems",
                           "inodes",
                           "clock",
                           "store",
                           "trust",
                           "build",
                           "copy back"}) {
    const auto check = answer.check(0, name);
    ASSERT_FALSE(check.is_null()) << name << " in " << answer.outcome.out;
    EXPECT_EQ(check.at("grade"), "fine") << check;
  }
  EXPECT_THAT(answer.check(0, "nix").at("found").get<std::string>(), HasSubstr("version 2."));
  EXPECT_EQ(answer.check(0, "store").at("found"), "it has a store of its own");
  EXPECT_THAT(answer.check(0, "facts").at("found").get<std::string>(), HasSubstr("Nix 2."));
  EXPECT_THAT(builder.host().valid_paths(), IsEmpty()) << "what it built is deleted";

  const auto text = home.run({FIRN_PROGRAM, "doctor", "--builders", machines({&builder})});
  EXPECT_TRUE(text.ok()) << text.describe();
  EXPECT_THAT(text.out, HasSubstr(builder.uri() + ": takes work"));
}

TEST_F(DoctorTest, AMachineWithOurOwnStoreIsToldAsSuch) {
  const lab::CoordinatorHost home;
  const lab::Sshd sshd(home, home.key(), lab::SshdLimits::generous);
  std::ofstream(home.home(lab::User::root) / ".ssh/known_hosts")
      << fmt::format("[127.0.0.1]:{} {}\n", sshd.port(), sshd.host_key());

  const auto answer = doctor(home, fmt::format("ssh://root@127.0.0.1:{}\n", sshd.port()));

  EXPECT_TRUE(answer.outcome.ok()) << answer.outcome.describe();
  const auto store = answer.check(0, "store");
  EXPECT_EQ(store.at("grade"), "fine");
  EXPECT_EQ(store.at("found"), "its store is our own: nothing is copied");
  EXPECT_EQ(answer.machines.at(0).at("can_build"), true);
}

TEST_F(DoctorTest, EachBrokenMachineIsToldByItsFirstTrouble) {
  const lab::CoordinatorHost home;
  const lab::Builder good(home.key(), {.name = "good"});
  const lab::Builder talkative(home.key(), {.name = "talkative"});
  const lab::Builder untrusting(
      home.key(), {.name = "untrusting", .host = {.daemon = lab::Daemon{.is_trusted = false}}});
  write_start_up_file(talkative, "echo Welcome\n");

  const auto answer =
      doctor(home, "ssh://root@127.0.0.1:1\n" + machines({&talkative, &untrusting, &good}));

  EXPECT_EQ(answer.outcome.exit_code, 3) << answer.outcome.describe();
  EXPECT_THAT(answer.check(0, "connect").at("found").get<std::string>(),
              AllOf(HasSubstr("Connection refused"), HasSubstr("start its sshd")));
  EXPECT_TRUE(answer.check(0, "nix").is_null()) << "nothing more makes sense there";
  EXPECT_THAT(answer.check(1, "nix").at("found").get<std::string>(), HasSubstr("'Welcome' came"));
  EXPECT_EQ(answer.check(2, "trust").at("grade"), "broken");
  EXPECT_THAT(answer.check(2, "trust").at("advice").get<std::string>(), HasSubstr("trusted-users"));
  EXPECT_EQ(answer.machines.at(3).at("can_build"), true);
}

TEST_F(DoctorTest, WhatNeedsAttentionKeepsNobodyFromWork) {
  const lab::CoordinatorHost home;
  const lab::Builder slow(home.key(), {.name = "slow", .features = {"kvm"}});
  write_start_up_file(slow, "sleep 1.2\n");
  std::ofstream(slow.host().dir() / "etc/nix.conf", std::ios::app)
      << "system-features = benchmark\n";

  const auto answer = doctor(home, machines({&slow}));

  EXPECT_TRUE(answer.outcome.ok()) << answer.outcome.describe();
  EXPECT_EQ(answer.check(0, "login").at("grade"), "attention");
  EXPECT_THAT(answer.check(0, "login").at("advice").get<std::string>(), HasSubstr("~/.bashrc"));
  EXPECT_EQ(answer.check(0, "systems").at("grade"), "attention");
  EXPECT_THAT(answer.check(0, "systems").at("found").get<std::string>(), HasSubstr("kvm"));
}

TEST_F(DoctorTest, ALoginThatNeverAnswersIsGivenUp) {
  const lab::CoordinatorHost home;
  const lab::Builder silent(home.key(), {.name = "silent"});
  write_start_up_file(silent, "sleep 1000\n");

  const auto answer = doctor(home, machines({&silent}));

  EXPECT_EQ(answer.outcome.exit_code, 3) << answer.outcome.describe();
  EXPECT_THAT(answer.check(0, "nix").at("found").get<std::string>(),
              AllOf(HasSubstr("the login works, but nothing was heard of Nix for"),
                    HasSubstr("~/.bashrc")));
}

}  // namespace
}  // namespace firn::testing
