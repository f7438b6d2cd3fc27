// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include "base/error.h"
#include "view/terminal.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::cli {

namespace {

/// Written at a time: a reader that takes it piece by piece is seen to read.
constexpr std::size_t kPiece = std::size_t{16} << 10U;

/// How much of the text was written. Blocks as its reader does.
std::size_t write_some(int fd, std::string_view text) {
  while (true) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) return static_cast<std::size_t>(written);
    if (errno == EAGAIN) {
      pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno == EPIPE) {
      throw Error(Kind::unavailable, "its reader has gone");
    } else if (errno != EINTR) {
      throw system_error(errno, "write");
    }
  }
}

}  // namespace

Output::Output(aio::Loop& loop, int fd, std::function<void(const std::string&)> on_failure)
    : loop_(loop), fd_(fd), on_failure_(std::move(on_failure)), writer_(loop, 1), writing_(loop) {}

view::ScreenSize Output::size() {
  return view::screen_size(fd_);
}

void Output::write(std::string_view text) {
  if (text.empty() || has_failed_) return;
  next_ += text;
  if (std::exchange(is_writing_, true)) return;
  writing_.spawn(&Output::write_out, *this);
}

aio::Task<void> Output::write_out() {
  try {
    while (waiting() > 0) {
      if (written_ == text_->size()) {
        text_ = std::make_shared<const std::string>(std::exchange(next_, {}));
        written_ = 0;
      }
      written_ += co_await writer_.run([fd = fd_, text = text_, from = written_] {
        return write_some(fd, std::string_view(*text).substr(from, kPiece));
      });
      ++progress_.moved;
    }
  } catch (const Error& e) {
    if (e.kind() != Kind::cancelled) fail(e.what());
  }
  is_writing_ = false;
}

void Output::fail(const std::string& why) {
  has_failed_ = true;
  text_ = std::make_shared<const std::string>();
  written_ = 0;
  next_.clear();
  if (on_failure_) on_failure_(why);
}

aio::Task<void> Output::flush(Duration stall) {
  bool has_stalled = false;
  try {
    co_await aio::with_progress(loop_, "writing", stall, progress_, writing_.join());
  } catch (const Error&) {
    has_stalled = true;
  }
  if (has_stalled && !has_failed_) fail(fmt::format("nobody reads the last {} bytes", waiting()));
}

}  // namespace firn::cli
