// SPDX-License-Identifier: Apache-2.0
// A child process with three pipes. Started by posix_spawn and held by pidfd: nothing runs between
// fork and exec, no pid is reused under our hands, and no descriptor but three reaches the child.
#pragma once

#include "aio/byte_stream.h"
#include "aio/drained_pipe.h"
#include "aio/loop.h"
#include "aio/pipe.h"
#include "base/fd.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace firn::aio {

/// Quotes `word` once for a POSIX shell, where that is needed.
std::string quote_for_shell(std::string_view word);

/// What to run. The first word is looked up in PATH.
struct Command {
  std::vector<std::string> argv;
  /// Added to our own environment; "NAME=value".
  std::vector<std::string> environment;

  /// For messages: the words, quoted where a shell would need it.
  std::string str() const;
};

/// How a process ended.
struct ExitStatus {
  int code = 0;
  /// 0 = it exited by itself.
  int signal = 0;

  bool is_success() const { return code == 0 && signal == 0; }

  /// "exit status 1" or "killed by signal 9".
  std::string str() const;
};

/// Its stdin and stdout are the ByteStream; its stderr is drained all the while. Default
/// signal dispositions, an empty signal mask and a process group of its own. Leaving scope kills
/// the group.
class ChildProcess final : public ByteStream {
 public:
  /// Throws Error{not_found} where the program is missing, Error{resource} where the system is
  /// full.
  ChildProcess(Loop& loop, const Command& command);
  ~ChildProcess() override;

  Task<std::size_t> read_some(MutableBytes buffer) override;
  Task<void> write(Bytes bytes) override;
  void close_write() override;

  /// Writes all of `bytes`, at most 4 KiB, without waiting, or nothing: false where they do not fit
  /// or nobody reads any more. Not while a `write` waits.
  bool try_write(Bytes bytes);

  DrainedPipe& diagnostics() { return *stderr_; }

  /// Waits for its end. The pipes may still hold bytes.
  Task<ExitStatus> wait();

  /// Sends `signal` to the whole process group, while the child is not reaped.
  void kill(int signal);

  /// Ends it for certain: closes stdin, then SIGTERM after `grace`, then SIGKILL after `grace`
  /// again, to the whole group.
  Task<ExitStatus> stop(Duration grace);

  pid_t pid() const { return pid_; }

  /// How it ended, once that was waited for.
  const std::optional<ExitStatus>& status() const { return status_; }

 private:
  std::optional<ExitStatus> try_reap();

  Loop& loop_;
  pid_t pid_ = -1;
  Fd pidfd_;
  std::optional<PipeEnd> stdin_;
  std::unique_ptr<PipeEnd> stdout_;
  std::unique_ptr<DrainedPipe> stderr_;
  std::optional<ExitStatus> status_;
};

}  // namespace firn::aio
