// SPDX-License-Identifier: Apache-2.0
#include "farm/input_delivery.h"

#include "aio/phase.h"
#include "farm/collector_watch.h"
#include "farm/input_source.h"
#include "farm/nar_watch.h"
#include "nix/signature.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

using namespace std::chrono_literals;

InputDelivery::InputDelivery(const AttemptContext& context,
                             const Order& order,
                             BuildMachine& machine,
                             store::SessionPool::Session& session,
                             Source& source)
    : context_(context), order_(order), machine_(machine), session_(session), source_(source) {}

std::string InputDelivery::at_machine(std::string_view phase) const {
  return fmt::format("{} ({})", phase, session_->machine());
}

aio::Task<bool> InputDelivery::look() {
  source_ = Source::origin;
  closure_ = co_await context_.infos.closure(order_.derivation.input_sources);
  for (const auto* info : closure_)
    inputs_.insert(info->path);
  if (session_->untrusting() != nullptr) {
    for (const auto* info : co_await context_.infos.closure({order_.drv.path()}))
      required_.insert(info->path);
    auto roots = order_.derivation.input_sources;
    roots.insert(order_.drv.path());
    closure_ = co_await context_.infos.closure(roots);
  }
  source_ = Source::builder;
  co_return std::ranges::any_of(
      closure_, [this](const auto* info) { return !session_.held().contains(info->path); });
}

/// Locks `paths` on the machine and says which are missing there.
aio::Task<nix::StorePathSet> InputDelivery::missing_of(Paths paths) {
  const CollectorWatch watch(
      context_.loop, session_->link(), limits().garbage_collection, [this](bool does) {
        context_.host.collects_garbage(machine_.id, does);
      });
  const auto valid = co_await aio::with_progress(context_.loop,
                                                 at_machine("asking for missing inputs"),
                                                 limits().query_stall,
                                                 session_->progress(),
                                                 session_->lock(paths));
  session_.held().insert(valid.begin(), valid.end());
  Paths missing;
  std::ranges::set_difference(paths, valid, std::inserter(missing, missing.end()));
  co_return missing;
}

/// Waits for what other steps send there, and says what is missing then.
aio::Task<nix::StorePathSet> InputDelivery::unclaimed(Paths missing) {
  while (machine_.is_claimed(missing)) {
    co_await aio::within(context_.loop,
                         at_machine("waiting for inputs that another step sends"),
                         limits().shared_input,
                         machine_.unclaimed(missing));
    missing = co_await missing_of(std::move(missing));
  }
  co_return missing;
}

aio::Task<void> InputDelivery::deliver(const wire::BuildOptions& options) {
  Paths unknown;
  for (const auto* info : closure_)
    if (!session_.held().contains(info->path)) unknown.insert(info->path);
  auto missing = co_await unclaimed(co_await missing_of(std::move(unknown)));
  if (missing.empty()) co_return;
  if (auto* builder = session_->untrusting())
    co_return co_await convince(*builder, std::move(missing), options);
  const BuildMachine::Claim claim(machine_, {missing.begin(), missing.end()});
  co_await send(missing);
  session_.held().insert(missing.begin(), missing.end());
}

aio::Task<void> InputDelivery::send(const Paths& missing) {
  std::vector<const nix::PathInfo*> to_send;
  for (const auto* info : closure_)
    if (missing.contains(info->path)) to_send.push_back(info);
  InputSource source(context_.store, std::move(to_send));
  try {
    co_await aio::with_progress(context_.loop,
                                at_machine("sending inputs"),
                                limits().sending_stall,
                                session_->progress(),
                                session_->add_paths(source));
  } catch (const Error& e) {
    if (source.is_to_blame(e)) source_ = Source::origin;
    throw;
  }
}

/// What cannot be handed over has to be built there, if it is an output of a derivation.
aio::Task<void> InputDelivery::convince(store::UntrustingBuilder& builder,
                                        Paths missing,
                                        const wire::BuildOptions& options) {
  const auto refused = co_await hand_over(builder, std::move(missing));
  if (refused.empty()) co_return;
  Paths vital;
  std::ranges::set_intersection(refused, required_, std::inserter(vital, vital.end()));
  if (!vital.empty()) throw refusal(vital);
  co_await build_there(builder, refused, options);
}

