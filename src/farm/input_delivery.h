// SPDX-License-Identifier: Apache-2.0
// Brings what a step needs to the machine that builds it. Where the machine trusts us, that is the
// closure of the inputs, as it is. Where it does not, it is also the closure of the derivation, and
// each path has to be one that the machine takes (content-addressed, or signed by a key that it
// trusts) or gets by itself: from its substituters, or by building it.
#pragma once

#include "farm/attempt.h"
#include "store/builder_connection.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::farm {

class InputDelivery {
 public:
  /// Borrows everything. `source` says whose fault an error is that leaves one of these functions.
  InputDelivery(const AttemptContext& context,
                const Order& order,
                BuildMachine& machine,
                store::SessionPool::Session& session,
                Source& source);

  /// Finds out what the step needs. True where the session does not hold all of it.
  aio::Task<bool> look();

  /// What outputs may refer to. Once, after `look`.
  nix::StorePathSet take_inputs() { return std::move(inputs_); }

  /// After `look` has said true. Throws Error{permission} where the machine cannot take the step:
  /// it neither takes an input from us nor gets it by itself.
  aio::Task<void> deliver(const wire::BuildOptions& options);

 private:
  using Paths = nix::StorePathSet;

  aio::Task<Paths> missing_of(Paths paths);
  aio::Task<Paths> unclaimed(Paths missing);
  aio::Task<void> send(const Paths& missing);
  aio::Task<void> convince(store::UntrustingBuilder& builder,
                           Paths missing,
                           const wire::BuildOptions& options);
  aio::Task<Paths> hand_over(store::UntrustingBuilder& builder, Paths missing);
  aio::Task<Paths> offer(store::UntrustingBuilder& builder, const Paths& missing);
  aio::Task<bool> offer_one(store::UntrustingBuilder& builder, const nix::PathInfo& info);
  aio::Task<void> build_there(store::UntrustingBuilder& builder,
                              const Paths& refused,
                              const wire::BuildOptions& options);
  nix::PathInfo with_signatures(const nix::PathInfo& info) const;
  Error refusal(const Paths& refused, std::string_view and_why = {}) const;
  std::string at_machine(std::string_view phase) const;

  const Limits& limits() const { return context_.options.limits; }

  const AttemptContext& context_;
  const Order& order_;
  BuildMachine& machine_;
  store::SessionPool::Session& session_;
  Source& source_;
  /// References first.
  std::vector<const nix::PathInfo*> closure_;
  Paths inputs_;
  /// What must be there before the derivation can be: it cannot be built there.
  Paths required_;
  /// What the machine wants a signature for.
  Paths unsigned_;
};

}  // namespace firn::farm
