// SPDX-License-Identifier: Apache-2.0
#include "lab/process.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::lab {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPause{10};

Fd memory_file(const char* name) {
  Fd file(::memfd_create(name, MFD_CLOEXEC));
  if (!file || ::fcntl(file.get(), F_SETFL, O_APPEND) != 0)
    throw system_error(errno, "memfd_create");
  return file;
}

std::string contents(const Fd& file) {
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) return {};
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

std::uint64_t peak_rss_kib_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

pid_t only_child_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{0}/task/{0}/children", pid));
  pid_t child = -1;
  in >> child;
  return in ? child : -1;
}

/// The pointers that exec wants, over strings that the caller keeps.
std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& text : strings)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// posix_spawn's two half-objects, given back together.
struct SpawnPlan {
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }

  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }

  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

void redirect(SpawnPlan& plan, int stdin_fd, const Fd& out, const Fd& err) {
  if (stdin_fd >= 0) {
    ::posix_spawn_file_actions_adddup2(&plan.actions, stdin_fd, STDIN_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ::posix_spawn_file_actions_adddup2(&plan.actions, out.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&plan.actions, err.get(), STDERR_FILENO);
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setflags(&plan.attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

}  // namespace

Environment current_environment() {
  Environment env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      env.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return env;
}

std::string Outcome::describe() const {
  const auto end =
      signal != 0 ? fmt::format("signal {}", signal) : fmt::format("exit code {}", exit_code);
  return fmt::format("{} after {} ms\n--- stdout\n{}\n--- stderr\n{}", end, wall.count(), out, err);
}

Process::Process(const Command& command)
    : name_(command.argv.at(0)), is_wrapper_(command.is_wrapper), start_(steady_clock::now()) {
  SpawnPlan plan;
  if (!command.inherit_stdio) {
    out_ = memory_file("stdout");
    err_ = memory_file("stderr");
    redirect(plan, command.stdin_fd, out_, err_);
  }
  auto arguments = command.argv;
  std::vector<std::string> variables;
  for (const auto& [key, value] : command.env)
    variables.push_back(fmt::format("{}={}", key, value));
  const int failure = ::posix_spawnp(&spawned_,
                                     name_.c_str(),
                                     &plan.actions,
                                     &plan.attributes,
                                     pointers(arguments).data(),
                                     pointers(variables).data());
  if (failure != 0) throw system_error(failure, "start " + name_);
  pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, spawned_, 0)));
  if (!pidfd_) throw system_error(errno, "pidfd_open");
  if (!is_wrapper_) worker_ = spawned_;
}

Process::Process(Process&& other) noexcept
    : name_(std::move(other.name_)),
      spawned_(std::exchange(other.spawned_, -1)),
      worker_(other.worker_),
      is_wrapper_(other.is_wrapper_),
      ended_(other.ended_),
      status_(other.status_),
      peak_rss_kib_(other.peak_rss_kib_),
      start_(other.start_),
      end_(other.end_),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      pidfd_(std::move(other.pidfd_)) {}

Process::~Process() {
  if (spawned_ > 0 && !ended_) kill_and_reap();
}

void Process::kill_and_reap() noexcept {
  if (const pid_t child = is_wrapper_ ? only_child_of(spawned_) : -1; child > 0)
    ::kill(child, SIGKILL);
  ::kill(spawned_, SIGKILL);
  while (::waitpid(spawned_, &status_, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
}

pid_t Process::pid() {
  const auto deadline = steady_clock::now() + std::chrono::seconds(5);
  while (worker_ < 0 && steady_clock::now() < deadline) {
    worker_ = only_child_of(spawned_);
    if (worker_ < 0 && poll_end(milliseconds(1))) break;
  }
  if (worker_ < 0) throw Error(Kind::unavailable, name_ + " started nothing: " + err());
  return worker_;
}

void Process::signal(int number) {
  if (::kill(pid(), number) != 0) throw system_error(errno, "kill " + name_);
}

std::string Process::out() const {
  return contents(out_);
}

std::string Process::err() const {
  return contents(err_);
}

bool Process::poll_end(milliseconds pause) {
  if (ended_) return true;
  if (worker_ < 0) worker_ = only_child_of(spawned_);
  if (worker_ > 0) peak_rss_kib_ = std::max(peak_rss_kib_, peak_rss_kib_of(worker_));
  pollfd descriptor{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&descriptor, 1, static_cast<int>(pause.count())) != 1) return false;
  if (::waitpid(spawned_, &status_, 0) != spawned_) throw system_error(errno, "waitpid");
  end_ = steady_clock::now();
  return ended_ = true;
}

bool Process::is_running() {
  return !poll_end(milliseconds(0));
}

bool Process::wait_for_output(std::string_view text, milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  for (bool last = false; !last;) {
    last = poll_end(kPause) || steady_clock::now() >= deadline;
    if (out().find(text) != std::string::npos || err().find(text) != std::string::npos) return true;
  }
  return false;
}

bool Process::end_within(milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  while (!poll_end(kPause)) {
    if (steady_clock::now() < deadline) continue;
    kill_and_reap();
    return false;
  }
  return true;
}

Outcome Process::wait(milliseconds limit) {
  if (!end_within(limit)) {
    throw Error(Kind::timeout,
                fmt::format("{} ran longer than {} ms\n--- stdout\n{}\n--- stderr\n{}",
                            name_,
                            limit.count(),
                            out(),
                            err()));
  }
  return {.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1,
          .signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : 0,
          .out = out(),
          .err = err(),
          .peak_rss_kib = peak_rss_kib_,
          .wall = std::chrono::duration_cast<milliseconds>(end_ - start_)};
}

Outcome run(const Command& command, milliseconds limit) {
  return Process(command).wait(limit);
}

std::string must_run(const std::vector<std::string>& argv) {
  auto outcome = run({.argv = argv});
  if (!outcome.ok()) throw Error(Kind::unavailable, argv.at(0) + ": " + outcome.describe());
  return outcome.out;
}

}  // namespace firn::lab
