// SPDX-License-Identifier: Apache-2.0
#include "aio/child_process.h"

#include "aio/scope.h"
#include "support/run.h"

#include <array>
#include <fcntl.h>
#include <signal.h>
#include <string>

#include <gtest/gtest.h>

namespace firn::aio {
namespace {

using namespace std::chrono_literals;

Task<std::string> read_all(ChildProcess& child) {
  std::string all;
  std::array<std::byte, 4096> buffer{};
  while (const std::size_t n = co_await child.read_some(buffer))
    all += as_text(Bytes(buffer).first(n));
  co_return all;
}

Task<void> output_of(Loop& loop, Command command, std::string& output) {
  ChildProcess child(loop, command);
  child.close_write();
  output = co_await within(loop, "reading", 10s, read_all(child));
  const ExitStatus status = co_await within(loop, "waiting", 10s, child.wait());
  EXPECT_TRUE(status.is_success()) << status.str();
}

std::string run_shell(const std::string& script, std::vector<std::string> environment = {}) {
  Loop loop;
  std::string output;
  loop.run(output_of(
      loop, {.argv = {"sh", "-c", script}, .environment = std::move(environment)}, output));
  return output;
}

TEST(ChildProcess, InheritsThreeDescriptorsAndNothingElse) {
  const Fd leaky(::open("/dev/null", O_RDONLY));
  ASSERT_GT(::dup2(leaky.get(), 77), 0);
  const Fd inherited(77);
  EXPECT_EQ(run_shell("cd /proc/self/fd; for f in *; do [ $f -gt 2 ] && [ -e /proc/$$/fd/$f ] && "
                      "echo $f; done; true"),
            "");
}

TEST(ChildProcess, HasDefaultSignalsAndItsOwnGroup) {
  ::signal(SIGPIPE, SIG_IGN);
  // 32 and 33 belong to the C library, which lets nobody change them.
  constexpr std::uint64_t kReserved = 0x180000000;
  EXPECT_EQ(
      std::stoull(run_shell("grep ^SigIgn /proc/self/status | cut -f2"), nullptr, 16) & ~kReserved,
      0U);
  EXPECT_EQ(std::stoull(run_shell("grep ^SigBlk /proc/self/status | cut -f2"), nullptr, 16), 0U);
  EXPECT_EQ(run_shell("[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo own"), "own\n");
}

TEST(ChildProcess, AddsToTheEnvironment) {
  EXPECT_EQ(run_shell("echo $HOME-$FIRN_TEST", {"FIRN_TEST=yes", "HOME=/nowhere"}),
            "/nowhere-yes\n");
}

TEST(ChildProcess, MissingProgramIsNotFound) {
  Loop loop;
  EXPECT_THROW(ChildProcess(loop, {.argv = {"/no/such/program"}, .environment = {}}), Error);
}

Task<void> write_through_cat(Loop& loop, std::size_t& got) {
  ChildProcess child(loop, {.argv = {"cat"}, .environment = {}});
  const std::string text(3'000'000, 'x');
  Scope scope(loop);

  struct Writer {
    static Task<void> run(ChildProcess* target, std::string what) {
      co_await target->write(as_bytes(what));
      target->close_write();
    }
  };

  scope.spawn(&Writer::run, &child, text);
  got = (co_await within(loop, "reading", 10s, read_all(child))).size();
  co_await scope.join();
}

TEST(ChildProcess, MovesMoreThanAPipeHolds) {
  Loop loop;
  std::size_t got = 0;
  loop.run(write_through_cat(loop, got));
  EXPECT_EQ(got, 3'000'000U);
}

Task<void> stop_stubborn(Loop& loop, ExitStatus& status) {
  ChildProcess child(loop,
                     {.argv = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"},
                      .environment = {}});
  std::array<std::byte, 16> buffer{};
  co_await within(loop, "start", 10s, child.read_some(buffer));
  status = co_await child.stop(20ms);
}

TEST(ChildProcess, StopEscalatesToKill) {
  Loop loop;
  ExitStatus status;
  loop.run(stop_stubborn(loop, status));
  EXPECT_EQ(status.signal, SIGKILL);
}

}  // namespace
}  // namespace firn::aio
