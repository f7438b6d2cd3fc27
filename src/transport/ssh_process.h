// SPDX-License-Identifier: Apache-2.0
// An ssh client. What it says itself goes to a file, so that its warnings do not mix with what the
// program on the other side prints; and the number of that program's process is learnt.
#pragma once

#include "transport/process_link.h"
#include "transport/remote_pid.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace firn::transport {

class SshProcess : public ProcessLink {
 public:
  /// `words_file` is what ssh was told with -E; it goes with this object. `pid_word` marks the line
  /// with the process's number (remote_pid.h); `learnt` is called when it has come.
  SshProcess(aio::Loop& loop,
             const aio::Command& command,
             std::string words_file,
             std::string pid_word,
             std::function<void(pid_t)> learnt = {});
  ~SshProcess() override;

  void listen(Listener listener) override;

  std::string_view printed() override { return tail_; }

  const std::optional<pid_t>& remote_pid() const { return pid_line_.pid(); }

  /// Whether ssh has brought the program's exit status: it has ended by itself.
  bool remote_has_ended() const;

 protected:
  /// What ssh says, and then the end of what the program printed.
  std::string spoken() override;

 private:
  void hear(std::string_view text);
  void pass_on(std::string_view text);

  std::string words_file_;
  PidLine pid_line_;
  std::function<void(pid_t)> learnt_;
  Listener listener_;
  std::string tail_;
};

}  // namespace firn::transport
