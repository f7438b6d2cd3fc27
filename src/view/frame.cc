// SPDX-License-Identifier: Apache-2.0
#include "view/frame.h"

#include "view/columns.h"
#include "view/status_lines.h"
#include "view/words.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace firn::view {

using namespace std::chrono_literals;

namespace {

/// A row stays empty this long before it is given up, so that short steps do not make the picture
/// jump.
constexpr Duration kLinger = 4s;

Role role_of(sched::Phase phase) {
  switch (phase) {
    case sched::Phase::sending_inputs:
    case sched::Phase::receiving_outputs:
      return Role::moving;
    case sched::Phase::building:
      return Role::plain;
    case sched::Phase::queued:
    case sched::Phase::connecting:
    case sched::Phase::waiting_for_transfer_slot:
    case sched::Phase::publishing:
    case sched::Phase::done:
      return Role::dim;
  }
  return Role::plain;
}

/// The rows that a machine would like to have: up to its last slot that is, or was just now, in
/// use.
std::size_t wanted_rows(const MachineRecord& machine, TimePoint now) {
  std::size_t rows = machine.slots.size();
  while (rows > 0) {
    const Slot& slot = machine.slots[rows - 1];
    if (slot.attempt || now - slot.free_since < kLinger) break;
    --rows;
  }
  return rows;
}

/// Shares `room` out evenly: whoever wants little gets it, the rest get the same, give or take one.
std::vector<std::size_t> share_out(std::vector<std::size_t> wanted, std::size_t room) {
  const auto cost = [&](std::size_t level) {
    return std::accumulate(
        wanted.begin(), wanted.end(), std::size_t{0}, [=](std::size_t sum, std::size_t rows) {
          return sum + std::min(rows, level);
        });
  };
  const std::size_t most = wanted.empty() ? 0 : std::ranges::max(wanted);
  std::size_t level = 0;
  while (level < most && cost(level + 1) <= room)
    ++level;
  std::size_t rest = room - cost(level);
  for (std::size_t& rows : wanted) {
    const bool takes_one_more = rows > level && rest > 0;
    rows = std::min(rows, level) + (takes_one_more ? 1 : 0);
    if (takes_one_more) --rest;
  }
  return wanted;
}

/// Attempts that hold a build slot; the others only move outputs.
std::size_t slots_in_use(const RunModel& model, const MachineRecord& machine) {
  const auto builds = [&](const Slot& slot) {
    const RunningStep* step = slot.attempt ? model.find_running(*slot.attempt) : nullptr;
    return step != nullptr && step->phase < sched::Phase::waiting_for_transfer_slot;
  };
  return static_cast<std::size_t>(std::ranges::count_if(machine.slots, builds));
}

/// What has run longest there: of a machine with one line, that is worth it most.
const RunningStep* oldest_step(const RunModel& model, const MachineRecord& machine) {
  const RunningStep* oldest = nullptr;
  for (const Slot& slot : machine.slots) {
    const RunningStep* step = slot.attempt ? model.find_running(*slot.attempt) : nullptr;
    if (step != nullptr && (oldest == nullptr || step->began < oldest->began)) oldest = step;
  }
  return oldest;
}

class Painter {
 public:
  Painter(const RunModel& model, TimePoint now, const ScreenSize& size, const Style& style);

  /// At most `room` lines.
  std::vector<Line> machines(std::size_t room) const;

 private:
  /// The most that a machine's name may take.
  std::size_t name_width() const { return columns_.name_end * 2 / 3; }

  Line machine_line(const MachineRecord& machine) const;
  Line machine_line_with_step(const MachineRecord& machine) const;
  Line step_line(const Slot& slot) const;
  void put_step(Line& line, const RunningStep& step) const;
  void put_activity(Line& line, const RunningStep& step) const;
  std::vector<Line> one_line_each(std::size_t room) const;
  Line rest_line(std::span<const MachineRecord* const> machines) const;
  std::string rate_of(const RunningStep& step) const;
  void add_rows(std::vector<Line>& lines, const MachineRecord& machine, std::size_t rows) const;

