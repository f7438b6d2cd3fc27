// SPDX-License-Identifier: Apache-2.0
#include "store/worker_builder.h"

#include "aio/phase.h"
#include "base/error.h"
#include "store/build_clock.h"
#include "store/build_paths_reply.h"
#include "store/greeting.h"
#include "store/worker_requests.h"
#include "wire/reply_reader.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"

#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace firn::store {

namespace worker = wire::worker;

namespace {

nix::DerivedPath all_outputs_of(const nix::StorePath& drv) {
  return nix::BuiltPath{.derivation = {.base = drv, .outputs = {}}, .outputs = {}};
}

/// "cannot add path '…' because it lacks a signature by a trusted key"; up to Nix 2.3 "a valid
/// signature".
bool wants_signature(const worker::Failure& failure) {
  return failure.message.find("because it lacks a ") != std::string::npos &&
         failure.message.find(" signature") != std::string::npos;
}

nix::BuildResult ended(nix::BuildStatus status) {
  nix::BuildResult result;
  result.status = status;
  return result;
}

nix::BuildResult result_of(const worker::Failure& failure, const worker::Protocol& protocol) {
  return build_result_of(build_paths_reply(failure, protocol));
}

/// Hears everything, and keeps the line that says why the build of `drv` failed.
MessageSink keep_reason(const nix::DrvPath& drv, MessageSink sink, std::string& reason) {
  return [name = fmt::format("'{}'", drv.str()), sink = std::move(sink), &reason](
             const worker::Message& message) {
    if (sink) sink(message);
    const auto* line = std::get_if<worker::LogLine>(&message);
    if (line != nullptr && line->text.find(name) != std::string::npos) reason = line->text;
  };
}

}  // namespace

WorkerBuilder::WorkerBuilder(aio::Loop& loop,
                             std::unique_ptr<WorkerConnection> connection,
                             bool is_trusted)
    : loop_(loop), connection_(std::move(connection)), is_trusted_(is_trusted) {}

WorkerBuilder::~WorkerBuilder() = default;

void WorkerBuilder::listen(LogSink log) {
  sink_ = log ? lines_into(std::move(log)) : MessageSink();
  connection_->listen(sink_);
}

aio::Task<nix::StorePathSet> WorkerBuilder::valid(nix::StorePathSet paths) {
  const worker::QueryValidPaths request{.paths = std::move(paths), .substitute = false};
  co_return co_await connection_->call(request);
}

aio::Task<nix::StorePathSet> WorkerBuilder::lock(nix::StorePathSet paths) {
  std::vector<worker::AddTempRoot> roots;
  roots.reserve(paths.size());
  for (const auto& path : paths)
    roots.push_back({.path = path});
  co_await connection_->call_each(std::span<const worker::AddTempRoot>(roots));
  co_return co_await valid(std::move(paths));
}

aio::Task<void> WorkerBuilder::add_paths(PathSource& source) {
  while (auto item = co_await source.next()) {
    co_await connection_->add_path(item->info, *item->nar);
    source.acknowledged(item->info.path);
  }
}

aio::Task<bool> WorkerBuilder::offer(const nix::PathInfo& info, NarStream& nar) {
  const auto failure = co_await connection_->offer_path(info, nar);
  if (!failure) co_return true;
  if (wants_signature(*failure)) co_return false;
  throw connection_->refusal(*failure);
}

aio::Task<void> WorkerBuilder::substitute(nix::StorePathSet paths) {
  return fetch(*connection_, std::move(paths));
}

/// Untrusted users are warned about what they may not set, in what would be the build's log.
aio::Task<void> WorkerBuilder::set_options(const wire::BuildOptions& options) {
  if (options_ == options) co_return;
  options_ = options;
  if (worker::has(connection_->protocol(), worker::Feature::disable_set_options)) co_return;
  auto all = options_of(options);
  all.max_build_jobs = 1;
  if (!is_trusted_) {
    all.use_substitutes = true;
    all.try_fallback = true;
    std::erase_if(all.overrides, [](const auto& setting) { return setting.first != "timeout"; });
  }
  connection_->listen({});
  co_await connection_->call(all);
  connection_->listen(sink_);
}

aio::Task<nix::BuildResult> WorkerBuilder::in_time(const wire::BuildOptions& options,
                                                   aio::Task<nix::BuildResult> building) {
  if (!worker::has(connection_->protocol(), worker::Since::trust))
    co_return co_await std::move(building);
  BuildClock clock(loop_.timers(), options);
  connection_->listen([this, &clock](const worker::Message& message) {
    clock.hear(message);
    if (sink_) sink_(message);
  });
  nix::BuildResult result;
  try {
    result = co_await aio::unless(clock.past_limit(), std::move(building));
  } catch (const Error& e) {
    connection_->listen(sink_);
    if (!clock.past_limit().reason() || clock.was_silence()) throw;
    result = ended(nix::BuildStatus::timed_out);
    result.error_message = e.message();
  }
  connection_->listen(sink_);
  co_return result;
}

