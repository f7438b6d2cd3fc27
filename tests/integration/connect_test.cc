// SPDX-License-Identifier: Apache-2.0
// Machines that cannot be reached, or are not what they should be: each is told in one line that
// says what is wrong and what to do, and the step goes on to a machine that works.
#include "base/fd.h"
#include "integration/farm_fixture.h"

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
namespace fs = std::filesystem;

constexpr std::string_view kOneStep =
    R"nix({ one = mk { name = "one"; script = "echo > $out"; }; })nix";

class ConnectTest : public FarmTest {
 protected:
  /// A line of the machines file with the columns that matter here; it is taken before `last_one`.
  static std::string line(const lab::CoordinatorHost& home,
                          const std::string& uri,
                          const std::string& host_key = "-",
                          const std::string& key = "") {
    return fmt::format("{} {} {} 1 2 - - {}\n",
                       uri,
                       lab::current_system(),
                       key.empty() ? home.key().file.string() : key,
                       host_key);
  }

  /// The base64 of a builder's key, as its own line says.
  static std::string host_key(const lab::Builder& builder) {
    const auto text = builder.machines_line();
    return text.substr(text.rfind(' ') + 1);
  }

  /// What the login's shell reads first.
  static void write_start_up_file(const lab::Builder& builder, std::string_view text) {
    std::ofstream(builder.host().home(lab::User::root) / ".bashrc") << text;
  }

  /// Messages of failed attempts by machine.
  static std::map<std::string, std::string> messages(const Build& build) {
    std::map<std::string, std::string> found;
    for (const auto& attempt : build.of("attempt_ended")) {
      if (attempt.at("outcome") != "succeeded")
        found[attempt.at("machine")] = attempt.at("message");
    }
    return found;
  }

  static void expect_one_line_each(const std::map<std::string, std::string>& messages) {
    for (const auto& [machine, message] : messages)
      EXPECT_THAT(message, Not(HasSubstr("\n"))) << machine;
  }

  /// Hides the Nix of this machine from a builder: a /usr/bin without it. Returns a copy of it.
  static fs::path hide_nix(const lab::Builder& builder) {
    const auto& host = builder.host();
    const auto copy = host.dir() / "hidden-nix";
    fs::copy_file(fs::canonical("/usr/bin/nix-store"), copy);
    const auto folder = host.dir().string();
    const auto outcome =
        host.run({"/bin/sh",
                  "-c",
                  fmt::format("mkdir {0}/upper {0}/work && "
                              "mount -t overlay overlay "
                              "-o lowerdir=/usr/bin,upperdir={0}/upper,workdir={0}/work /usr/bin "
                              "&& rm /usr/bin/nix*",
                              folder)},
                 {.user = lab::User::root});
    if (!outcome.ok()) throw std::runtime_error(outcome.describe());
    return copy;
  }
};

