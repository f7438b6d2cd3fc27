// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and kill -9: what ran is gone from the builders, and nothing half done is left.
#include "base/error.h"
#include "base/fd.h"
#include "integration/farm_fixture.h"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>

#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class InterruptTest : public FarmTest {};

TEST_F(InterruptTest, CtrlCEndsBuildsOnTheirMachines) {
  const lab::CoordinatorHost home;
  const lab::Builder one(home.key(), {.name = "b1", .max_jobs = 2});
  const lab::Builder two(home.key(), {.name = "b2", .max_jobs = 2});
  const auto file = write_nix(
      home,
      R"nix(builtins.genList (i: mk { name = "slow-${toString i}"; script = "sleep 1000; echo > $out"; }) 8)nix");
  auto process =
      home.spawn(firn_command(home, {file, "-j1", "--builders", machines({&one, &two})}));
  ASSERT_TRUE(eventually(
      [&] {
        return one.host().count_processes("sleep") == 2 &&
               two.host().count_processes("sleep") == 2 && home.count_processes("sleep") == 1;
      },
      30s));

  process.signal(SIGINT);

  const auto outcome = process.wait(20s);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.describe();
  for (const auto* host : {&one.host(), &two.host()}) {
    EXPECT_TRUE(eventually([&] { return is_idle(*host); }, 10s))
        << fmt::format("{}", fmt::join(host->processes(), "\n"));
    EXPECT_THAT(host->valid_paths(), IsEmpty());
  }
  EXPECT_TRUE(eventually([&] { return is_idle(home); }, 10s))
      << fmt::format("{}", fmt::join(home.processes(), "\n"));
}

TEST_F(InterruptTest, CtrlCWhileSendingLeavesNothingHalfRegistered) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(rec {
    big = mk { name = "big"; script = "truncate -s 500000000 $out"; };
    user = mk { name = "user"; script = "wc -c < ${big} > $out"; };
  })nix");
  ASSERT_TRUE(firn_build(home, {file, "-A", "big", "-j1", "--builders", ""}).outcome.ok());
  auto process = home.spawn(
      firn_command(home, {file, "-A", "user", "-j0", "--builders", machines({&builder})}));
  ASSERT_TRUE(process.wait_for_output("bytes_moved", 30s));

  process.signal(SIGINT);

  const auto outcome = process.wait(20s);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.describe();
  EXPECT_TRUE(eventually([&] { return is_idle(builder.host()); }, 10s));
  EXPECT_THAT(builder.host().valid_paths(), IsEmpty());
  const auto again =
      firn_build(home, {file, "-A", "user", "-j0", "--builders", machines({&builder})});
  EXPECT_TRUE(again.outcome.ok()) << again.outcome.describe();
}

TEST_F(InterruptTest, CtrlCDuringEvaluationEndsIt) {
  const lab::CoordinatorHost home;
  const auto file = write_nix(
      home,
      R"nix(let go = n: if n == 0 then 0 else go (n - 1) + go (n - 1); in builtins.seq (go 60) null)nix");
  auto process = home.spawn(firn_command(home, {file}));
  ASSERT_TRUE(eventually([&] { return home.count_processes("nix-instantiate") == 1; }, 10s));

  process.signal(SIGINT);

  EXPECT_EQ(process.wait(10s).exit_code, 130);
  EXPECT_EQ(home.count_processes("nix-instantiate"), 0);
}

/// How firn ends: by Ctrl-C, or at once.
class EndTest : public FarmTest, public ::testing::WithParamInterface<int> {
 protected:
  /// Ends firn while it builds `file` there, and waits until it has gone.
  static void end_while_building(lab::Process& firn) {
    firn.signal(GetParam());
    const auto outcome = firn.wait(20s);
    EXPECT_EQ(outcome.signal, GetParam() == SIGKILL ? SIGKILL : 0) << outcome.describe();
  }

  static void expect_gone(const lab::Host& host, std::string_view process, int left = 0) {
    EXPECT_TRUE(eventually([&] { return host.count_processes(process) <= left; }, 10s))
        << fmt::format("{}", fmt::join(host.processes(), "\n"));
  }
};

TEST_P(EndTest, ABuildThatHidesFromSignalsIsGone) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(),
                             {.name = "b1", .host = {.daemon = lab::Daemon{.is_trusted = true}}});
  const auto file = write_nix(home, R"nix(mk { name = "hides"; script = ''
    trap "" TERM HUP INT
    setsid sleep 1000 &
    (setsid sleep 1001 &)
    sleep 1002; echo > $out''; })nix");
  auto firn = home.spawn(firn_command(home, {file, "-j0", "--builders", machines({&builder})}));
  ASSERT_TRUE(eventually([&] { return builder.host().count_processes("sleep") == 3; }, 30s));

  end_while_building(firn);

  expect_gone(builder.host(), "sleep");
  expect_gone(builder.host(), "nix-store");
}

/// Takes connections and never answers.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (!socket_ || ::bind(socket_.get(), generic, size) != 0 || ::listen(socket_.get(), 64) != 0 ||
        ::getsockname(socket_.get(), generic, &size) != 0)
      throw system_error(errno, "listen on 127.0.0.1");
    port_ = ntohs(address.sin_port);
  }

  std::uint16_t port() const { return port_; }

 private:
  Fd socket_;
  std::uint16_t port_ = 0;
};

TEST_P(EndTest, ABuilderWhoseSubstituterHangsIsLeftAlone) {
  const SilentServer cache;
  const lab::CoordinatorHost home;
  const lab::Builder builder(
      home.key(),
      {.name = "b1",
       .host = {.daemon = lab::Daemon{.is_trusted = true},
                .nix_conf = {{"substitute", "true"},
                             {"substituters", fmt::format("http://127.0.0.1:{}", cache.port())}}}});
  const auto file = write_nix(home, R"nix(mk { name = "waits"; script = "echo > $out"; })nix");
  auto firn = home.spawn(firn_command(home, {file, "-j0", "--builders", machines({&builder})}));
  ASSERT_TRUE(firn.wait_for_output("\"phase\":\"building\"", 30s));
  EXPECT_EQ(builder.host().count_processes("nix-daemon"), 2) << "one listens, one substitutes";

  end_while_building(firn);

  expect_gone(builder.host(), "nix-store");
  expect_gone(builder.host(), "nix-daemon", 1);
}

INSTANTIATE_TEST_SUITE_P(Signals,
                         EndTest,
                         ::testing::Values(SIGINT, SIGKILL),
                         [](const auto& info) {
                           return std::string(info.param == SIGKILL ? "killed" : "interrupted");
                         });

}  // namespace
}  // namespace firn::testing
