// SPDX-License-Identifier: Apache-2.0
#include "faults/chaos/storm.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace firn::testing {

using namespace std::chrono_literals;
namespace role = lab::role;

namespace {

constexpr std::size_t kMostAtOnce = 2;

using Made = std::unique_ptr<lab::Fault>;

/// A kind of weather: what it does to a builder, or to our own side of it.
struct Kind {
  std::string_view name;
  Made (*strike)(lab::CoordinatorHost&, lab::Builder&);
};

template <const std::string_view& Words>
Made stop_there(lab::CoordinatorHost& /*home*/, lab::Builder& builder) {
  return std::make_unique<lab::Stopped>(builder.host(), Words);
}

template <const std::string_view& Words>
Made stop_here(lab::CoordinatorHost& home, lab::Builder& builder) {
  return std::make_unique<lab::Stopped>(home, Words, builder.address());
}

template <const std::string_view& Words>
Made kill_there(lab::CoordinatorHost& /*home*/, lab::Builder& builder) {
  lab::kill_processes(builder.host(), Words);
  return nullptr;
}

template <const std::string_view& Words>
Made kill_here(lab::CoordinatorHost& home, lab::Builder& builder) {
  lab::kill_processes(home, Words, builder.address());
  return nullptr;
}

template <const std::string_view& Words>
Made stop_home(lab::CoordinatorHost& home, lab::Builder& /*builder*/) {
  return std::make_unique<lab::Stopped>(home, Words);
}

template <const std::string_view& Words>
Made kill_home(lab::CoordinatorHost& home, lab::Builder& /*builder*/) {
  lab::kill_processes(home, Words);
  return nullptr;
}

Made cut_power(lab::CoordinatorHost& /*home*/, lab::Builder& builder) {
  return std::make_unique<lab::PowerCut>(builder);
}

Made drop_packets(lab::CoordinatorHost& /*home*/, lab::Builder& builder) {
  return std::make_unique<lab::Blackhole>(builder.host());
}

template <lab::FullStore::Of What>
Made fill(lab::CoordinatorHost& /*home*/, lab::Builder& builder) {
  return std::make_unique<lab::FullStore>(builder.host(), What);
}

Made collect(lab::CoordinatorHost& /*home*/, lab::Builder& builder) {
  return std::make_unique<lab::CollectingGarbage>(builder.host());
}

constexpr std::array kKinds{
    Kind{.name = "power cut", .strike = cut_power},
    Kind{.name = "packets dropped", .strike = drop_packets},
    Kind{.name = "no room for bytes", .strike = fill<lab::FullStore::Of::bytes>},
    Kind{.name = "no room for files", .strike = fill<lab::FullStore::Of::inodes>},
    Kind{.name = "garbage collected", .strike = collect},
    Kind{.name = "servers stopped", .strike = stop_there<role::kServer>},
    Kind{.name = "sshd stopped", .strike = stop_there<role::kSshd>},
    Kind{.name = "our ssh master stopped", .strike = stop_here<role::kMaster>},
    Kind{.name = "our ssh clients stopped", .strike = stop_here<role::kClient>},
    Kind{.name = "servers killed", .strike = kill_there<role::kServer>},
    Kind{.name = "sshd sessions killed", .strike = kill_there<role::kSshdSession>},
    Kind{.name = "our ssh master killed", .strike = kill_here<role::kMaster>},
    Kind{.name = "our ssh clients killed", .strike = kill_here<role::kClient>},
    Kind{.name = "our own store's servers stopped", .strike = stop_home<role::kOwnStore>},
    Kind{.name = "our own store's servers killed", .strike = kill_home<role::kOwnStore>},
};

}  // namespace

Storm::Storm(Farm& farm, std::uint32_t seed)
    : farm_(farm), random_(seed), thread_([this] { rage(); }) {}

Storm::~Storm() {
  end();
}

void Storm::end() {
  is_over_ = true;
  if (thread_.joinable()) thread_.join();
  strikes_.clear();
}

std::vector<std::string> Storm::story() const {
  const std::lock_guard guard(telling_);
  return story_;
}

void Storm::rage() {
  while (!is_over_) {
    calm(Clock::now());
    if (strikes_.size() < kMostAtOnce) strike();
    std::this_thread::sleep_for(200ms + std::chrono::milliseconds(random_() % 1000));
  }
}

void Storm::calm(Clock::time_point now) {
  std::erase_if(strikes_, [now](const auto& strike) { return strike.until <= now; });
}

/// Draws the same numbers whether the strike succeeds or not.
void Storm::strike() {
  const auto place = random_() % farm_.builders.size();
  const auto& kind = kKinds.at(random_() % kKinds.size());
  const auto lasts =
      500ms + std::chrono::milliseconds(random_() %
                                        (std::chrono::milliseconds(kLongestStrike).count() - 500));
  if (std::ranges::find(strikes_, place, &Strike::place) != strikes_.end()) return;
  auto& builder = *farm_.builders.at(place);
  const auto at = Clock::now();
  std::string end = "at once";
  try {
    if (auto fault = kind.strike(farm_.home, builder)) {
      strikes_.push_back({.fault = std::move(fault), .place = place, .until = at + lasts});
      end = fmt::format("for {:.1f} s", std::chrono::duration<double>(lasts).count());
    }
  } catch (const Error&) {
    end = "in vain";
  }
  const std::lock_guard guard(telling_);
  story_.push_back(fmt::format("{:.1f} s, {}: {}, {}",
                               std::chrono::duration<double>(at - began_).count(),
                               builder.name(),
                               kind.name,
                               end));
}

}  // namespace firn::testing
