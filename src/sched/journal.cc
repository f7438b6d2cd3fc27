// SPDX-License-Identifier: Apache-2.0
#include "sched/journal.h"

#include "sched/scheduler.h"

#include <iterator>
#include <string>
#include <type_traits>

#include <fmt/format.h>

namespace firn::sched {

namespace {

/// One line being written: an object of JSON.
class Line {
 public:
  explicit Line(std::string_view call) : text_(R"({"do":")") {
    text_ += call;
    text_ += '"';
  }

  Line& put(std::string_view key, std::string_view value) {
    name(key);
    quote(value);
    return *this;
  }

  template <class T>
    requires std::is_arithmetic_v<T>
  Line& put(std::string_view key, T value) {
    name(key);
    fmt::format_to(std::back_inserter(text_), "{}", value);
    return *this;
  }

  Line& put(std::string_view key, Duration value) { return put(key, value.count()); }

  Line& put(std::string_view key, TimePoint value) { return put(key, value.time_since_epoch()); }

  template <class Tag, class Rep>
  Line& put(std::string_view key, Id<Tag, Rep> value) {
    return put(key, value.value());
  }

  Line& put(std::string_view key, const BackOff& value) {
    name(key);
    fmt::format_to(std::back_inserter(text_),
                   "[{},{},{},{}]",
                   value.first.count(),
                   value.factor,
                   value.limit.count(),
                   value.jitter);
    return *this;
  }

  /// `write` is called with each value and gives its text, or an id.
  template <class Values, class Write>
  Line& put_all(std::string_view key, const Values& values, Write write) {
    name(key);
    text_ += '[';
    bool is_first = true;
    for (const auto& value : values) {
      if (!is_first) text_ += ',';
      is_first = false;
      write(value);
    }
    text_ += ']';
    return *this;
  }

  template <class Values>
  Line& put_ids(std::string_view key, const Values& values) {
    return put_all(key, values, [this](const auto& id) { this->raw(id.value()); });
  }

  template <class Values>
  Line& put_texts(std::string_view key, const Values& values) {
    return put_all(key, values, [this](const std::string& value) { this->quote(value); });
  }

  template <class T>
  void raw(const T& value) {
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }

  std::string finish() && { return std::move(text_) + "}"; }

 private:
  void name(std::string_view key) { fmt::format_to(std::back_inserter(text_), R"(,"{}":)", key); }

  void quote(std::string_view value) {
    text_ += '"';
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += byte < 0x20 || byte > 0x7e ? '?' : c;
    }
    text_ += '"';
  }

  std::string text_;
};

}  // namespace

void Journal::begin(const Options& options) {
  Line line("begin");
  line.put("keep_going", options.keep_going)
      .put("seed", options.seed)
      .put("order", to_string(options.order))
      .put("max_transfers", options.max_transfers)
      .put_all("tries", options.tries, [&](std::uint32_t number) { line.raw(number); })
      .put("step_back_off", options.step_back_off)
      .put("machine_back_off", options.machine_back_off)
      .put("faults", options.faults_before_back_off)
      .put("contradictions", options.quarantine.contradictions)
      .put("quarantine", options.quarantine.length)
      .put("waits_for_machines", options.waits_for_machines);
  sink_(std::move(line).finish());
}

void Journal::add_step(const StepSpec& spec, std::span<const StepId> dependencies, StepId given) {
  Line line("add_step");
  line.put("step", given)
      .put("name", spec.name)
      .put("system", spec.system)
      .put_texts("features", spec.required_features)
      .put("placement", static_cast<int>(spec.placement))
      .put("fixed_output", spec.fixed_output)
      .put("priority", spec.priority)
      .put("expected", spec.expected_duration)
      .put_ids("needs", dependencies);
  sink_(std::move(line).finish());
}

void Journal::add_machine(const MachineSpec& spec, MachineId given) {
  Line line("add_machine");
  line.put("machine", given)
      .put("name", spec.name)
      .put_texts("systems", spec.systems)
      .put_texts("supported", spec.supported_features)
      .put_texts("mandatory", spec.mandatory_features)
      .put("max_jobs", spec.max_jobs)
      .put("speed", spec.speed_factor)
      .put("max_transfers", spec.max_transfers)
      .put("local", spec.is_local);
  sink_(std::move(line).finish());
}

