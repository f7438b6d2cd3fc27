// SPDX-License-Identifier: Apache-2.0
#include "farm/attempt_log.h"

#include "base/error.h"
#include "nix/build_result.h"

#include <cerrno>
#include <fcntl.h>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

constexpr std::size_t kTail = std::size_t{16} << 10U;
constexpr int kMostAttempts = 100'000;

}  // namespace

AttemptLog::AttemptLog(std::string folder, const nix::DrvPath& drv)
    : folder_(std::move(folder)), stem_(drv.path().base_name()) {}

void AttemptLog::open() {
  for (int n = 1; n < kMostAttempts; ++n) {
    std::string file = fmt::format("{}/{}.{}.log", folder_, stem_, n);
    fd_ = Fd(::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_APPEND, 0644));
    if (fd_) {
      file_ = std::move(file);
      return;
    }
    if (errno != EEXIST) {
      failure_ = system_error(errno, fmt::format("make the log file {}", file)).what();
      return;
    }
  }
  failure_ = fmt::format("{} holds too many logs of {}", folder_, stem_);
}

void AttemptLog::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd_.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      failure_ = system_error(errno, fmt::format("write the log file {}", file_)).what();
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

void AttemptLog::append(std::string_view text) {
  if (text.empty()) return;
  size_ += ByteCount(text.size());
  progress_.moved += text.size();
  tail_ += text;
  if (tail_.size() > 2 * kTail) tail_.erase(0, tail_.size() - kTail);
  if (!fd_ && failure_.empty()) open();
  if (failure_.empty()) write(text);
}

std::vector<std::string> AttemptLog::tail(std::size_t most) const {
  std::string_view text = tail_;
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < most) {
    const auto end = text.rfind('\n');
    const bool is_torn = end == std::string_view::npos && size_.value() > tail_.size();
    if (is_torn && !lines.empty()) break;
    lines.push_back(nix::strip_ansi(end == std::string_view::npos ? text : text.substr(end + 1)));
    text = end == std::string_view::npos ? std::string_view() : text.substr(0, end);
  }
  return {lines.rbegin(), lines.rend()};
}

}  // namespace firn::farm
