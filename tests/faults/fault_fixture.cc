// SPDX-License-Identifier: Apache-2.0
#include "faults/fault_fixture.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::testing {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::unique_ptr<Farm> FaultTest::farm_;

namespace {

constexpr std::string_view kLimits = R"toml(
[ssh]
connecting = "3s"
keepalive-interval = "1s"
keepalive-count = 2
[phases]
connecting = "6s"
greeting = "3s"
query-stall = "4s"
sending-stall = "4s"
import-answer = "4s"
build-grace = "1s"
receiving-stall = "4s"
[sessions]
idle = "2s"
[retries]
longest-wait = "5s"
# A storm strikes one attempt in eight. Four times in a row, the default number of tries, it strikes one step in every
# second run of 2,000 steps, and that would be no fault of ours.
[tries]
silent-by-our-clock = 10
transient-failure = 10
machine-lost = 10
transfer-stalled = 10
protocol-error = 10
disk-full = 10
input-missing = 10
)toml";

}  // namespace

Farm::Farm() : home({.has_tmpfs_store = true, .has_own_network = true}) {
  for (const auto& release : lab::kReleases)
    add_builder(release);
}

void Farm::add_builder(const lab::Release& release) {
  builders.push_back(std::make_unique<lab::Builder>(
      home.key(),
      lab::BuilderOptions{.name = fmt::format("b{}", builders.size() + 1),
                          .max_jobs = 2,
                          .cabled_to = &home,
                          .host = {.release = release, .has_tmpfs_store = true}}));
}

std::vector<const lab::Builder*> Farm::others(const lab::Builder& victim) const {
  std::vector<const lab::Builder*> result;
  for (const auto& builder : builders) {
    if (builder.get() != &victim) result.push_back(builder.get());
  }
  return result;
}

std::optional<nlohmann::json> Working::await(const Fits& fits, std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  for (bool last = false; !last;) {
    last = !process_.is_running() || Clock::now() >= end;
    const auto text = process_.out();
    for (auto stop = text.find('\n', seen_); stop != std::string::npos;
         stop = text.find('\n', seen_)) {
      auto event = nlohmann::json::parse(text.substr(seen_, stop - seen_));
      seen_ = stop + 1;
      if (fits(event)) return event;
    }
    if (!last) std::this_thread::sleep_for(2ms);
  }
  return std::nullopt;
}

Build Working::finish(std::chrono::milliseconds limit) {
  Build build;
  build.outcome = process_.wait(limit);
  std::istringstream lines(build.outcome.out);
  for (std::string line; std::getline(lines, line);)
    build.events.push_back(nlohmann::json::parse(line));
  return build;
}

Working::Fits on_machine(std::string event, const lab::Builder& builder) {
  return [event = std::move(event), uri = builder.uri()](const nlohmann::json& seen) {
    return seen.at("event") == event && seen.at("machine") == uri;
  };
}

Working::Fits in_phase(std::string phase, const lab::Builder& builder) {
  return [entered = on_machine("phase_entered", builder), phase = std::move(phase)](
             const nlohmann::json& seen) { return entered(seen) && seen.at("phase") == phase; };
}

void FaultTest::SetUpTestSuite() {
  if (!lab::lacking().empty()) return;
  for (const auto& release : lab::kReleases) {
    if (!lab::reason_to_skip(release).empty()) return;
  }
  farm_ = std::make_unique<Farm>();
}

void FaultTest::SetUp() {
  FarmTest::SetUp();
  if (IsSkipped()) return;
  for (const auto& release : lab::kReleases) {
    if (const auto reason = lab::reason_to_skip(release); !reason.empty()) GTEST_SKIP() << reason;
  }
}

std::vector<std::string> FaultTest::with_limits(std::vector<std::string> arguments,
                                                std::chrono::seconds max_silent_time,
                                                std::string_view further_tries) {
  const auto file = home().dir() / "firn.toml";
  lab::write_file(file, fmt::format("{}{}", kLimits, further_tries));
  arguments.insert(
      arguments.end(),
      {"--config", file, "--max-silent-time", std::to_string(max_silent_time.count())});
  return arguments;
}

std::string FaultTest::preferring(const lab::Builder& victim,
                                  const std::vector<const lab::Builder*>& others,
                                  const std::string& uri) {
  auto line = victim.machines_line(uri);
  const std::string columns = " 2 1 ";
  line.replace(line.find(columns), columns.size(), " 2 100 ");
  return line + '\n' + machines(others);
}

Working FaultTest::start(const std::string& file,
                         const std::string& machines,
                         std::chrono::seconds max_silent_time,
                         std::string_view further_tries) {
  fs::create_directories(runtime_folder());
  return Working(home().spawn(
      firn_command(
          home(),
          with_limits({file, "-j0", "--builders", machines}, max_silent_time, further_tries)),
      {.env = {{"XDG_RUNTIME_DIR", runtime_folder()}}}));
}

std::string FaultTest::add_input(std::uint64_t bytes) {
  static std::atomic<int> made = 0;
  const auto file = home().dir() / fmt::format("input-{}", made++);
  std::ofstream(file).close();
  fs::resize_file(file, bytes);
  const auto added = home().run({"nix-store", "--add", file});
  if (!added.ok()) throw std::runtime_error(added.describe());
  fs::remove(file);
  return added.out.substr(0, added.out.find('\n'));
}

void FaultTest::expect_idle() {
  for (const auto& builder : farm().builders) {
    const auto& host = builder->host();
    EXPECT_TRUE(eventually([&] { return is_idle(host); }, 10s))
        << builder->name() << ":\n"
        << fmt::format("{}", fmt::join(host.processes(), "\n"));
  }
}

}  // namespace firn::testing
