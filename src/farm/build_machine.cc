// SPDX-License-Identifier: Apache-2.0
#include "farm/build_machine.h"

#include "base/error.h"
#include "farm/store_mark.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

using namespace std::chrono_literals;

namespace {

/// Every new session costs what the login's shell takes to start.
constexpr Duration kSlowGreeting = 1s;

std::string about_slow_login(Duration took) {
  return fmt::format(
      "a session takes {:.1f} s to begin; see what the start-up files of its login "
      "(~/.bashrc, ~/.profile, /etc/profile.d) do",
      std::chrono::duration<double>(took).count());
}

}  // namespace

aio::Task<std::vector<std::string>> BuildMachine::get_to_know(store::BuilderConnection& connection,
                                                              nix::StorePath mark) {
  std::vector<std::string> notes;
  shares_store_ = co_await has_mark(connection, std::move(mark));
  is_known_ = true;
  if (shares_store_) {
    sessions.forbid_delegation();
    notes.emplace_back("its store is our own: nothing is copied");
  }
  if (connection.greeting_took() > kSlowGreeting)
    notes.push_back(about_slow_login(connection.greeting_took()));
  co_return notes;
}

BuildMachine::Claim::Claim(BuildMachine& machine, std::vector<nix::StorePath> paths)
    : machine_(machine), paths_(std::move(paths)) {
  for (const auto& path : paths_)
    FIRN_CHECK(machine_.claimed_.insert(path).second);
}

BuildMachine::Claim::~Claim() {
  for (const auto& path : paths_)
    machine_.claimed_.erase(path);
  machine_.released_.notify_all();
}

bool BuildMachine::is_claimed(const nix::StorePathSet& paths) const {
  return std::ranges::any_of(paths, [this](const auto& path) { return claimed_.contains(path); });
}

aio::Task<void> BuildMachine::unclaimed(const nix::StorePathSet& paths) {
  while (is_claimed(paths))
    co_await released_.wait();
}

}  // namespace firn::farm
