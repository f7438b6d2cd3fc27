// SPDX-License-Identifier: Apache-2.0
#include "transport/socket_folder.h"

#include "base/error.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace firn::transport {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestFolder = 40;
constexpr std::string_view kPrefix = "firn-";
constexpr std::size_t kRandomLetters = 6;
constexpr const char* kLock = "/lock";

fs::path parent_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code ignored;
  // After a change of user it may be somebody else's.
  const bool usable = runtime != nullptr && std::string_view(runtime).size() < kLongestFolder &&
                      fs::is_directory(runtime, ignored) && ::access(runtime, W_OK | X_OK) == 0;
  return usable ? runtime : "/tmp";
}

bool is_our_folder(const fs::path& path) {
  const std::string name = path.filename();
  struct stat facts{};
  return name.starts_with(kPrefix) && name.size() == kPrefix.size() + kRandomLetters &&
         ::lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) &&
         facts.st_uid == ::geteuid();
}

/// One without a lock may be just being made.
void remove_abandoned(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    if (!is_our_folder(entry.path())) continue;
    const Fd lock(::open((entry.path().string() + kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

SocketFolder::SocketFolder() {
  const auto parent = parent_folder();
  remove_abandoned(parent);
  path_ = fmt::format("{}/{}{}", parent.string(), kPrefix, std::string(kRandomLetters, 'X'));
  if (::mkdtemp(path_.data()) == nullptr)
    throw system_error(errno, fmt::format("make a folder {}", path_));
  // It appears locked: somebody who looks for abandoned ones may be at work.
  const std::string file = path_ + kLock;
  const std::string made = file + "-made";
  lock_ = Fd(::open(made.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!lock_ || ::flock(lock_.get(), LOCK_EX) != 0 || ::rename(made.c_str(), file.c_str()) != 0) {
    const Error error = system_error(errno, fmt::format("lock the folder {}", path_));
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    throw Error(error);
  }
}

SocketFolder::~SocketFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace firn::transport
