// SPDX-License-Identifier: Apache-2.0
#include "view/json_view.h"

#include "base/identifier.h"

#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::view {

namespace {

using Json = nlohmann::ordered_json;
using Outcome = sched::Verdict::Outcome;

/// Written at a time when an event makes many lines.
constexpr std::size_t kBlock = 65536;

/// More than this, and an event, does not wait for a reader.
constexpr std::size_t kMostWaiting = std::size_t{64} << 20U;

/// In microseconds' precision.
double milliseconds(Duration time) {
  return std::round(std::chrono::duration<double, std::micro>(time).count()) / 1000;
}

/// "2026-02-03T04:05:06.789Z".
std::string date(const ClockAnchor& clock, TimePoint at) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(at - clock.steady);
  const auto wall = clock.wall + since;
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(wall - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()),
                     time.hours().count(),
                     time.minutes().count(),
                     time.seconds().count(),
                     time.subseconds().count());
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::succeeded:
      return "succeeded";
    case Outcome::retry:
      return "retry";
    case Outcome::failed:
      return "failed";
    case Outcome::aborted:
      return "aborted";
    case Outcome::cancelled:
      return "cancelled";
  }
  return "aborted";
}

sched::StepState state_after(Outcome outcome) {
  switch (outcome) {
    case Outcome::succeeded:
      return sched::StepState::succeeded;
    case Outcome::failed:
      return sched::StepState::failed;
    case Outcome::cancelled:
      return sched::StepState::cancelled;
    case Outcome::aborted:
    case Outcome::retry:
      break;
  }
  return sched::StepState::aborted;
}

std::string text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json phases(const farm::AttemptEnded& event) {
  Json result = Json::object();
  for (auto i = static_cast<std::size_t>(sched::Phase::connecting);
       i < static_cast<std::size_t>(sched::Phase::done);
       ++i) {
    const farm::PhaseCost& cost = event.costs.at(i);
    result[identifier(sched::to_string(static_cast<sched::Phase>(i)))] = {
        {"ms", milliseconds(cost.time)}, {"bytes", cost.bytes.value()}};
  }
  return result;
}

/// Writes the lines of one event, or counts them where there is no room. The model has been told of
/// it already.
class Writer {
 public:
  Writer(Screen& screen, const ClockAnchor& clock, const RunModel& model, std::size_t& lost_lines)
      : screen_(screen),
        clock_(clock),
        model_(model),
        lost_lines_(lost_lines),
        has_room_(model.has_ended() || screen.waiting() < kMostWaiting) {}

  ~Writer() {
    if (!text_.empty()) screen_.write(text_);
  }

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void operator()(const farm::PlanMade& event);
  void operator()(const farm::AttemptStarted& event);
  void operator()(const farm::PhaseEntered& event);
  void operator()(const farm::BytesMoved& event);
  void operator()(const farm::AttemptEnded& event);
  void operator()(const farm::MachineOut& event);
  void operator()(const farm::MachineAdded& event);
  void operator()(const farm::MachineNoted& event);
  void operator()(const farm::DispatchPaused& event);
  void operator()(const farm::DispatchResumed& event);
  void operator()(const farm::StepsEnded& event);
  void operator()(const farm::RunEnded& event);
  void note(std::string_view text, TimePoint at);
  void end(std::string_view how, TimePoint at);
  /// Says how many lines are missing here, if any are and there is room.
  void admit_losses(TimePoint at);

 private:
  Json line(std::string_view name, TimePoint at) const;
  Json attempt_line(std::string_view name, const RunningStep& step, TimePoint at) const;
  Json step_keys(sched::StepId step) const;
  void steps_ended(std::span<const sched::StepId> steps,
                   sched::StepState state,
                   const Json& cause,
                   const Json& reason,
                   TimePoint at);
  void plan_steps(const farm::PlanMade& event);
  void put_text(std::string_view line);

  void put(const Json& line) { put_text(text_of(line)); }

