// SPDX-License-Identifier: Apache-2.0
#include "aio/file_watch.h"

#include "base/error.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <sys/inotify.h>
#include <system_error>
#include <utility>

namespace firn::aio {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr Duration kMoment = 100ms;

Fd make_inotify() {
  const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0) throw system_error(errno, "watch files");
  return Fd(fd);
}

}  // namespace

FileWatch::FileWatch(Loop& loop, const std::vector<std::string>& files)
    : FileWatch(loop, files, make_inotify()) {}

FileWatch::FileWatch(Loop& loop, const std::vector<std::string>& files, Fd inotify)
    : loop_(loop), descriptor_(inotify.get()), events_(loop, std::move(inotify)) {
  for (const auto& file : files) {
    watch(file);
    std::error_code error;
    const auto real = fs::canonical(file, error);
    if (!error && real != fs::path(file)) watch(real.string());
  }
}

void FileWatch::watch(const std::string& file) {
  const fs::path path = fs::absolute(file);
  const int folder =
      ::inotify_add_watch(descriptor_,
                          path.parent_path().c_str(),
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
  if (folder >= 0) {
    names_[folder].insert(path.filename().string());
  } else if (errno == ENOSPC || errno == ENOMEM) {
    throw system_error(errno, "watch " + file);
  }
}

Task<void> FileWatch::changed() {
  std::array<std::byte, 4096> buffer{};
  std::size_t got = 0;
  do {
    got = co_await events_.read_some(buffer);
  } while (!concerns_us(as_text(Bytes(buffer).first(got))));
  co_await sleep_for(loop_, kMoment);
}

bool FileWatch::concerns_us(std::string_view events) const {
  while (events.size() >= sizeof(inotify_event)) {
    inotify_event head{};
    std::memcpy(&head, events.data(), sizeof head);
    events.remove_prefix(sizeof head);
    // Padded with zeros.
    const auto padded = events.substr(0, head.len);
    const auto name = padded.substr(0, padded.find('\0'));
    events.remove_prefix(head.len);
    if ((head.mask & IN_Q_OVERFLOW) != 0) return true;
    const auto folder = names_.find(head.wd);
    if (folder != names_.end() && folder->second.contains(name)) return true;
  }
  return false;
}

}  // namespace firn::aio
