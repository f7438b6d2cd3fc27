// SPDX-License-Identifier: Apache-2.0
#include "sim/replay.h"

#include "base/error.h"
#include "sched/journal.h"
#include "sched/recorded_scheduler.h"

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::sim {

namespace {

using nlohmann::json;
using sched::AttemptId;
using sched::GroupId;
using sched::MachineId;
using Recorded = sched::RecordedScheduler;
using sched::StepId;

template <class T>
T number(const json& call, const char* key) {
  return call.at(key).get<T>();
}

template <class T>
T id(const json& value) {
  return T(value.get<decltype(T().value())>());
}

StepId step_of(const json& call) {
  return id<StepId>(call.at("step"));
}

MachineId machine_of(const json& call) {
  return id<MachineId>(call.at("machine"));
}

GroupId group_of(const json& call) {
  return id<GroupId>(call.at("group"));
}

AttemptId attempt_of(const json& call) {
  return id<AttemptId>(call.at("attempt"));
}

Duration duration(const json& call, const char* key) {
  return Duration(number<Duration::rep>(call, key));
}

TimePoint moment(const json& call, const char* key = "at") {
  return TimePoint(duration(call, key));
}

std::vector<std::string> texts(const json& call, const char* key) {
  return call.at(key).get<std::vector<std::string>>();
}

/// An enumeration's value below `limit`.
template <class E>
E enumerated(const json& call, const char* key, int limit) {
  const int value = number<int>(call, key);
  if (value < 0 || value >= limit)
    throw Error(Kind::invalid, fmt::format("its {} is none that is known", key));
  return static_cast<E>(value);
}

sched::BackOff back_off(const json& value) {
  return {.first = Duration(value.at(0).get<Duration::rep>()),
          .factor = value.at(1).get<std::uint32_t>(),
          .limit = Duration(value.at(2).get<Duration::rep>()),
          .jitter = value.at(3).get<double>()};
}

sched::Options options(const json& call) {
  sched::Options read;
  read.keep_going = number<bool>(call, "keep_going");
  read.seed = number<std::uint64_t>(call, "seed");
  const auto order = sched::parse_order(call.at("order").get<std::string>());
  if (!order) throw Error(Kind::invalid, "its order is none that is known");
  read.order = *order;
  read.max_transfers = number<std::uint32_t>(call, "max_transfers");
  const auto& tries = call.at("tries");
  for (std::size_t i = 0; i < read.tries.size(); ++i)
    read.tries[i] = tries.at(i).get<std::uint32_t>();
  read.step_back_off = back_off(call.at("step_back_off"));
  read.machine_back_off = back_off(call.at("machine_back_off"));
  read.faults_before_back_off = number<std::uint32_t>(call, "faults");
  read.quarantine.contradictions = number<std::uint32_t>(call, "contradictions");
  read.quarantine.length = duration(call, "quarantine");
  read.waits_for_machines = number<bool>(call, "waits_for_machines");
  return read;
}

void add_step(Recorded& scheduler, const json& call) {
  const auto name = call.at("name").get<std::string>();
  const auto system = call.at("system").get<std::string>();
  const auto features = texts(call, "features");
  std::vector<StepId> needs;
  for (const json& need : call.at("needs"))
    needs.push_back(id<StepId>(need));
  scheduler.add_step({.name = name,
                      .system = system,
                      .required_features = features,
                      .placement = enumerated<sched::Placement>(call, "placement", 3),
                      .fixed_output = number<bool>(call, "fixed_output"),
                      .priority = number<std::int32_t>(call, "priority"),
                      .expected_duration = duration(call, "expected")},
                     needs);
}

void add_machine(Recorded& scheduler, const json& call) {
  scheduler.add_machine({.name = call.at("name").get<std::string>(),
                         .systems = texts(call, "systems"),
                         .supported_features = texts(call, "supported"),
                         .mandatory_features = texts(call, "mandatory"),
                         .max_jobs = number<std::uint32_t>(call, "max_jobs"),
                         .speed_factor = number<double>(call, "speed"),
                         .max_transfers = number<std::uint32_t>(call, "max_transfers"),
                         .is_local = number<bool>(call, "local")});
}

void set_claims(Recorded& scheduler, const json& call) {
  std::vector<sched::Claim> claims;
  for (const json& claim : call.at("claims")) {
    claims.push_back({.priority = claim.at(0).get<std::int64_t>(),
                      .local_priority = claim.at(1).get<std::int32_t>(),
                      .age = claim.at(2).get<std::uint32_t>(),
                      .group = id<GroupId>(claim.at(3))});
  }
  scheduler.set_claims(step_of(call), claims);
}

std::string reason(const json& call) {
  return call.at("reason").get<std::string>();
}

sched::Pauser pauser(const json& call) {
  return enumerated<sched::Pauser>(call, "who", 2);
}

/// One kind of call.
struct Row {
  std::string_view name;
  void (*apply)(Recorded& scheduler, const json& call);
};

constexpr auto kRows = std::to_array<Row>({
    {.name = "add_step", .apply = add_step},
    {.name = "add_machine", .apply = add_machine},
    {.name = "add_group",
     .apply = [](Recorded& s, const json& c) { s.add_group(number<std::uint32_t>(c, "weight")); }},
    {.name = "set_weight",
     .apply = [](Recorded& s,
                 const json& c) { s.set_weight(group_of(c), number<std::uint32_t>(c, "weight")); }},
    {.name = "charge",
     .apply =
         [](Recorded& s, const json& c) {
           s.charge(group_of(c), moment(c, "began"), duration(c, "time"), moment(c));
         }},
    {.name = "set_claims", .apply = set_claims},
    {.name = "set_expected_duration",
     .apply = [](Recorded& s,
                 const json& c) { s.set_expected_duration(step_of(c), duration(c, "expected")); }},
    {.name = "forget", .apply = [](Recorded& s, const json& c) { s.forget(step_of(c)); }},
    {.name = "complete_without_build",
     .apply = [](Recorded& s, const json& c) { s.complete_without_build(step_of(c)); }},
    {.name = "cancel", .apply = [](Recorded& s, const json& c) { s.cancel(step_of(c)); }},
    {.name = "abort", .apply = [](Recorded& s, const json& c) { s.abort(step_of(c), reason(c)); }},
    {.name = "set_machine_enabled",
     .apply =
         [](Recorded& s, const json& c) {
           s.set_machine_enabled(machine_of(c), number<bool>(c, "enabled"));
         }},
    {.name = "set_machine_unusable",
     .apply = [](Recorded& s, const json& c) { s.set_machine_unusable(machine_of(c), reason(c)); }},
    {.name = "report_machine_fault",
     .apply = [](Recorded& s, const json& c) { s.report_machine_fault(machine_of(c), moment(c)); }},
    {.name = "probe_succeeded",
     .apply = [](Recorded& s, const json& c) { s.probe_succeeded(machine_of(c)); }},
    {.name = "probe_failed",
     .apply = [](Recorded& s,
                 const json& c) { s.probe_failed(machine_of(c), reason(c), moment(c)); }},
    {.name = "pause", .apply = [](Recorded& s, const json& c) { s.pause(pauser(c), reason(c)); }},
    {.name = "resume", .apply = [](Recorded& s, const json& c) { s.resume(pauser(c)); }},
    {.name = "enter_phase",
     .apply =
         [](Recorded& s, const json& c) {
           s.enter_phase(attempt_of(c), enumerated<sched::Phase>(c, "phase", 8), moment(c));
         }},
    {.name = "attempt_succeeded",
     .apply = [](Recorded& s, const json& c) { s.attempt_succeeded(attempt_of(c), moment(c)); }},
    {.name = "attempt_failed",
     .apply =
         [](Recorded& s, const json& c) {
           s.attempt_failed(attempt_of(c),
                            enumerated<sched::FailureClass>(
                                c, "failure", static_cast<int>(sched::kFailureClassCount)),
                            moment(c));
         }},
    {.name = "dispatch", .apply = [](Recorded& s, const json& c) { s.dispatch(moment(c)); }},
});

/// Plays on a scheduler that writes a journal of its own, to be compared line by line.
class Replayer {
 public:
  void take(const json& call, const std::string& recorded) {
    const auto name = call.at("do").get<std::string>();
    if (name == "begin") {
      if (scheduler_) throw Error(Kind::invalid, "a second beginning");
      scheduler_ = std::make_unique<Recorded>(options(call), &journal_);
    } else {
      apply(name, call);
    }
    ++result_.calls;
    if (name == "add_step") ++result_.steps;
    if (name == "dispatch") result_.started += call.at("assignments").size();
    if (written_ != recorded)
      result_.difference = {.line = result_.calls, .recorded = recorded, .today = written_};
  }

  const Replay& result() const { return result_; }

 private:
  void apply(const std::string& name, const json& call) {
    if (!scheduler_) throw Error(Kind::invalid, "the recording has no beginning");
    for (const Row& row : kRows) {
      if (row.name != name) continue;
      row.apply(*scheduler_, call);
      return;
    }
    throw Error(Kind::invalid, fmt::format("there is no call '{}'", name));
  }

  std::string written_;
  sched::Journal journal_{[this](std::string_view line) { written_ = line; }};
  std::unique_ptr<Recorded> scheduler_;
  Replay result_;
};

}  // namespace

Replay replay(const std::function<std::optional<std::string>()>& next) {
  Replayer replayer;
  std::optional<std::string> line = next();
  while (line && !replayer.result().difference) {
    std::optional<std::string> following = next();
    const json call = json::parse(*line, nullptr, false);
    if (call.is_discarded() && !following) break;
    try {
      if (!call.is_object()) throw Error(Kind::invalid, "it is no object of JSON");
      replayer.take(call, *line);
    } catch (const json::exception&) {
      throw Error(Kind::invalid,
                  fmt::format("line {} lacks something, or it is of the wrong type",
                              replayer.result().calls + 1));
    } catch (Error& error) {
      error.add_context(fmt::format("replaying line {}", replayer.result().calls + 1));
      throw;
    }
    line = std::move(following);
  }
  return replayer.result();
}

}  // namespace firn::sim
