// SPDX-License-Identifier: Apache-2.0
#include "measured_run.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stop_token>
#include <sys/resource.h>
#include <sys/time.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace firn::bench {

namespace {

constexpr std::chrono::milliseconds kSample{10};

Seconds seconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

/// Of all descendants that were waited for: exact, unlike samples.
Seconds cpu_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Nothing where the process is gone.
struct ProcessTimes {
  Seconds own{};
  /// Of its children that ended.
  Seconds children{};
};

/// proc(5): fields 14 to 17 of stat, counted from behind the name, which may hold blanks.
ProcessTimes times_of(const std::filesystem::path& process) {
  std::ifstream in(process / "stat");
  std::string line;
  std::getline(in, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  std::array<double, 4> ticks{};
  for (auto& value : ticks)
    fields >> value;
  const auto second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return {.own = Seconds((ticks[0] + ticks[1]) / second),
          .children = Seconds((ticks[2] + ticks[3]) / second)};
}

/// Of everything that ran there since the host was made.
Seconds cpu_of(const lab::Host& host) {
  Seconds sum{};
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(host.outside("/proc"), ignored)) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos)
      continue;
    const auto times = times_of(entry.path());
    sum += times.own + times.children;
  }
  return sum;
}

void sample_cpu(const std::stop_token& stop,
                const std::filesystem::path& process,
                Seconds& highest) {
  while (!stop.stop_requested()) {
    highest = std::max(highest, times_of(process).own);
    std::this_thread::sleep_for(kSample);
  }
}

}  // namespace

MeasuredRun measure(const lab::Host& host,
                    const lab::Host& builder,
                    const std::vector<std::string>& argv) {
  const auto before = cpu_of_children();
  const auto builder_before = cpu_of(builder);
  Seconds own_cpu{};
  auto process = host.spawn(argv);
  const auto path = fmt::format("/proc/{}", process.pid());
  std::jthread sampler([&](const std::stop_token& stop) { sample_cpu(stop, path, own_cpu); });
  auto outcome = process.wait();
  sampler.request_stop();
  sampler.join();
  if (!outcome.ok()) throw Error(Kind::unavailable, argv.at(0) + ": " + outcome.describe());
  return {.cost = {.wall = outcome.wall,
                   .own_cpu = own_cpu,
                   .tree_cpu = cpu_of_children() - before,
                   .builder_cpu = cpu_of(builder) - builder_before,
                   .peak_rss_kib = outcome.peak_rss_kib},
          .out = std::move(outcome.out)};
}

}  // namespace firn::bench