  Screen& screen_;
  const ClockAnchor& clock_;
  const RunModel& model_;
  std::size_t& lost_lines_;
  bool has_room_;
  std::string text_;
};

void Writer::admit_losses(TimePoint at) {
  if (!has_room_ || lost_lines_ == 0) return;
  Json lost = line("lines_lost", at);
  lost["lines"] = std::exchange(lost_lines_, 0);
  put(lost);
}

void Writer::put_text(std::string_view line) {
  if (!has_room_) {
    ++lost_lines_;
    return;
  }
  text_ += line;
  text_ += '\n';
  if (text_.size() < kBlock) return;
  screen_.write(text_);
  text_.clear();
}

Json Writer::line(std::string_view name, TimePoint at) const {
  return {{"event", name},
          {"time", date(clock_, at)},
          {"elapsed_ms", milliseconds(model_.elapsed(at))}};
}

Json Writer::step_keys(sched::StepId step) const {
  return {{"drv", model_.drv_path(step)}, {"name", model_.step_name(step)}};
}

Json Writer::attempt_line(std::string_view name, const RunningStep& step, TimePoint at) const {
  Json result = line(name, at);
  result["attempt"] = step.attempt.value();
  result.update(step_keys(step.step));
  result["machine"] = model_.machine(step.machine).name;
  result["try"] = step.try_number;
  return result;
}

void Writer::operator()(const farm::PlanMade& event) {
  Json machines = Json::array();
  for (const auto& machine : event.machines)
    machines.push_back({{"machine", machine.name}, {"max_jobs", machine.max_jobs}});
  Json plan = line("plan_made", event.at);
  plan["steps"] = event.steps.size();
  plan["machines"] = std::move(machines);
  plan["already_valid"] = event.already_valid;
  plan["substituted"] = event.substituted;
  put(plan);
  plan_steps(event);
}

/// There may be hundreds of thousands of these lines, and all begin alike: only the rest is made
/// for each. Store paths need no escapes.
void Writer::plan_steps(const farm::PlanMade& event) {
  std::string head = text_of(line("step_planned", event.at));
  head.pop_back();
  for (const auto& step : event.steps) {
    put_text(fmt::format(R"({},"drv":"{}","name":"{}","system":{}}})",
                         head,
                         step.drv.str(),
                         step.drv.derivation_name(),
                         text_of(step.system)));
  }
}

void Writer::operator()(const farm::AttemptStarted& event) {
  if (const RunningStep* step = model_.find_running(event.attempt))
    put(attempt_line("attempt_started", *step, event.at));
}

void Writer::operator()(const farm::PhaseEntered& event) {
  const RunningStep* step = model_.find_running(event.attempt);
  if (step == nullptr) return;
  Json entered = attempt_line("phase_entered", *step, event.at);
  entered["phase"] = identifier(sched::to_string(event.phase));
  put(entered);
}

void Writer::operator()(const farm::BytesMoved& event) {
  const RunningStep* step = model_.find_running(event.attempt);
  if (step == nullptr) return;
  Json moved = attempt_line("bytes_moved", *step, event.at);
  moved["sent_bytes"] = event.sent.value();
  moved["received_bytes"] = event.received.value();
  put(moved);
}

void Writer::operator()(const farm::AttemptEnded& event) {
  const sched::Verdict& verdict = event.verdict;
  const EndedAttempt& was = model_.last_ended();
  Json ended = attempt_line("attempt_ended",
                            {.attempt = event.attempt,
                             .step = was.step,
                             .machine = was.machine,
                             .try_number = verdict.try_number},
                            event.at);
  ended["outcome"] = to_string(verdict.outcome);
  ended["failure"] =
      verdict.failure ? Json(identifier(sched::to_string(*verdict.failure))) : Json();
  const Json reason = text_or_null(event.message);
  ended["message"] = reason;
  ended["retry_at"] = verdict.retry_at ? Json(date(clock_, *verdict.retry_at)) : Json();
  ended["ms"] = milliseconds(was.time);
  ended["sent_bytes"] = was.traffic.sent.value();
  ended["received_bytes"] = was.traffic.received.value();
  ended["phases"] = phases(event);
  ended["log_file"] = text_or_null(event.log_file);
  ended["log_tail"] = event.log_tail;
  ended["fallen"] = verdict.fallen.size();
  put(ended);
  if (verdict.outcome == Outcome::retry) return;
  steps_ended({&was.step, 1}, state_after(verdict.outcome), Json(), reason, event.at);
  const auto fallen_state = verdict.outcome == Outcome::cancelled
                                ? sched::StepState::cancelled
                                : sched::StepState::dependency_failed;
  steps_ended(verdict.fallen, fallen_state, model_.drv_path(was.step), Json(), event.at);
}

