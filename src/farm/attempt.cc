// SPDX-License-Identifier: Apache-2.0
#include "farm/attempt.h"

#include "aio/errors.h"
#include "aio/phase.h"
#include "farm/collector_watch.h"
#include "farm/input_delivery.h"
#include "farm/nar_watch.h"
#include "store/verified_nar.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

using namespace std::chrono_literals;
using sched::Phase;

namespace {

constexpr std::size_t kTailLines = 25;

/// References first. Outputs of one derivation may refer to each other, but not in a circle.
void sort_by_references(std::vector<nix::PathInfo>& infos) {
  std::vector<nix::PathInfo> sorted;
  while (!infos.empty()) {
    const auto ready = std::ranges::find_if(infos, [&](const auto& info) {
      return std::ranges::none_of(infos, [&](const auto& other) {
        return other.path != info.path && info.references.contains(other.path);
      });
    });
    if (ready == infos.end())
      throw Error(Kind::protocol, "the outputs refer to each other in a circle");
    sorted.push_back(std::move(*ready));
    infos.erase(ready);
  }
  infos = std::move(sorted);
}

}  // namespace

Attempt::Attempt(const AttemptContext& context,
                 sched::AttemptId id,
                 sched::StepId step,
                 BuildMachine& machine)
    : context_(context),
      id_(id),
      step_(step),
      machine_(machine),
      phase_began_(context.loop.timers().now()) {}

Attempt::~Attempt() = default;

store::SessionPool::Session& Attempt::session() {
  FIRN_CHECK(session_.has_value());
  return *session_;
}

const Order& Attempt::order() const {
  FIRN_CHECK(order_.has_value());
  return *order_;
}

ByteCount Attempt::sent() const {
  return session_ ? ByteCount((*session_)->link().sent().value() - session_began_sent_.value())
                  : ByteCount();
}

ByteCount Attempt::received() const {
  return session_
             ? ByteCount((*session_)->link().received().value() - session_began_received_.value())
             : ByteCount();
}

void Attempt::settle_phase() {
  auto& cost = outcome_.costs.at(static_cast<std::size_t>(phase_));
  const TimePoint now = context_.loop.timers().now();
  const ByteCount moved = sent() + received();
  cost.time += now - std::exchange(phase_began_, now);
  cost.bytes += ByteCount(moved.value() - std::exchange(phase_began_at_, moved).value());
}

void Attempt::enter(Phase phase) {
  settle_phase();
  phase_ = phase;
  context_.host.entered(id_, phase);
}

aio::Task<AttemptOutcome> Attempt::run() {
  std::exception_ptr error;
  try {
    co_await aio::unless(veto_, work());
  } catch (const Bug&) {
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  // The builder's verdict stands, however its session ended.
  if (error && !outcome_.failure) fail(with_facts(aio::to_error(error)));
  settle_phase();
  session_.reset();
  if (log_) co_await settle_log();
  co_return std::move(outcome_);
}

aio::Task<void> Attempt::settle_log() {
  if (outcome_.failure) read_log_tail(*log_, *outcome_.failure);
  try {
    co_await aio::shielded(context_.loop, "writing the log", limits().log_end, log_->settle());
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout) throw;
  }
  outcome_.log_file = log_->file();
  if (outcome_.failure && !log_->failure().empty())
    outcome_.log_tail.push_back(fmt::format("(the log is not whole: {})", log_->failure()));
}

void Attempt::read_log_tail(const AttemptLog& log, sched::FailureClass& failure) {
  outcome_.log_tail = log.tail(kTailLines);
  const auto line = line_of_full_disk(failure, outcome_.log_tail);
  if (line.empty()) return;
  failure = sched::FailureClass::disk_full;
  outcome_.message += fmt::format("; its log: {}", line);
}

void Attempt::cancel() {
  veto_.cast(Error(Kind::cancelled, "nobody wants it any more"));
}

/// A limit that struck is told with what had moved. Once it builds, what the server prints goes
/// into the log, and so do its last words.
Error Attempt::with_facts(const Error& error) const {
  if (error.kind() == Kind::timeout && session_) {
    return {error.kind(),
            fmt::format("{}; {} bytes were sent in all, {} came back",
                        error.what(),
                        sent().value(),
                        received().value())};
  }
  if (!log_ || source_ != Source::builder || error.kind() != Kind::unavailable) return error;
  const auto words = log_->tail(1);
  if (words.empty()) return error;
  return {error.kind(), fmt::format("{}; its last line: {}", error.what(), words.front())};
}

std::string Attempt::at_machine(std::string_view phase) const {
  return fmt::format("{} ({})", phase, machine_.sessions.machine());
}

void Attempt::fail(const Error& error) {
  outcome_.failure = classify(error, source_, phase_);
  outcome_.machine_is_unusable =
      phase_ == Phase::connecting && source_ == Source::builder && will_stay(error.kind());
  outcome_.message = error.what();
}

aio::Task<void> Attempt::take_order() {
  source_ = Source::origin;
  order_ = co_await aio::within(
      context_.loop, "reading the derivation", limits().query_stall, context_.orders.order(step_));
  source_ = Source::builder;
}

