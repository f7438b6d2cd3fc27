// SPDX-License-Identifier: Apache-2.0
#include "eval/nix_process.h"

#include "aio/phase.h"
#include "base/bytes.h"
#include "eval/plain_text.h"

#include <array>
#include <csignal>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace firn::eval {

using namespace std::chrono_literals;

namespace {

/// Some 600,000 derivations.
constexpr std::size_t kMostText = std::size_t{64} << 20U;

/// How long a program may leave its stderr open after its end: a background ssh of a fetcher does
/// so.
constexpr Duration kLastWordsLimit = 2s;

/// Between asking Nix to end and forcing it; it takes the builds down that it has started itself.
constexpr Duration kGrace = 2s;
constexpr Duration kEndLimit = 10s;

aio::Command command_of(std::vector<std::string> argv, const Options& options) {
  if (!options.program_folder.empty()) argv[0] = options.program_folder + "/" + argv[0];
  for (const auto& path : options.search_paths)
    argv.insert(argv.end(), {"-I", path});
  for (const auto& [name, value] : options.settings)
    argv.insert(argv.end(), {"--option", name, value});
  aio::Command command{.argv = std::move(argv), .environment = options.environment};
  command.environment.insert(command.environment.end(), {"NO_COLOR=1", "TERM=dumb"});
  return command;
}

/// The tail of what a child says on stderr. The child must die first.
struct Words {
  void take(std::string_view piece) {
    text += piece;
    if (text.size() > 2 * kTail) cut();
  }

  /// To at most kTail bytes, whole lines only.
  void cut() {
    if (text.size() <= kTail) return;
    text.erase(0, text.size() - kTail);
    text.erase(0, text.find('\n') + 1);
  }

  static constexpr std::size_t kTail = aio::DrainedPipe::kTail;

  std::string text;
};

aio::Task<void> collect(aio::Loop& loop,
                        aio::ChildProcess& child,
                        aio::Progress& progress,
                        NixOutput& output) {
  std::array<std::byte, 65536> buffer{};
  while (const std::size_t got = co_await child.read_some(buffer)) {
    progress.moved += got;
    output.text += as_text(Bytes(buffer).first(got));
    if (output.text.size() > kMostText)
      throw Error(Kind::resource, fmt::format("Nix printed more than {} bytes", kMostText));
  }
  output.status = co_await child.wait();
  try {
    co_await aio::within(loop, "the end of stderr", kLastWordsLimit, child.diagnostics().ended());
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout) throw;
  }
}

aio::Task<void> stop(aio::ChildProcess& child) {
  child.kill(SIGTERM);
  co_await child.stop(kGrace);
}

/// A child that does not even end now is killed when it is left.
aio::Task<void> end_for_certain(aio::Loop& loop, aio::ChildProcess& child) {
  try {
    co_await aio::shielded(loop, "the end of an evaluation", kEndLimit, stop(child));
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout) throw;
  }
}

std::string spelled(Duration duration) {
  if (duration % 1min == 0ns)
    return fmt::format("{} minutes",
                       std::chrono::duration_cast<std::chrono::minutes>(duration).count());
  return fmt::format("{:.3g} seconds", std::chrono::duration<double>(duration).count());
}

/// The words behind `start`: on the same line where there is one line only.
std::string with_words(std::string start, std::string_view words) {
  constexpr std::string_view kPrefix = "error: ";
  if (words.empty()) return start;
  if (words.find('\n') != std::string_view::npos) return start + ":\n" + std::string(words);
  if (words.starts_with(kPrefix)) words.remove_prefix(kPrefix.size());
  return start + ": " + std::string(words);
}

Error missing_program(const std::string& program) {
  return {Kind::not_found,
          fmt::format("{} was not found{}; firn evaluates with the installed Nix: install it (on "
                      "Debian and Ubuntu: apt install nix-bin) or name .drv files",
                      program,
                      program.find('/') == std::string::npos ? " in PATH" : "")};
}

}  // namespace

Error NixOutput::error(std::string_view what) const {
  if (status.signal != 0) {
    return {
        Kind::resource,
        with_words(fmt::format(
                       "{} failed: Nix was {} (is the machine out of memory?)", what, status.str()),
                   words)};
  }
  const std::string_view said = words.empty() ? "Nix gave no reason" : std::string_view(words);
  // The socket's folder is the only sign of a missing daemon that all releases share.
  const bool without_daemon = said.find("daemon-socket") != std::string_view::npos;
  return {without_daemon ? Kind::unavailable : Kind::invalid,
          with_words(fmt::format("{} failed", what), said)};
}

aio::Task<NixOutput> run_nix(aio::Loop& loop,
                             std::string_view what,
                             std::vector<std::string> argv,
                             const Options& options) {
  const aio::Command command = command_of(std::move(argv), options);
  Words words;
  aio::Progress progress;
  std::optional<aio::ChildProcess> child;
  try {
    child.emplace(loop, command);
  } catch (const Error& e) {
    if (e.kind() == Kind::not_found) throw missing_program(command.argv[0]);
    throw;
  }
  child->close_write();
  child->diagnostics().listen([&](std::string_view piece) {
    progress.moved += piece.size();
    words.take(piece);
  });
  NixOutput output;
  std::optional<Error> interruption;
  try {
    co_await aio::with_progress(
        loop, what, options.stall, progress, collect(loop, *child, progress, output));
  } catch (const Error& e) {
    interruption = e;
  }
  if (interruption) co_await end_for_certain(loop, *child);
  words.cut();
  output.words = plain_text(words.text);
  if (!interruption) co_return output;
  if (interruption->kind() == Kind::timeout) {
    throw Error(
        Kind::timeout,
        with_words(
            fmt::format("{} printed nothing for {} and was stopped", what, spelled(options.stall)),
            output.words));
  }
  throw std::move(*interruption);
}

}  // namespace firn::eval