/// Returns what the machine neither takes nor finds.
aio::Task<nix::StorePathSet> InputDelivery::hand_over(store::UntrustingBuilder& builder,
                                                      Paths missing) {
  const BuildMachine::Claim claim(machine_, {missing.begin(), missing.end()});
  auto refused = co_await offer(builder, missing);
  if (!refused.empty()) {
    co_await aio::within(context_.loop,
                         at_machine("waiting for its substituters"),
                         limits().substitution,
                         builder.substitute(refused));
    refused = co_await offer(builder, co_await missing_of(std::move(refused)));
  }
  std::ranges::set_difference(
      missing, refused, std::inserter(session_.held(), session_.held().end()));
  co_return refused;
}

/// Offers those that may be taken. Returns the others, with all that refers to them.
aio::Task<nix::StorePathSet> InputDelivery::offer(store::UntrustingBuilder& builder,
                                                  const Paths& missing) {
  Paths refused;
  for (const auto* info : closure_) {
    if (!missing.contains(info->path)) continue;
    const bool is_above_refused = std::ranges::any_of(
        info->references, [&](const auto& reference) { return refused.contains(reference); });
    if (is_above_refused || unsigned_.contains(info->path)) {
      refused.insert(info->path);
    } else if (!co_await offer_one(builder, with_signatures(*info))) {
      unsigned_.insert(info->path);
      refused.insert(info->path);
    }
  }
  co_return refused;
}

aio::Task<bool> InputDelivery::offer_one(store::UntrustingBuilder& builder,
                                         const nix::PathInfo& info) {
  if (info.ca.empty() && info.signatures.empty()) co_return false;
  NarWatch watch;
  WatchedNar nar(context_.store.nar(info.path), watch);
  try {
    co_return co_await aio::with_progress(context_.loop,
                                          at_machine("sending inputs"),
                                          limits().sending_stall,
                                          session_->progress(),
                                          builder.offer(info, nar));
  } catch (const Error& e) {
    if (watch.is_to_blame(e) || e.kind() == Kind::conflict) source_ = Source::origin;
    throw;
  }
}

nix::PathInfo InputDelivery::with_signatures(const nix::PathInfo& info) const {
  auto result = info;
  if (!info.ca.empty()) return result;
  for (const auto& key : context_.options.signing_keys)
    nix::add_signature(result.signatures, key.sign(nix::fingerprint(info)));
  return result;
}

/// Builds there what was refused. The limits of a build hold for each of them; the machine
/// enforces them.
aio::Task<void> InputDelivery::build_there(store::UntrustingBuilder& builder,
                                           const Paths& refused,
                                           const wire::BuildOptions& options) {
  const auto result = co_await aio::within(context_.loop,
                                           at_machine("building unsigned inputs"),
                                           limits().build_ceiling,
                                           builder.build_inputs(order_.drv, options));
  if (!nix::is_success(result.status)) throw refusal(refused, reason_of(result));
  Paths left;
  std::ranges::set_intersection(co_await missing_of(refused),
                                order_.derivation.input_sources,
                                std::inserter(left, left.end()));
  if (!left.empty()) throw refusal(left);
}

Error InputDelivery::refusal(const Paths& refused, std::string_view and_why) const {
  const auto first = std::ranges::find_if(closure_, [&](const auto* info) {
    return refused.contains(info->path) && unsigned_.contains(info->path);
  });
  const auto& path = first == closure_.end() ? *refused.begin() : (*first)->path;
  return {Kind::permission,
          fmt::format("{} can't take this step: unsigned inputs: it does not trust the login, and "
                      "{} is not content-addressed, has no signature of a key in its "
                      "trusted-public-keys, and can neither be substituted nor built there{}{}; "
                      "sign what is sent (secret-key-files), or let the login be one of its "
                      "trusted-users",
                      session_->machine(),
                      path.str(),
                      and_why.empty() ? "" : ": ",
                      and_why)};
}

}  // namespace firn::farm