aio::Task<void> Attempt::work() {
  co_await take_order();
  co_await connect();
  if (!machine_.has_our_store()) co_await send_inputs();
  co_await build();
  if (outcome_.failure) co_return;
  if (machine_.has_our_store()) {
    co_await find_outputs();
  } else {
    co_await receive_outputs();
  }
  take_session().keep();
}

/// From here on nothing more is counted.
store::SessionPool::Session Attempt::take_session() {
  settle_phase();
  auto taken = std::move(session());
  session_.reset();
  phase_began_at_ = ByteCount();
  return taken;
}

aio::Task<void> Attempt::connect() {
  co_await open_session();
  if (machine_.is_stranger()) {
    co_await get_to_know_machine();
    if (machine_.has_our_store()) {
      session_.reset();
      co_await open_session();
    }
  }
  const auto& link = session()->link();
  session_began_sent_ = link.sent();
  session_began_received_ = link.received();
  session()->listen({});
}

aio::Task<void> Attempt::open_session() {
  session_.emplace(co_await aio::within(
      context_.loop, at_machine("connecting"), limits().connecting, machine_.sessions.acquire()));
}

aio::Task<void> Attempt::get_to_know_machine() {
  const auto turn = co_await aio::within(context_.loop,
                                         at_machine("waiting for its first answer"),
                                         limits().shared_input,
                                         machine_.turn_to_ask());
  if (!machine_.is_stranger()) co_return;
  source_ = Source::origin;
  auto mark = co_await context_.mark.path();
  source_ = Source::builder;
  const CollectorWatch watch(
      context_.loop, session()->link(), limits().garbage_collection, [this](bool does) {
        context_.host.collects_garbage(machine_.id, does);
      });
  const auto notes = co_await aio::with_progress(context_.loop,
                                                 at_machine("asking whether its store is our own"),
                                                 limits().query_stall,
                                                 session()->progress(),
                                                 machine_.get_to_know(*session(), std::move(mark)));
  for (const auto& note : notes)
    context_.host.noted(machine_.id, note);
}

/// With all they refer to.
aio::Task<std::vector<const nix::PathInfo*>> Attempt::inputs() {
  source_ = Source::origin;
  auto closure = co_await context_.infos.closure(order().derivation.input_sources);
  source_ = Source::builder;
  co_return closure;
}

aio::Task<void> Attempt::send_inputs() {
  InputDelivery delivery(context_, order(), machine_, session(), source_);
  const bool is_needed = co_await delivery.look();
  allowed_references_ = delivery.take_inputs();
  if (!is_needed) co_return;
  enter(Phase::sending_inputs);
  co_await delivery.deliver(build_options());
}

wire::BuildOptions Attempt::build_options() const {
  return {.max_silent_time = order().max_silent_time,
          .build_timeout = order().timeout,
          .max_log_size = context_.options.log_limits.ceiling,
          .repeats = 0,
          .enforce_determinism = false,
          .keep_failed = false};
}

/// By the derivation in the store of whoever does not take it from us.
aio::Task<nix::BuildResult> Attempt::request_build() {
  const bool is_trusted =
      machine_.local ? context_.store_is_trusting : session()->untrusting() == nullptr;
  if (!is_trusted) co_return co_await session()->build_stored(order().drv, build_options());
  co_return co_await session()->build(
      {.drv_path = order().drv, .derivation = order().derivation, .options = build_options()});
}

/// What the builder gets beyond the limits that it was told; zero where it was told none.
aio::Task<Duration> Attempt::grace() {
  if (order().max_silent_time == 0s && order().timeout == 0s) co_return Duration();
  ByteCount size;
  for (const auto* info : co_await inputs())
    size += info->nar_size;
  co_return limits().build_grace.with(size);
}

/// The builder enforces the limits that it was told, if they reach it; past that, we do.
aio::Task<nix::BuildResult> Attempt::watched_build() {
  const Duration grace = co_await this->grace();
  const auto with_grace = [&](std::chrono::seconds told) {
    return told > 0s ? told + grace : limits().build_ceiling;
  };
  const std::string phase = at_machine("building");
  auto building = called_silent(aio::with_progress(context_.loop,
                                                   phase,
                                                   with_grace(order().max_silent_time),
                                                   log_->progress(),
                                                   request_build()));
  try {
    co_return co_await aio::unless(
        log_->too_big(),
        aio::within(context_.loop, phase, with_grace(order().timeout), std::move(building)));
  } catch (const Error& e) {
    if (log_->too_big().reason()) {
      outcome_.failure = sched::FailureClass::log_too_big;
      outcome_.message = e.what();
    }
    throw;
  }
}

/// A timeout of `building` itself, unlike one that reaches it from outside, is a silence.
aio::Task<nix::BuildResult> Attempt::called_silent(aio::Task<nix::BuildResult> building) {
  try {
    co_return co_await std::move(building);
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout) throw;
    outcome_.failure = sched::FailureClass::silent_by_our_clock;
    outcome_.message = with_facts(e).what();
    throw;
  }
}