  const RunModel& model_;
  TimePoint now_;
  const Style& style_;
  Columns columns_;
  std::size_t line_width_;
  /// Where the loads of machines end, below one another.
  std::size_t load_end_ = 0;
};

Painter::Painter(const RunModel& model, TimePoint now, const ScreenSize& size, const Style& style)
    : model_(model),
      now_(now),
      style_(style),
      columns_(columns_for(size.columns)),
      line_width_(std::max<std::size_t>(size.columns, 1) - 1) {
  std::size_t names = 0;
  std::size_t loads = 0;
  for (const MachineRecord& machine : model.machines()) {
    names = std::max(names, display_width(machine.short_name));
    loads = std::max(loads, 2 * std::to_string(machine.max_jobs).size() + 1);
  }
  load_end_ = std::min(names, name_width()) + 2 + loads;
}

/// "b1  3/4", and why it takes no work.
Line Painter::machine_line(const MachineRecord& machine) const {
  const std::string load = fmt::format("{}/{}", slots_in_use(model_, machine), machine.max_jobs);
  Line line(style_);
  line.put(cut_middle(machine.short_name, name_width(), style_), Role::strong);
  if (load_end_ <= line_width_) line.put_right(load_end_, load, Role::dim);
  if (machine.is_out(now_)) {
    const std::string time =
        machine.out_until ? "for " + on_a_clock(*machine.out_until - now_ + 999ms) : "for good";
    const std::string text = fmt::format("  out {}: {}", time, first_line(machine.out_reason));
    line.put(cut_end(text, line_width_ - line.width(), style_), Role::warning);
  }
  return line;
}

Line Painter::machine_line_with_step(const MachineRecord& machine) const {
  Line line = machine_line(machine);
  const RunningStep* step = oldest_step(model_, machine);
  if (machine.is_out(now_) || step == nullptr || line.width() + 2 > line_width_) return line;
  put_step(line.put("  "), *step);
  return line;
}

/// The faster of both directions; empty where nothing moves.
std::string Painter::rate_of(const RunningStep& step) const {
  const Traffic rate = step.meter.rate(now_);
  const ByteCount faster = std::max(rate.sent, rate.received);
  return faster < ByteCount(1) ? "" : in_words(faster) + "/s";
}

/// From the end of the line to that of the name column.
void Painter::put_step(Line& line, const RunningStep& step) const {
  const std::string attempt =
      step.try_number > 1 ? fmt::format("  try {}", step.try_number) : std::string();
  const std::size_t room = columns_.name_end - std::min(columns_.name_end, line.width());
  line.put(cut_middle(model_.step_name(step.step), room - std::min(room, attempt.size()), style_));
  if (line.width() + attempt.size() <= columns_.name_end) line.put(attempt, Role::warning);
  put_activity(line, step);
  const std::string time = on_a_clock(now_ - step.began);
  if (line.width() + time.size() <= columns_.end) line.put_right(columns_.end, time, Role::dim);
}

void Painter::put_activity(Line& line, const RunningStep& step) const {
  if (!columns_.has_activity() || line.width() > columns_.activity) return;
  const std::size_t width = columns_.activity_end - columns_.activity;
  const Role role = role_of(step.phase);
  line.skip_to(columns_.activity).put(cut_end(sched::to_string(step.phase), width, style_), role);
  const std::string rate = role == Role::moving ? rate_of(step) : std::string();
  if (line.width() + 1 + rate.size() <= columns_.activity_end)
    line.put_right(columns_.activity_end, rate, role);
}

Line Painter::step_line(const Slot& slot) const {
  Line line(style_);
  line.skip_to(columns_.name);
  const RunningStep* step = slot.attempt ? model_.find_running(*slot.attempt) : nullptr;
  if (step == nullptr) {
    line.put(cut_end(signs_of(style_).idle, columns_.end - columns_.name, style_), Role::dim);
  } else {
    put_step(line, *step);
  }
  return line;
}

/// With as many rows as slots, each slot has its own; with fewer, those in use move up.
void Painter::add_rows(std::vector<Line>& lines,
                       const MachineRecord& machine,
                       std::size_t rows) const {
  const bool in_place = rows >= wanted_rows(machine, now_);
  for (const Slot& slot : machine.slots) {
    if (rows == 0) return;
    if (!slot.attempt && !in_place) continue;
    lines.push_back(step_line(slot));
    --rows;
  }
  for (; rows > 0; --rows)
    lines.push_back(step_line(Slot()));
}

Line Painter::rest_line(std::span<const MachineRecord* const> machines) const {
  std::size_t running = 0;
  for (const MachineRecord* machine : machines)
    running += machine->running;
  Line line(style_);
  const std::string load = running == 0 ? "" : " with " + counted(running, "step");
  const std::string text = fmt::format("and {}{}", counted(machines.size(), "more machine"), load);
  return line.put(cut_end(text, line_width_, style_), Role::dim);
}

/// Those that work first, as far as there is room.
std::vector<Line> Painter::one_line_each(std::size_t room) const {
  std::vector<const MachineRecord*> machines;
  for (const bool works : {true, false}) {
    for (const MachineRecord& machine : model_.machines()) {
      if ((machine.running > 0) == works) machines.push_back(&machine);
    }
  }
  std::vector<Line> lines;
  for (std::size_t i = 0; i + 1 < room; ++i)
    lines.push_back(machine_line_with_step(*machines[i]));
  if (room > 0) lines.push_back(rest_line(std::span(machines).subspan(room - 1)));
  return lines;
}

std::vector<Line> Painter::machines(std::size_t room) const {
  const auto machines = model_.machines();
  if (machines.size() > room) return one_line_each(room);
  std::vector<Line> lines;
  std::vector<std::size_t> wanted;
  for (const MachineRecord& machine : machines)
    wanted.push_back(wanted_rows(machine, now_));
  const auto rows = share_out(std::move(wanted), room - machines.size());
  for (std::size_t i = 0; i < machines.size(); ++i) {
    lines.push_back(rows[i] > 0 ? machine_line(machines[i]) : machine_line_with_step(machines[i]));
    add_rows(lines, machines[i], rows[i]);
  }
  return lines;
}

}  // namespace