void Journal::add_group(std::uint32_t weight, GroupId given) {
  sink_(std::move(Line("add_group").put("group", given).put("weight", weight)).finish());
}

void Journal::set_weight(GroupId group, std::uint32_t weight) {
  sink_(std::move(Line("set_weight").put("group", group).put("weight", weight)).finish());
}

void Journal::charge(GroupId group, TimePoint began, Duration time, TimePoint now) {
  sink_(std::move(
            Line("charge").put("group", group).put("began", began).put("time", time).put("at", now))
            .finish());
}

void Journal::set_claims(StepId step, std::span<const Claim> claims) {
  Line line("set_claims");
  line.put("step", step).put_all("claims", claims, [&](const Claim& claim) {
    line.raw(fmt::format(
        "[{},{},{},{}]", claim.priority, claim.local_priority, claim.age, claim.group.value()));
  });
  sink_(std::move(line).finish());
}

void Journal::set_expected_duration(StepId step, Duration expected) {
  sink_(std::move(Line("set_expected_duration").put("step", step).put("expected", expected))
            .finish());
}

void Journal::on_step(std::string_view call, StepId step) {
  sink_(std::move(Line(call).put("step", step)).finish());
}

void Journal::abort(StepId step, std::string_view reason) {
  sink_(std::move(Line("abort").put("step", step).put("reason", reason)).finish());
}

void Journal::set_machine_enabled(MachineId machine, bool enabled) {
  sink_(std::move(Line("set_machine_enabled").put("machine", machine).put("enabled", enabled))
            .finish());
}

void Journal::set_machine_unusable(MachineId machine, std::string_view reason) {
  sink_(std::move(Line("set_machine_unusable").put("machine", machine).put("reason", reason))
            .finish());
}

void Journal::report_machine_fault(MachineId machine, TimePoint now) {
  sink_(std::move(Line("report_machine_fault").put("machine", machine).put("at", now)).finish());
}

void Journal::probe_succeeded(MachineId machine) {
  sink_(std::move(Line("probe_succeeded").put("machine", machine)).finish());
}

void Journal::probe_failed(MachineId machine, std::string_view reason, TimePoint now) {
  sink_(std::move(Line("probe_failed").put("machine", machine).put("reason", reason).put("at", now))
            .finish());
}

void Journal::pause(std::uint8_t who, std::string_view reason) {
  sink_(std::move(Line("pause").put("who", int{who}).put("reason", reason)).finish());
}

void Journal::resume(std::uint8_t who) {
  sink_(std::move(Line("resume").put("who", int{who})).finish());
}

void Journal::enter_phase(AttemptId attempt, Phase phase, TimePoint now) {
  sink_(std::move(Line("enter_phase")
                      .put("attempt", attempt)
                      .put("phase", static_cast<int>(phase))
                      .put("at", now))
            .finish());
}

void Journal::attempt_succeeded(AttemptId attempt, TimePoint now) {
  sink_(std::move(Line("attempt_succeeded").put("attempt", attempt).put("at", now)).finish());
}

void Journal::attempt_failed(AttemptId attempt, FailureClass failure, TimePoint now) {
  sink_(std::move(Line("attempt_failed")
                      .put("attempt", attempt)
                      .put("failure", static_cast<int>(failure))
                      .put("at", now))
            .finish());
}

void Journal::dispatch(TimePoint now, const Decisions& decisions) {
  Line line("dispatch");
  line.put("at", now)
      .put_ids("probes", decisions.probes)
      .put_ids("transfers", decisions.transfers)
      .put_all("assignments", decisions.assignments, [&](const Assignment& assignment) {
        line.raw(fmt::format("[{},{},{},{}]",
                             assignment.step.value(),
                             assignment.machine.value(),
                             assignment.attempt.value(),
                             assignment.try_number));
      });
  sink_(std::move(line).finish());
}

}  // namespace firn::sched
