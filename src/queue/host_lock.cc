// SPDX-License-Identifier: Apache-2.0
#include "queue/host_lock.h"

#include "base/error.h"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <utility>

#include <fmt/format.h>

namespace firn::queue {

namespace {

std::string program_of(const std::string& process) {
  std::ifstream file(fmt::format("/proc/{}/comm", process));
  std::string name;
  std::getline(file, name);
  return name;
}

/// The process that /proc/locks names; nothing where it is not of our PID namespace.
std::optional<std::string> find_holder(const Fd& file) {
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return std::nullopt;
  const auto inode = fmt::format(":{}", facts.st_ino);
  const auto whole =
      fmt::format("{:02x}:{:02x}{}", major(facts.st_dev), minor(facts.st_dev), inode);
  std::optional<std::string> found;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number;
    std::string kind;
    std::string strength;
    std::string mode;
    std::string process;
    std::string where;
    words >> number >> kind >> strength >> mode >> process >> where;
    // Some file systems have another device number there than in stat.
    if (kind != "FLOCK" || !where.ends_with(inode) || process.starts_with('-')) continue;
    if (where == whole) return process;
    found = process;
  }
  return found;
}

LockHolder holder_of(const std::string& name, const Fd& file) {
  LockHolder holder{.file = name, .name = "another program"};
  const auto process = find_holder(file);
  if (!process) return holder;
  const auto program = program_of(*process);
  if (program.empty()) return holder;
  holder.name = fmt::format("{}, process {}", program, *process);
  holder.is_firn = program == program_of("self");
  return holder;
}

}  // namespace

std::variant<HostLock, LockHolder> HostLock::try_take(const std::string& data_folder) {
  const auto folder = data_folder + "/queue-runner";
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw system_error(failure.value(), "make " + folder);
  auto name = folder + "/lock";
  Fd file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) throw system_error(errno, "open " + name);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return HostLock(std::move(file));
  if (errno != EWOULDBLOCK) throw system_error(errno, "lock " + name);
  return holder_of(name, file);
}

}  // namespace firn::queue
