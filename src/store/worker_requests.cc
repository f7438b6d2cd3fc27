// SPDX-License-Identifier: Apache-2.0
#include "store/worker_requests.h"

#include "store/build_paths_reply.h"
#include "wire/worker_queries.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <variant>

namespace firn::store {

using namespace std::chrono_literals;
namespace worker = wire::worker;

namespace {

/// Asks for what only trusted users may do, and what does nothing: to repair no path at all.
aio::Task<bool> lets_repair_nothing(WorkerConnection& daemon) {
  const worker::BuildPaths nothing{.targets = {}, .mode = worker::BuildMode::repair};
  const auto answer = co_await daemon.ask(nothing);
  const auto* failure = std::get_if<worker::Failure>(&answer);
  if (failure == nullptr) co_return true;
  const bool is_distrust = failure->message.find("trusted") != std::string::npos ||
                           failure->message.find("privileged") != std::string::npos;
  if (!is_distrust) throw daemon.refusal(*failure);
  co_return false;
}

}  // namespace

MessageSink lines_into(LogSink log) {
  return [log = std::move(log)](const worker::Message& message) {
    if (const auto* line = std::get_if<worker::LogLine>(&message)) {
      log(line->text);
      return;
    }
    const auto* result = std::get_if<worker::ActivityResult>(&message);
    if (result == nullptr || result->fields.empty()) return;
    if (result->type != worker::ResultType::build_log_line &&
        result->type != worker::ResultType::post_build_log_line)
      return;
    if (const auto* text = std::get_if<std::string>(&result->fields.front())) log(*text + "\n");
  };
}

worker::SetOptions options_of(const wire::BuildOptions& options) {
  worker::SetOptions all;
  all.keep_failed = options.keep_failed;
  all.verbosity = worker::Verbosity::error;
  all.max_build_jobs = std::max(1U, std::thread::hardware_concurrency());
  all.max_silent_time = options.max_silent_time;
  all.use_substitutes = false;
  // Whoever asks hears the log, and needs no copy of its end in the error.
  all.overrides["log-lines"] = "0";
  if (options.build_timeout > 0s)
    all.overrides["timeout"] = std::to_string(options.build_timeout.count());
  if (options.max_log_size.value() > 0)
    all.overrides["max-build-log-size"] = std::to_string(options.max_log_size.value());
  return all;
}

aio::Task<void> fetch(WorkerConnection& daemon, nix::StorePathSet paths) {
  if (worker::has(daemon.protocol(), worker::Since::substitute_valid_paths)) {
    const worker::QueryValidPaths request{.paths = std::move(paths), .substitute = true};
    co_await daemon.call(request);
    co_return;
  }
  std::vector<nix::DerivedPath> targets;
  for (const auto& path : paths)
    if (!path.is_derivation()) targets.emplace_back(path);
  const auto missing = co_await daemon.call(worker::QueryMissing{.targets = std::move(targets)});
  const worker::BuildPaths request{
      .targets = {missing.will_substitute.begin(), missing.will_substitute.end()},
      .mode = worker::BuildMode::normal};
  // What could not be fetched shows in what is valid then.
  if (!request.targets.empty()) co_await daemon.ask(request);
}

aio::Task<wire::BuildPathsReply> build_paths(WorkerConnection& daemon,
                                             std::vector<nix::DerivedPath> targets) {
  if (!wire::can_ask<worker::BuildPathsWithResults>(daemon.protocol())) {
    const auto answer = co_await daemon.ask(worker::BuildPaths{.targets = std::move(targets)});
    const auto* failure = std::get_if<worker::Failure>(&answer);
    if (failure == nullptr) co_return wire::BuildPathsReply{};
    co_return build_paths_reply(*failure, daemon.protocol());
  }
  const auto answer =
      co_await daemon.ask(worker::BuildPathsWithResults{.targets = std::move(targets)});
  if (const auto* failure = std::get_if<worker::Failure>(&answer))
    co_return build_paths_reply(*failure, daemon.protocol());
  co_return build_paths_reply(std::get<0>(answer));
}

void count_rounds(nix::BuildResult& result, worker::Protocol protocol) {
  using enum nix::BuildStatus;
  if (worker::has(protocol, worker::Since::build_times)) return;
  const bool has_run = result.status == built || result.status == permanent_failure ||
                       result.status == output_rejected;
  result.times_built = has_run ? 1 : 0;
}

aio::Task<bool> ask_for_trust(WorkerConnection& daemon) {
  if (daemon.daemon().trust != worker::Trust::unknown)
    co_return daemon.daemon().trust == worker::Trust::trusted;
  co_return co_await lets_repair_nothing(daemon);
}

}  // namespace firn::store
