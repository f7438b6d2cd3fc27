// SPDX-License-Identifier: Apache-2.0
#include "aio/child_process.h"

#include "aio/cancellation.h"
#include "aio/context.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

namespace firn::aio {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kPipeCapacity = std::size_t{1} << 20U;

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }

  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

  void redirect(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }

  void close_from(int fd) { posix_spawn_file_actions_addclosefrom_np(&actions_, fd); }

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// Default dispositions for all signals, nothing blocked, a new process group.
class CleanAttributes {
 public:
  CleanAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }

  CleanAttributes(const CleanAttributes&) = delete;
  CleanAttributes& operator=(const CleanAttributes&) = delete;

  ~CleanAttributes() { posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (auto& word : words)
    result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> result(added);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view entry(*variable);
    const auto name = entry.substr(0, entry.find('=') + 1);
    const bool replaced =
        std::any_of(added.begin(), added.end(), [&](const auto& a) { return a.starts_with(name); });
    if (!replaced) result.emplace_back(entry);
  }
  return result;
}

bool needs_quotes(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%^";
  return word.empty() || word.find_first_not_of(kPlain) != std::string_view::npos;
}

}  // namespace

std::string quote_for_shell(std::string_view word) {
  if (!needs_quotes(word)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string Command::str() const {
  std::string line;
  for (const auto& word : argv)
    line += (line.empty() ? "" : " ") + quote_for_shell(word);
  return line;
}

std::string ExitStatus::str() const {
  return signal != 0 ? fmt::format("killed by signal {}", signal)
                     : fmt::format("exit status {}", code);
}

ChildProcess::ChildProcess(Loop& loop, const Command& command) : loop_(loop) {
  FIRN_CHECK(!command.argv.empty());
  PipePair in = make_pipe(kPipeCapacity);
  PipePair out = make_pipe(kPipeCapacity);
  PipePair err = make_pipe(kPipeCapacity);
  FileActions actions;
  actions.redirect(in.read.get(), STDIN_FILENO);
  actions.redirect(out.write.get(), STDOUT_FILENO);
  actions.redirect(err.write.get(), STDERR_FILENO);
  actions.close_from(STDERR_FILENO + 1);
  const CleanAttributes attributes;
  std::vector<std::string> words = command.argv;
  std::vector<std::string> environment = merged_environment(command.environment);
  const int failed = ::posix_spawnp(&pid_,
                                    words[0].c_str(),
                                    actions.get(),
                                    attributes.get(),
                                    pointers(words).data(),
                                    pointers(environment).data());
  if (failed != 0) throw system_error(failed, fmt::format("start '{}'", command.argv[0]));
  pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) {
    const int error = errno;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw system_error(error, "open a pidfd");
  }
  ::fcntl(pidfd_.get(), F_SETFD, FD_CLOEXEC);
  stdin_.emplace(loop, std::move(in.write));
  stdout_ = std::make_unique<PipeEnd>(loop, std::move(out.read));
  stderr_ = std::make_unique<DrainedPipe>(loop, std::move(err.read));
}

ChildProcess::~ChildProcess() {
  if (status_) return;
  ::kill(-pid_, SIGKILL);
  if (!try_reap()) loop_.adopt_child(std::move(pidfd_));
}

Task<std::size_t> ChildProcess::read_some(MutableBytes buffer) {
  const std::size_t got = co_await stdout_->read_some(buffer);
  count_received(got);
  co_return got;
}

Task<void> ChildProcess::write(Bytes bytes) {
  while (!bytes.empty()) {
    if (!stdin_) throw Error(Kind::unavailable, "write to a process whose input is closed");
    const std::size_t put = co_await stdin_->write_some(bytes);
    count_sent(put);
    bytes = bytes.subspan(put);
  }
}

bool ChildProcess::try_write(Bytes bytes) {
  FIRN_CHECK(bytes.size() <= PIPE_BUF);
  return stdin_ && stdin_->try_write(bytes);
}

void ChildProcess::close_write() {
  if (stdin_) stdin_->close();
  stdin_.reset();
}

std::optional<ExitStatus> ChildProcess::try_reap() {
  if (status_) return status_;
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) != 0 ||
      info.si_pid == 0)
    return std::nullopt;
  status_ = info.si_code == CLD_EXITED ? ExitStatus{.code = info.si_status}
                                       : ExitStatus{.signal = info.si_status};
  return status_;
}

Task<ExitStatus> ChildProcess::wait() {
  asio::posix::stream_descriptor watched(loop_.context().io,
                                         ::fcntl(pidfd_.get(), F_DUPFD_CLOEXEC, 0));
  while (true) {
    if (const auto status = try_reap()) co_return *status;
    throw_if_cancelled(co_await cancellation());
    boost::system::error_code ignored;
    co_await watched.async_wait(asio::posix::descriptor_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void ChildProcess::kill(int signal) {
  if (!status_) ::kill(-pid_, signal);
}

Task<ExitStatus> ChildProcess::stop(Duration grace) {
  close_write();
  for (const int signal : {SIGTERM, SIGKILL}) {
    try {
      co_return co_await within(loop_, "the end of a child process", grace, wait());
    } catch (const Error& e) {
      if (e.kind() != Kind::timeout) throw;
    }
    kill(signal);
  }
  co_return co_await wait();
}

}  // namespace firn::aio
