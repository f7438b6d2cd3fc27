// SPDX-License-Identifier: Apache-2.0
#include "firn_events.h"

#include "base/error.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

namespace firn::bench {

namespace {

using Json = nlohmann::json;

Seconds milliseconds(const Json& value) {
  return std::chrono::duration<double, std::milli>(value.get<double>());
}

}  // namespace

Seconds FirnEvents::phase(const std::string& name) const {
  const auto found = phases.find(name);
  return found == phases.end() ? Seconds{} : found->second;
}

FirnEvents parse_events(std::string_view text) try {
  FirnEvents events;
  Seconds planned{};
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto event = Json::parse(line);
    const auto name = event.at("event").get<std::string>();
    if (name == "plan_made") planned = milliseconds(event.at("elapsed_ms"));
    if (name == "run_ended") events.run = milliseconds(event.at("elapsed_ms")) - planned;
    if (name != "attempt_ended") continue;
    for (const auto& [phase, cost] : event.at("phases").items())
      events.phases[phase] += milliseconds(cost.at("ms"));
  }
  return events;
} catch (const Json::exception& error) {
  throw Error(Kind::invalid, std::string("firn's JSON events: ") + error.what());
}

}  // namespace firn::bench