std::vector<Line> draw_frame(const RunModel& model,
                             TimePoint now,
                             const ScreenSize& size,
                             const Style& style) {
  // What scrolls by keeps some rows above the picture.
  const std::size_t most = size.rows - std::min(size.rows, std::max<std::size_t>(1, size.rows / 6));
  std::vector<Line> status = status_lines(model, now, columns_for(size.columns), style);
  if (most < status.size() + 1) {
    status.erase(status.begin(), status.end() - 1);
    return status;
  }
  const std::size_t gap = size.rows >= 16 ? 1 : 0;
  std::vector<Line> lines(gap, Line(style));
  const Painter painter(model, now, size, style);
  for (Line& line : painter.machines(most - status.size() - gap))
    lines.push_back(std::move(line));
  for (Line& line : status)
    lines.push_back(std::move(line));
  return lines;
}

Line built_line(const RunModel& model,
                const EndedAttempt& ended,
                const ScreenSize& size,
                const Style& style) {
  const Columns columns = columns_for(size.columns);
  const std::string time = in_words(ended.time);
  Line line(style);
  line.put(cut_end(signs_of(style).built, columns.name, style), Role::good).skip_to(columns.name);
  const std::size_t room = columns.name_end - columns.name;
  line.put(cut_middle(model.step_name(ended.step), room, style));
  const std::size_t machine_end = columns.end - std::min(columns.end, time.size() + 2);
  if (columns.activity < machine_end && columns.has_activity()) {
    const std::string& name = model.machine(ended.machine).short_name;
    line.skip_to(columns.activity)
        .put(cut_middle(name, machine_end - columns.activity, style), Role::dim);
  }
  if (line.width() + time.size() < columns.end) line.put_right(columns.end, time, Role::dim);
  return line;
}

}  // namespace firn::view
