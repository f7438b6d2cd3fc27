// SPDX-License-Identifier: Apache-2.0
#include "firn_events.h"

#include "base/error.h"
#include "statistics.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

namespace firn::bench {

namespace {

using Json = nlohmann::json;

Seconds milliseconds(const Json& value) {
  return std::chrono::duration<double, std::milli>(value.get<double>());
}

Seconds elapsed(const Json& event) {
  return milliseconds(event.at("elapsed_ms"));
}

Seconds median_gap(const std::vector<double>& ends) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < ends.size(); ++i)
    gaps.push_back(ends[i] - ends[i - 1]);
  return Seconds(median(gaps));
}

}  // namespace

Seconds FirnEvents::phase(const std::string& name) const {
  const auto found = phases.find(name);
  return found == phases.end() ? Seconds{} : found->second;
}

FirnEvents parse_events(std::string_view text) try {
  FirnEvents events;
  Seconds planned{};
  std::vector<double> ends;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto event = Json::parse(line);
    const auto name = event.at("event").get<std::string>();
    if (name == "plan_made") planned = elapsed(event);
    if (name == "run_ended") events.run = elapsed(event) - planned;
    if (name != "attempt_ended") continue;
    ends.push_back(elapsed(event).count());
    for (const auto& [phase, cost] : event.at("phases").items())
      events.phases[phase] += milliseconds(cost.at("ms"));
  }
  events.step_to_step = median_gap(ends);
  return events;
} catch (const Json::exception& error) {
  throw Error(Kind::invalid, std::string("firn's JSON events: ") + error.what());
}

}  // namespace firn::bench