aio::Task<void> Attempt::build() {
  enter(Phase::building);
  log_ = AttemptLog::start(context_.logs, order().drv);
  session()->listen([log = log_](std::string_view text) { log->append(text); });
  session().mark_built();
  const auto result = co_await watched_build();
  if (nix::is_success(result.status)) {
    const auto outputs = output_paths();
    session().held().insert(outputs.begin(), outputs.end());
    co_return;
  }
  outcome_.failure = classify(result,
                              {.took = context_.loop.timers().now() - phase_began_,
                               .timeout = order().timeout,
                               .max_silent_time = order().max_silent_time});
  outcome_.message = reason_of(result);
  // The end of the log can come after the result; it is whole only when the session has ended.
  auto session = take_session();
  co_await aio::within(
      context_.loop, "reading the end of the log", limits().log_end, session.finish());
}

nix::StorePathSet Attempt::output_paths() const {
  nix::StorePathSet paths;
  for (const auto& [name, output] : order().derivation.outputs)
    if (output.path) paths.insert(*output.path);
  return paths;
}

aio::Task<void> Attempt::receive_outputs() {
  enter(Phase::waiting_for_transfer_slot);
  // Others hold the slots, and not for this machine's sake.
  source_ = Source::destination;
  co_await aio::within(context_.loop,
                       at_machine("waiting for a transfer slot"),
                       limits().transfer_slot,
                       context_.host.transfer_slot(id_));
  source_ = Source::builder;
  settle_phase();
  phase_ = Phase::receiving_outputs;
  auto infos = co_await output_infos();
  if (infos.size() > 1) {
    const auto valid = co_await context_.store.lock(output_paths());
    std::erase_if(infos, [&](const auto& info) { return valid.contains(info.path); });
  }
  for (std::size_t i = 0; i < infos.size(); ++i)
    co_await receive(infos[i], i + 1 == infos.size());
}

/// What was built in our own store is there already.
aio::Task<void> Attempt::find_outputs() {
  enter(Phase::publishing);
  if (machine_.local) co_return;
  source_ = Source::destination;
  const auto outputs = output_paths();
  const auto valid = co_await context_.store.lock(outputs);
  source_ = Source::builder;
  if (valid.size() == outputs.size()) co_return;
  throw Error(Kind::protocol,
              fmt::format("{} shares our store, but what it built is not valid here",
                          machine_.sessions.machine()));
}

aio::Task<std::vector<nix::PathInfo>> Attempt::output_infos() {
  nix::StorePathSet missing = output_paths();
  auto infos = co_await aio::with_progress(context_.loop,
                                           at_machine("asking for the outputs"),
                                           limits().query_stall,
                                           session()->progress(),
                                           session()->path_infos(missing));
  for (auto& info : infos) {
    if (missing.erase(info.path) == 0) {
      throw Error(Kind::protocol,
                  fmt::format("{} offers {}, which nobody asked for",
                              machine_.sessions.machine(),
                              info.path.str()));
    }
    if (!info.nar_hash) co_await measure(info);
    info.ultimate = false;
  }
  if (!missing.empty()) {
    throw Error(Kind::protocol,
                fmt::format("{} says that it built {}, which is not there",
                            machine_.sessions.machine(),
                            missing.begin()->str()));
  }
  check_references(infos);
  sort_by_references(infos);
  co_return infos;
}

/// Servers below 2.4 do not tell hashes: the NAR is read twice.
aio::Task<void> Attempt::measure(nix::PathInfo& info) {
  const auto nar = session()->dump(info.path);
  Hasher hasher(HashAlgorithm::sha256);
  std::uint64_t size = 0;
  while (true) {
    const Bytes block = co_await aio::within(
        context_.loop, at_machine("receiving outputs"), limits().receiving_stall, nar->next());
    if (block.empty()) break;
    hasher.update(block);
    size += block.size();
  }
  info.nar_hash = hasher.finish();
  info.nar_size = ByteCount(size);
}

void Attempt::check_references(const std::vector<nix::PathInfo>& infos) const {
  const auto outputs = output_paths();
  for (const auto& info : infos) {
    for (const auto& reference : info.references) {
      if (outputs.contains(reference) || allowed_references_.contains(reference)) continue;
      throw Error(Kind::protocol,
                  fmt::format("{} refers to {}, which is no input of its derivation",
                              info.path.str(),
                              reference.str()));
    }
  }
}

aio::Task<void> Attempt::receive(const nix::PathInfo& info, bool is_last) {
  const auto dumped = session()->dump(info.path);
  TimelyNar nar(context_.loop, at_machine("receiving outputs"), limits().receiving_stall, *dumped);
  // Our own store watches over itself while it registers the path.
  NarWatch watch;
  WatchedNar verified(std::make_unique<store::VerifiedNar>(context_.loop, nar, info), watch);
  try {
    co_await context_.store.add(info, verified);
  } catch (const Error& e) {
    source_ = watch.is_to_blame(e) ? Source::builder : Source::destination;
    throw;
  }
  context_.infos.remember(info);
  if (is_last) enter(Phase::publishing);
}

}  // namespace firn::farm