void Writer::steps_ended(std::span<const sched::StepId> steps,
                         sched::StepState state,
                         const Json& cause,
                         const Json& reason,
                         TimePoint at) {
  for (const auto step : steps) {
    Json ended = line("step_ended", at);
    ended.update(step_keys(step));
    ended["state"] = identifier(sched::to_string(state));
    ended["cause"] = cause;
    ended["reason"] = reason;
    put(ended);
  }
}

void Writer::operator()(const farm::MachineOut& event) {
  Json out = line("machine_out", event.at);
  out["machine"] = model_.machine(event.machine).name;
  out["reason"] = text_or_null(event.reason);
  out["until"] = event.until ? Json(date(clock_, *event.until)) : Json();
  put(out);
}

void Writer::operator()(const farm::MachineAdded& event) {
  Json added = line("machine_added", event.at);
  added["machine"] = event.machine.name;
  added["max_jobs"] = event.machine.max_jobs;
  put(added);
}

void Writer::operator()(const farm::MachineNoted& event) {
  Json out = line("machine_note", event.at);
  out["machine"] = model_.machine(event.machine).name;
  out["note"] = event.note;
  put(out);
}

void Writer::operator()(const farm::DispatchPaused& event) {
  Json out = line("dispatch_paused", event.at);
  out["reason"] = event.reason;
  put(out);
}

void Writer::operator()(const farm::DispatchResumed& event) {
  put(line("dispatch_resumed", event.at));
}

void Writer::operator()(const farm::StepsEnded& event) {
  steps_ended(event.steps, event.state, Json(), text_or_null(event.reason), event.at);
}

void Writer::operator()(const farm::RunEnded& event) {
  end(event.interrupted ? "interrupted" : "finished", event.at);
}

void Writer::note(std::string_view text, TimePoint at) {
  Json note = line("note", at);
  note["message"] = text;
  put(note);
}

void Writer::end(std::string_view how, TimePoint at) {
  const StepTally& steps = model_.steps();
  Json ended = line("run_ended", at);
  ended["how"] = how;
  ended["ms"] = milliseconds(model_.elapsed(at));
  ended["steps"] = {{"total", steps.total},
                    {"succeeded", steps.built},
                    {"failed", steps.failed},
                    {"dependency_failed", steps.fallen},
                    {"cancelled", steps.cancelled},
                    {"not_tried", steps.waiting() + steps.running}};
  ended["sent_bytes"] = model_.traffic().sent.value();
  ended["received_bytes"] = model_.traffic().received.value();
  put(ended);
}

}  // namespace

void JsonView::on(const farm::Event& event) {
  model_.on(event);
  Writer writer(screen_, clock_, model_, lost_lines_);
  writer.admit_losses(std::visit([](const auto& e) { return e.at; }, event));
  std::visit(writer, event);
}

void JsonView::note(std::string_view text, TimePoint now) {
  Writer writer(screen_, clock_, model_, lost_lines_);
  writer.admit_losses(now);
  writer.note(text, now);
}

void JsonView::finish(TimePoint now) {
  if (model_.has_ended()) return;
  Writer writer(screen_, clock_, model_, lost_lines_);
  writer.admit_losses(now);
  writer.end("broken_off", now);
}

}  // namespace firn::view
