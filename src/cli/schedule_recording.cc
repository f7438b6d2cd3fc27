// SPDX-License-Identifier: Apache-2.0
#include "cli/schedule_recording.h"

#include "base/error.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <utility>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::uint64_t kLargest = std::uint64_t{4} << 30U;
constexpr std::size_t kMostWaiting = std::size_t{64} << 20U;
constexpr Duration kFlush = std::chrono::seconds(10);
constexpr int kMode = 0600;

Fd open_for_writing(const std::string& file) {
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!fd) throw system_error(errno, "open " + file);
  return fd;
}

}  // namespace

ScheduleRecording::ScheduleRecording(aio::Loop& loop,
                                     const std::string& file,
                                     std::function<void(const std::string&)> tell)
    : file_(file),
      tell_(std::move(tell)),
      fd_(open_for_writing(file)),
      output_(loop, fd_.get(), [this](const std::string& why) { end(why); }),
      journal_([this](std::string_view line) { write(line); }) {}

void ScheduleRecording::write(std::string_view line) {
  if (has_ended_) return;
  written_ += line.size() + 1;
  if (written_ > kLargest) {
    end("it has grown to 4 GiB");
  } else if (output_.waiting() > kMostWaiting) {
    end("the disk does not keep up");
  } else {
    output_.write(std::string(line) + '\n');
  }
}

void ScheduleRecording::end(const std::string& why) {
  if (std::exchange(has_ended_, true)) return;
  tell_(fmt::format("the schedule is not recorded any more in {}: {}", file_, why));
}

aio::Task<void> ScheduleRecording::close() {
  co_await output_.flush(kFlush);
}

}  // namespace firn::cli
