// SPDX-License-Identifier: Apache-2.0
#include "farm/attempt_log.h"

#include "base/error.h"
#include "nix/build_result.h"

#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

constexpr std::size_t kTail = std::size_t{16} << 10U;
constexpr std::size_t kMostPending = std::size_t{8} << 20U;

}  // namespace

AttemptLog::AttemptLog(LogFolder& folder, const nix::DrvPath& drv)
    : folder_(folder), to_file_(std::make_shared<LogFile>(folder.place(), drv, folder.limits())) {}

std::shared_ptr<AttemptLog> AttemptLog::start(LogFolder& folder, const nix::DrvPath& drv) {
  return std::shared_ptr<AttemptLog>(new AttemptLog(folder, drv));
}

void AttemptLog::append(std::string_view text) {
  if (text.empty()) return;
  size_ += ByteCount(text.size());
  progress_.moved += text.size();
  tail_ += text;
  if (tail_.size() > 2 * kTail) tail_.erase(0, tail_.size() - kTail);
  take(text);
  wake_writer();
  const ByteCount ceiling = folder_.limits().ceiling;
  if (size_ > ceiling && !too_big_.reason()) {
    too_big_.cast(Error(Kind::resource,
                        fmt::format("the build printed more than {} bytes", ceiling.value())));
  }
}

void AttemptLog::take(std::string_view text) {
  if (pending_.size() + text.size() > kMostPending) {
    left_out_ += text.size();
    return;
  }
  if (left_out_ > 0) {
    pending_ += fmt::format("\n[firn: {} bytes left out here, for the disk did not take them]\n",
                            std::exchange(left_out_, 0));
  }
  pending_ += text;
}

void AttemptLog::wake_writer() {
  if (is_writing_ || folder_.is_closed()) return;
  is_writing_ = true;
  folder_.writing().spawn(&AttemptLog::write_out, shared_from_this());
}

aio::Task<void> AttemptLog::write_out(std::shared_ptr<AttemptLog> log) {
  try {
    while (!log->pending_.empty() || log->wants_finish_) {
      auto write = [file = log->to_file_,
                    text = std::exchange(log->pending_, {}),
                    is_last = std::exchange(log->wants_finish_, false)] {
        file->append(text);
        if (is_last) file->finish();
        return std::pair(file->path(), file->failure());
      };
      std::tie(log->path_, log->failure_) = co_await log->folder_.writer().run(std::move(write));
    }
  } catch (const Error& e) {
    log->failure_ = e.what();
  }
  log->is_writing_ = false;
  log->written_.notify_all();
}

aio::Task<void> AttemptLog::settle() {
  if (size_ == ByteCount() && folder_.place().naming == LogNaming::numbered) co_return;
  wants_finish_ = true;
  wake_writer();
  while (is_writing_)
    co_await written_.wait();
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
