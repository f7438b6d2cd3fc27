// SPDX-License-Identifier: Apache-2.0
#include "farm/log_file.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

constexpr std::uint64_t kRoomAfterTheEnd = std::uint64_t{1} << 20U;

}  // namespace

LogFile::LogFile(LogPlace place, nix::DrvPath drv, const LogLimits& limits)
    : place_(std::move(place)),
      drv_(std::move(drv)),
      room_(limits.head.value()),
      tail_size_(limits.tail.value()),
      ring_size_(tail_size_ + 1) {}

void LogFile::fail(const char* what) {
  failure_ = system_error(errno, fmt::format("{} the log file {}", what, path_)).what();
}

void LogFile::open() {
  try {
    NewLog log = make_log(place_, drv_);
    path_ = std::move(log.path);
    fd_ = std::move(log.file);
  } catch (const Error& e) {
    failure_ = e.what();
  }
}

void LogFile::leave_none() {
  try {
    make_no_log(place_, drv_);
  } catch (const Error& e) {
    if (failure_.empty()) failure_ = e.what();
  }
}

void LogFile::open_spill() {
  const std::string path = path_ + ".tail";
  // Of a run that ended between the next two lines.
  ::unlink(path.c_str());
  spill_ = Fd(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (!spill_ || ::unlink(path.c_str()) != 0) fail("make the end of");
}

void LogFile::write(std::string_view text) {
  if (!text.empty()) last_ = text.back();
  while (!text.empty() && failure_.empty()) {
    const ssize_t put = ::write(fd_.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail("write");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

void LogFile::spill(std::string_view text) {
  spilled_ += text.size();
  if (text.size() > ring_size_) text.remove_prefix(text.size() - ring_size_);
  std::uint64_t at = spilled_ - text.size();
  if (!text.empty() && !spill_ && failure_.empty()) open_spill();
  while (!text.empty() && failure_.empty()) {
    const std::uint64_t place = at % ring_size_;
    const auto piece = text.substr(0, ring_size_ - place);
    const ssize_t put =
        ::pwrite(spill_.get(), piece.data(), piece.size(), static_cast<off_t>(place));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail("write the end of");
    text.remove_prefix(static_cast<std::size_t>(put));
    at += static_cast<std::uint64_t>(put);
  }
}

void LogFile::append(std::string_view text) {
  if (text.empty()) return;
  if (!fd_ && failure_.empty()) open();
  const auto head = text.substr(0, room_);
  room_ -= head.size();
  write(head);
  text.remove_prefix(head.size());
  if (!text.empty() && !is_finished_) spill(text);
}

/// How much of the line at `begin` is left of it, where its beginning is lost and its end is near.
std::uint64_t LogFile::torn_line(std::uint64_t begin) const {
  std::array<char, 4096> buffer;
  const std::uint64_t place = (begin - 1) % ring_size_;
  const auto most = std::min(ring_size_ - place, std::uint64_t{buffer.size()});
  const ssize_t got = ::pread(spill_.get(), buffer.data(), most, static_cast<off_t>(place));
  if (got <= 0) return 0;
  const auto end = std::string_view(buffer.data(), static_cast<std::size_t>(got)).find('\n');
  return end == std::string_view::npos ? 0 : end;
}

/// Bytes of the log as it was printed, counted from the end of the head.
void LogFile::copy_spilled(std::uint64_t begin, std::uint64_t end) {
  std::array<char, 65536> buffer;
  while (begin < end && failure_.empty()) {
    const std::uint64_t place = begin % ring_size_;
    const auto most = std::min({end - begin, ring_size_ - place, std::uint64_t{buffer.size()}});
    const ssize_t got = ::pread(spill_.get(), buffer.data(), most, static_cast<off_t>(place));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("read the end of");
    write({buffer.data(), static_cast<std::size_t>(got)});
    begin += static_cast<std::uint64_t>(got);
  }
}

void LogFile::finish() {
  if (std::exchange(is_finished_, true)) return;
  if (!fd_) leave_none();
  std::uint64_t left_out = spilled_ - std::min(spilled_, tail_size_);
  if (left_out > 0 && spill_) left_out += torn_line(left_out);
  if (left_out > 0)
    write(fmt::format("{}[firn: {} bytes left out here]\n", last_ == '\n' ? "" : "\n", left_out));
  if (spill_) copy_spilled(left_out, spilled_);
  spill_.reset();
  room_ = kRoomAfterTheEnd;
}

}  // namespace firn::farm
