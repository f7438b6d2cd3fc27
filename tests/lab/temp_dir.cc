// SPDX-License-Identifier: Apache-2.0
#include "lab/temp_dir.h"

#include "base/error.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace firn::lab {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "firn-lab-";
constexpr auto kGrace = std::chrono::minutes(1);

/// A folder without its lock file may be one that is being made this moment.
bool is_abandoned(const fs::path& dir) {
  const Fd lock(::open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC));
  if (lock) return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
  std::error_code ignored;
  return fs::file_time_type::clock::now() - fs::last_write_time(dir, ignored) > kGrace;
}

}  // namespace

void sweep_dead_temp_dirs() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored)) {
    const bool ours = entry.path().filename().string().starts_with(kPrefix);
    if (ours && is_abandoned(entry.path())) fs::remove_all(entry.path(), ignored);
  }
}

TempDir::TempDir() {
  sweep_dead_temp_dirs();
  std::string name = fs::temp_directory_path() / (std::string(kPrefix) + "XXXXXX");
  if (::mkdtemp(name.data()) == nullptr) throw system_error(errno, "create " + name);
  path_ = name;
  // It appears locked: somebody who sweeps may be at work.
  const auto made = path_ / "lock-made";
  lock_ = Fd(::open(made.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_ || ::flock(lock_.get(), LOCK_EX) != 0 ||
      ::rename(made.c_str(), (path_ / "lock").c_str()) != 0)
    throw system_error(errno, "lock " + name);
  if (::chmod(name.c_str(), 0755) != 0) throw system_error(errno, "chmod " + name);
}

TempDir::TempDir(TempDir&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(Kind::not_found, "read " + path.string() + ": cannot open it");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  if (!out) throw Error(Kind::resource, "write " + path.string() + ": cannot write it");
}

}  // namespace firn::lab
