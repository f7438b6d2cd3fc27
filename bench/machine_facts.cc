// SPDX-License-Identifier: Apache-2.0
#include "machine_facts.h"

#include "lab/process.h"
#include "statistics.h"

#include <chrono>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <thread>

#include <fmt/format.h>

namespace firn::bench {

namespace {

constexpr std::chrono::milliseconds kPause{200};
constexpr double kQuiet = 0.1;

struct Ticks {
  std::uint64_t idle = 0;
  std::uint64_t all = 0;
};

/// proc(5): the first line of /proc/stat is "cpu user nice system idle iowait …".
Ticks ticks_so_far() {
  std::ifstream in("/proc/stat");
  std::string line;
  std::getline(in, line);
  std::istringstream fields(line);
  fields.ignore(4);
  Ticks ticks;
  std::uint64_t value = 0;
  for (int column = 1; fields >> value; ++column) {
    ticks.all += value;
    if (column == 4 || column == 5) ticks.idle += value;
  }
  return ticks;
}

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

void OtherWork::look() {
  const auto before = ticks_so_far();
  std::this_thread::sleep_for(kPause);
  const auto after = ticks_so_far();
  const auto all = static_cast<double>(after.all - before.all);
  if (all > 0) shares_.push_back(1 - static_cast<double>(after.idle - before.idle) / all);
}

double OtherWork::median() const {
  return bench::median(shares_);
}

double OtherWork::worst() const {
  return highest(shares_);
}

bool OtherWork::is_quiet() const {
  return median() < kQuiet;
}

std::string describe_machine() {
  utsname names{};
  ::uname(&names);
  struct sysinfo memory{};
  ::sysinfo(&memory);
  const auto bytes = static_cast<double>(memory.totalram) * memory.mem_unit;
  return fmt::format("{} cores, {}, {:.0f} GiB, {} {}",
                     std::thread::hardware_concurrency(),
                     processor(),
                     bytes / (1 << 30),
                     names.sysname,
                     names.release);
}

std::string describe_peers() {
  return first_line(lab::must_run({"nix", "--version"})) + ", " +
         first_line(lab::run({.argv = {"ssh", "-V"}}).err);
}

std::string load_average() {
  std::ifstream in("/proc/loadavg");
  std::string one;
  std::string five;
  std::string fifteen;
  in >> one >> five >> fifteen;
  return one + ' ' + five + ' ' + fifteen;
}

}  // namespace firn::bench
