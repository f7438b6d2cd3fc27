// SPDX-License-Identifier: Apache-2.0
// `firn queue cancel`, `restart` and `bump`.
#include "base/error.h"
#include "cli/queue_command.h"
#include "cli/queue_words.h"
#include "db/listing.h"
#include "db/steering.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

namespace {

struct Speech {
  std::string_view done;
  /// Why a build stayed as it was.
  std::string_view not_done;
};

Speech speech_of(Steering steering) {
  switch (steering) {
    case Steering::cancel:
      return {.done = "cancelled", .not_done = "has ended already"};
    case Steering::restart:
      return {.done = "restarted", .not_done = "has not ended yet"};
    case Steering::bump:
      return {.done = "bumped", .not_done = "has ended already"};
    case Steering::bump_down:
      return {.done = "no longer bumped", .not_done = "has ended already"};
  }
  throw Bug("builds are asked for what nobody knows");
}

std::vector<db::ListedBuild> find_all(db::Transaction& transaction,
                                      const std::vector<db::BuildId>& ids) {
  std::vector<db::ListedBuild> builds;
  for (const auto id : ids) {
    auto build = db::find_build(transaction, id);
    if (!build)
      throw Error(
          Kind::not_found,
          fmt::format("there is no build {}; firn queue list shows those that wait", id.value()));
    builds.push_back(std::move(*build));
  }
  return builds;
}

/// Builds to restart, with those that the same failure ended. Those of others whose derivation has
/// gone stay as they are.
std::vector<db::BuildId> with_relatives(const QueueSession& session,
                                        const QueueSteer& steer,
                                        const KeepDerivations& keep) {
  std::vector<db::ListedBuild> builds;
  db::transact(
      session.connection,
      [&](db::Transaction& transaction) {
        builds = find_all(transaction, steer.builds);
        std::ranges::move(find_all(transaction, db::failed_relatives(transaction, steer.builds)),
                          std::back_inserter(builds));
      },
      db::Access::read);
  std::vector<std::string> drvs;
  drvs.reserve(builds.size());
  for (const auto& build : builds)
    drvs.push_back(build.drv_path);
  const auto gone = keep(drvs);
  std::vector<db::BuildId> there;
  for (const auto& build : builds) {
    const bool is_gone = std::ranges::find(gone, build.drv_path) != gone.end();
    if (is_gone && std::ranges::find(steer.builds, build.id) != steer.builds.end())
      throw Error(Kind::not_found,
                  fmt::format("build {} cannot be restarted: its derivation {} has been "
                              "garbage-collected; evaluate it again, and firn queue add it",
                              build.id.value(),
                              build.drv_path));
    if (!is_gone) there.push_back(build.id);
  }
  return there;
}

std::vector<db::BuildId> carry_out(db::Transaction& transaction,
                                   Steering steering,
                                   const std::vector<db::BuildId>& builds,
                                   WallTime now) {
  switch (steering) {
    case Steering::cancel:
      return db::cancel_builds(transaction, builds, now);
    case Steering::restart:
      return db::restart_builds(transaction, builds);
    case Steering::bump:
      return db::bump_builds(transaction, builds, now.time_since_epoch().count());
    case Steering::bump_down:
      return db::bump_builds(transaction, builds, 0);
  }
  throw Bug("builds are asked for what nobody knows");
}

void tell(const QueueSession& session, db::BuildId build, Steering steering, bool is_done) {
  const auto [done, not_done] = speech_of(steering);
  if (session.json) {
    write_line(session.out, {{"build", build.value()}, {"changed", is_done}});
  } else if (is_done) {
    session.out << fmt::format("build {} is {}\n", build.value(), done);
  } else {
    session.out << fmt::format("build {} {}\n", build.value(), not_done);
  }
}

}  // namespace

void steer_queue(const QueueSession& session,
                 const QueueSteer& steer,
                 const KeepDerivations& keep) {
  const auto builds =
      steer.steering == Steering::restart ? with_relatives(session, steer, keep) : steer.builds;
  const auto changed = db::transact(session.connection, [&](db::Transaction& transaction) {
    find_all(transaction, steer.builds);
    return carry_out(transaction, steer.steering, builds, session.now);
  });
  for (const auto build : builds)
    tell(session, build, steer.steering, std::ranges::find(changed, build) != changed.end());
}

}  // namespace firn::cli
