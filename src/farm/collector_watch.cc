// SPDX-License-Identifier: Apache-2.0
#include "farm/collector_watch.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace firn::farm {

using namespace std::chrono_literals;

namespace {

constexpr Duration kLookEvery = 500ms;
constexpr std::string_view kWords = "waiting for the big garbage collector lock";

}  // namespace

CollectorWatch::CollectorWatch(aio::Loop& loop, transport::Link& link, Duration patience, Tell tell)
    : loop_(loop),
      link_(link),
      patience_(patience),
      tell_(std::move(tell)),
      known_(link.printed().size()) {
  next_look_ = loop_.timers().after(kLookEvery, [this] { look(); });
}

CollectorWatch::~CollectorWatch() {
  next_look_.cancel();
  if (!is_waiting_) return;
  link_.allow_silence({});
  tell_(false);
}

void CollectorWatch::look() {
  const auto printed = link_.printed();
  const auto news = printed.substr(std::min(known_, printed.size()));
  if (news.find(kWords) == std::string_view::npos) {
    next_look_ = loop_.timers().after(kLookEvery, [this] { look(); });
    return;
  }
  is_waiting_ = true;
  link_.allow_silence(patience_);
  tell_(true);
}

}  // namespace firn::farm