TEST_F(ConnectTest, AMachineThatIsNotThereIsToldByWhatIsMissing) {
  const lab::CoordinatorHost home;
  const lab::Builder good(home.key(), {.name = "good"});
  const auto file = write_nix(home, kOneStep);
  const std::string nowhere = "ssh://root@no-such-host.invalid";
  const std::string closed = "ssh://root@127.0.0.1:1";

  const auto build = firn_build(
      home,
      {file, "-j0", "--builders", line(home, nowhere) + line(home, closed) + machines({&good})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto told = messages(build);
  EXPECT_THAT(told,
              Contains(Pair(nowhere,
                            AllOf(HasSubstr("Could not resolve hostname no-such-host.invalid"),
                                  HasSubstr("correct the name in the machines file")))));
  EXPECT_THAT(told,
              Contains(Pair(closed,
                            AllOf(HasSubstr("Connection refused"),
                                  HasSubstr("start its sshd, or correct the port")))));
  expect_one_line_each(told);
}

TEST_F(ConnectTest, AKeyThatIsNotAcceptedIsToldFromWhichSide) {
  const lab::CoordinatorHost home;
  const lab::Builder unknown(home.key(), {.name = "unknown"});
  const lab::Builder changed(home.key(), {.name = "changed"});
  const lab::Builder refusing(home.key(), {.name = "refusing"});
  const lab::Builder good(home.key(), {.name = "good"});
  const auto other_key = (home.dir() / "other_key").string();
  ASSERT_TRUE(home.run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other_key}).ok());
  const auto file = write_nix(home, kOneStep);

  const auto build = firn_build(
      home,
      {file,
       "-j0",
       "--builders",
       line(home, unknown.uri()) + line(home, changed.uri(), host_key(good)) +
           line(home, refusing.uri(), host_key(refusing), other_key) + machines({&good})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto told = messages(build);
  EXPECT_THAT(
      told,
      Contains(Pair(unknown.uri(), AllOf(HasSubstr("is not known"), HasSubstr("eighth column")))));
  EXPECT_THAT(told,
              Contains(Pair(changed.uri(),
                            AllOf(HasSubstr("another host key than the one in"),
                                  HasSubstr("it shows SHA256:")))));
  EXPECT_THAT(told,
              Contains(Pair(refusing.uri(),
                            AllOf(HasSubstr("does not let us in with the key " + other_key),
                                  HasSubstr("authorized_keys there")))));
  expect_one_line_each(told);
}

TEST_F(ConnectTest, AChangedKeyInKnownHostsIsToldWithTheCommandThatRemovesIt) {
  const lab::CoordinatorHost home;
  const lab::Builder changed(home.key(), {.name = "changed"});
  const lab::Builder good(home.key(), {.name = "good"});
  std::ofstream(home.home(lab::User::root) / ".ssh/known_hosts")
      << fmt::format("[127.0.0.1]:{} {}\n", changed.sshd().port(), good.sshd().host_key());
  const auto file = write_nix(home, kOneStep);

  const auto build =
      firn_build(home, {file, "-j0", "--builders", line(home, changed.uri()) + machines({&good})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_THAT(messages(build),
              Contains(Pair(changed.uri(),
                            AllOf(HasSubstr("another host key than known_hosts says"),
                                  HasSubstr("`ssh-keygen -f")))));
}

TEST_F(ConnectTest, ALoginWithoutNixOrWithATalkativeShell) {
  const lab::CoordinatorHost home;
  const lab::Builder bare(home.key(), {.name = "bare"});
  const lab::Builder talkative(home.key(), {.name = "talkative"});
  const lab::Builder good(home.key(), {.name = "good"});
  hide_nix(bare);
  write_start_up_file(talkative, "echo Welcome to the machine; echo have fun\n");
  const auto file = write_nix(home, kOneStep);

  const auto build =
      firn_build(home,
                 {file,
                  "-j0",
                  "--builders",
                  line(home, bare.uri(), host_key(bare)) +
                      line(home, talkative.uri(), host_key(talkative)) + machines({&good})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto told = messages(build);
  EXPECT_THAT(told,
              Contains(Pair(bare.uri(),
                            AllOf(HasSubstr("no Nix was found in the login's PATH"),
                                  HasSubstr("?remote-program=")))));
  EXPECT_THAT(told,
              Contains(Pair(talkative.uri(),
                            AllOf(HasSubstr("'Welcome to the machine' came where"),
                                  HasSubstr("~/.bashrc"),
                                  Not(HasSubstr("have fun"))))));
  expect_one_line_each(told);
}

TEST_F(ConnectTest, NixInAUsualPlaceIsFoundOnceAndRemembered) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1", .max_jobs = 1});
  const auto hidden = hide_nix(builder);
  const fs::path profile = "/nix/var/nix/profiles/default/bin";
  fs::create_directories(builder.host().outside(profile));
  fs::copy_file(hidden, builder.host().outside(profile / "nix-store"));
  const auto file = write_nix(home, R"nix(builtins.genList (i:
    mk { name = "step-${toString i}"; script = "echo > $out"; }) 3)nix");

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(3)) << "none was tried twice";
}

/// As many connections that never say a word as a stock sshd puts up with.
class Crowd {
 public:
  explicit Crowd(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    constexpr int kMostTries = 2000;
    constexpr std::size_t kMaxStartups = 100;
    for (int i = 0; i < kMostTries && members_.size() < kMaxStartups; ++i) {
      Fd member(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      std::array<char, 4> banner{};
      if (::connect(member.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
              0 &&
          ::recv(member.get(), banner.data(), banner.size(), MSG_WAITALL) == 4 &&
          std::string_view(banner.data(), banner.size()) == "SSH-") {
        members_.push_back(std::move(member));
      }
    }
  }

  void leave() { members_.clear(); }

 private:
  std::vector<Fd> members_;
};

TEST_F(ConnectTest, AFullSshdIsTriedAgainWithoutCostingATry) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1", .sshd = lab::SshdLimits::stock});
  const auto file = write_nix(home, kOneStep);
  Crowd crowd(builder.sshd().port());
  auto process = home.spawn(firn_command(home, {file, "-j0", "--builders", machines({&builder})}));
  ASSERT_TRUE(process.wait_for_output("attempt_started", 30s)) << process.err();
  std::this_thread::sleep_for(300ms);
  crowd.leave();

  const auto outcome = process.wait(60s);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  EXPECT_THAT(outcome.out, Not(HasSubstr("\"outcome\":\"retry\"")));
}

TEST_F(ConnectTest, AnotherStoreDirectoryIsToldBeforeAnythingIsSent) {
  const lab::CoordinatorHost home;
  const lab::Builder other(home.key(), {.name = "other"});
  const lab::Builder good(home.key(), {.name = "good"});
  write_start_up_file(other,
                      fmt::format("export NIX_STORE_DIR={0}/s/store NIX_STATE_DIR={0}/s/var\n",
                                  other.host().dir().string()));
  const auto file = write_nix(home, kOneStep);

  const auto build = firn_build(
      home,
      {file, "-j0", "--builders", line(home, other.uri(), host_key(other)) + machines({&good})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto told = messages(build);
  EXPECT_THAT(
      told,
      Contains(Pair(other.uri(), HasSubstr("keeps its store in another folder than /nix/store"))));
  expect_one_line_each(told);
  EXPECT_THAT(build.of("machine_out"), SizeIs(1)) << "it is not asked again";
}

/// Hands builds on to itself, as a site does whose machines file names its own host: unless it is
/// told not to, it waits for ever for its own lock.
lab::HostOptions host_that_delegates() {
  return {.nix_conf = {{"builders", fmt::format("ssh://self {} - 4 2", lab::current_system())},
                       {"builders-use-substitutes", "false"}}};
}

TEST_F(ConnectTest, AMachineThatIsThisOneSharesItsStore) {
  const lab::CoordinatorHost home(host_that_delegates());
  const lab::Sshd sshd(home, home.key(), lab::SshdLimits::generous);
  const auto folder = home.home(lab::User::root) / ".ssh";
  std::ofstream(folder / "config")
      << fmt::format("Host self\n  HostName 127.0.0.1\n  Port {}\n", sshd.port());
  std::ofstream(folder / "known_hosts")
      << fmt::format("[127.0.0.1]:{} {}\n", sshd.port(), sshd.host_key());
  const auto file = write_nix(home, R"nix(rec {
    words = builtins.toFile "words" "hello\n";
    steps = builtins.genList (i: mk { name = "step-${toString i}"; script = "cat ${words} > $out"; }) 6;
    top = mk { name = "top"; script = "cat ${toString steps} > $out"; };
  })nix");

  const auto build = firn_build(home,
                                {file,
                                 "-A",
                                 "top",
                                 "-j0",
                                 "--builders",
                                 fmt::format("ssh://self {} - 3", lab::current_system())});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_EQ(build.steps(), 7U);
  const auto attempts = build.of("attempt_ended");
  EXPECT_THAT(attempts, SizeIs(7)) << "none was tried twice";
  for (const auto& event : build.of("phase_entered")) {
    EXPECT_NE(event.at("phase"), "sending_inputs");
    EXPECT_NE(event.at("phase"), "receiving_outputs");
  }
  const auto notes = build.of("machine_note");
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes.at(0).at("note"), "its store is our own: nothing is copied");
  EXPECT_TRUE(home.verify_path(outputs(home, file, "top").front()));
  EXPECT_TRUE(home.run({"nix-store", "--gc"}).ok());
  for (const auto& path : home.valid_paths())
    EXPECT_THAT(path, Not(HasSubstr("firn-mark"))) << "it is rooted for ever";
}

TEST_F(ConnectTest, ASlowLoginIsNotedOnce) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  write_start_up_file(builder, "sleep 1.2\n");
  const auto file = write_nix(home, R"nix(builtins.genList (i:
    mk { name = "step-${toString i}"; script = "echo > $out"; }) 3)nix");

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto notes = build.of("machine_note");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes.at(0).at("machine"), builder.uri());
  EXPECT_THAT(notes.at(0).at("note").get<std::string>(),
              AllOf(HasSubstr(" s to begin"), HasSubstr("~/.bashrc")));
}

}  // namespace
}  // namespace firn::testing