aio::Task<nix::BuildResult> WorkerBuilder::build_inputs(const nix::DrvPath& drv,
                                                        const wire::BuildOptions& options) {
  co_await set_options(options);
  co_return co_await in_time(options, ask_for_inputs(drv));
}

aio::Task<nix::BuildResult> WorkerBuilder::ask_for_inputs(const nix::DrvPath& drv) {
  const worker::QueryMissing question{.targets = {all_outputs_of(drv.path())}};
  const auto missing = co_await connection_->call(question);
  std::vector<nix::DerivedPath> targets{missing.will_substitute.begin(),
                                        missing.will_substitute.end()};
  for (const auto& input : missing.will_build)
    if (input != drv.path()) targets.push_back(all_outputs_of(input));
  if (targets.empty()) co_return ended(nix::BuildStatus::already_valid);
  co_return build_result_of(co_await build_paths(*connection_, std::move(targets)));
}

aio::Task<nix::BuildResult> WorkerBuilder::build(const wire::BuildDerivation& request) {
  co_await set_options(request.options);
  co_return co_await in_time(request.options, ask_to_build(request));
}

aio::Task<nix::BuildResult> WorkerBuilder::ask_to_build(const wire::BuildDerivation& request) {
  const worker::BuildDerivation build{.drv_path = request.drv_path,
                                      .derivation = request.derivation,
                                      .mode = worker::BuildMode::normal};
  auto answer = co_await connection_->ask(build);
  if (const auto* failure = std::get_if<worker::Failure>(&answer))
    co_return result_of(*failure, connection_->protocol());
  co_return std::get<0>(std::move(answer));
}

aio::Task<nix::BuildResult> WorkerBuilder::build_below_1_34(const nix::DrvPath& drv) {
  std::string reason;
  connection_->listen(keep_reason(drv, sink_, reason));
  const worker::BuildPaths request{.targets = {all_outputs_of(drv.path())},
                                   .mode = worker::BuildMode::normal};
  const auto answer = co_await connection_->ask(request);
  connection_->listen(sink_);
  const auto* failure = std::get_if<worker::Failure>(&answer);
  if (failure == nullptr) co_return ended(nix::BuildStatus::built);
  auto reply = build_paths_reply(*failure, connection_->protocol());
  if (!reason.empty()) reply.message = std::move(reason);
  co_return build_result_of(std::move(reply));
}

aio::Task<nix::BuildResult> WorkerBuilder::build_stored(const nix::DrvPath& drv,
                                                        const wire::BuildOptions& options) {
  co_await set_options(options);
  co_return co_await in_time(options, ask_for_stored(drv));
}

aio::Task<nix::BuildResult> WorkerBuilder::ask_for_stored(const nix::DrvPath& drv) {
  if (!wire::can_ask<worker::BuildPathsWithResults>(connection_->protocol()))
    co_return co_await build_below_1_34(drv);
  const worker::BuildPathsWithResults request{.targets = {all_outputs_of(drv.path())},
                                              .mode = worker::BuildMode::normal};
  auto answer = co_await connection_->ask(request);
  if (const auto* failure = std::get_if<worker::Failure>(&answer))
    co_return result_of(*failure, connection_->protocol());
  auto& results = std::get<0>(answer);
  if (results.size() != 1) {
    throw Error(
        Kind::protocol,
        fmt::format(
            "{} was asked to build one derivation and tells of {}", machine(), results.size()));
  }
  co_return std::move(results.front().result);
}

aio::Task<std::vector<nix::PathInfo>> WorkerBuilder::path_infos(nix::StorePathSet paths) {
  std::vector<worker::QueryPathInfo> requests;
  requests.reserve(paths.size());
  for (const auto& path : paths)
    requests.push_back({.path = path});
  auto replies = co_await connection_->call_each(std::span<const worker::QueryPathInfo>(requests));
  std::vector<nix::PathInfo> infos;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    auto& reply = replies[i];
    if (reply) infos.push_back(worker::with_path(*std::move(reply), requests[i].path));
  }
  co_return infos;
}

std::unique_ptr<NarStream> WorkerBuilder::dump(const nix::StorePath& path) {
  return connection_->dump(path);
}

aio::Task<void> WorkerBuilder::close() {
  return connection_->close();
}

aio::Task<std::unique_ptr<BuilderConnection>> connect_worker_builder(
    aio::Loop& loop,
    transport::Connector& connector,
    const std::string& machine,
    const SessionLimits& limits,
    std::optional<bool>& trust) {
  auto connection = co_await greeted<WorkerConnection>(loop, connector, machine, limits);
  const bool is_told = connection->daemon().trust != worker::Trust::unknown;
  if (is_told || !trust) {
    trust = co_await aio::within(
        loop, "asking whether the login is trusted", limits.greeting, ask_for_trust(*connection));
    // Whoever refuses that question leaves.
    if (!is_told && !*trust) {
      co_await connection->close();
      connection = co_await greeted<WorkerConnection>(loop, connector, machine, limits);
    }
  }
  co_return std::make_unique<WorkerBuilder>(loop, std::move(connection), *trust);
}

}  // namespace firn::store
