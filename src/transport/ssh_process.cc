// SPDX-License-Identifier: Apache-2.0
#include "transport/ssh_process.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace firn::transport {

namespace {

constexpr std::size_t kTail = aio::DrainedPipe::kTail;
/// ssh's own: it could not connect, or was not let in.
constexpr int kSshFailed = 255;

/// The end of the file, with the line ends of a file.
std::string read_words(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(file.tellg());
  if (size <= 0) return {};
  file.seekg(std::max<std::streamoff>(0, size - static_cast<std::streamoff>(kTail)));
  std::string words{std::istreambuf_iterator<char>(file), {}};
  std::erase(words, '\r');
  return words;
}

}  // namespace

SshProcess::SshProcess(aio::Loop& loop,
                       const aio::Command& command,
                       std::string words_file,
                       std::string pid_word,
                       std::function<void(pid_t)> learnt)
    : ProcessLink(loop, command),
      words_file_(std::move(words_file)),
      pid_line_(std::move(pid_word)),
      learnt_(std::move(learnt)) {
  ProcessLink::listen([this](std::string_view text) { hear(text); });
}

SshProcess::~SshProcess() {
  ProcessLink::listen({});
  std::error_code ignored;
  std::filesystem::remove(words_file_, ignored);
}

void SshProcess::hear(std::string_view text) {
  const bool was_known = pid_line_.pid().has_value();
  pass_on(pid_line_.take(text));
  const auto& pid = pid_line_.pid();
  if (pid && !was_known && learnt_) learnt_(*pid);
}

void SshProcess::pass_on(std::string_view text) {
  if (text.empty()) return;
  if (listener_) {
    listener_(text);
    return;
  }
  tail_ += text;
  if (tail_.size() > 2 * kTail) tail_.erase(0, tail_.size() - kTail);
}

/// A build prints what it likes: before anybody listens to one, the line has come or never will.
void SshProcess::listen(Listener listener) {
  if (listener) {
    pass_on(pid_line_.give_up());
    tail_.clear();
  }
  listener_ = std::move(listener);
}

std::string SshProcess::spoken() {
  pass_on(pid_line_.give_up());
  return read_words(words_file_) + tail_.substr(tail_.size() - std::min(tail_.size(), kTail));
}

bool SshProcess::remote_has_ended() const {
  const auto& status = exit_status();
  return status && status->signal == 0 && status->code != kSshFailed;
}

}  // namespace firn::transport
