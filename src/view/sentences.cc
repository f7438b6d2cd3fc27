// SPDX-License-Identifier: Apache-2.0
#include "view/sentences.h"

#include "view/text.h"
#include "view/words.h"

#include <fmt/format.h>

namespace firn::view {

namespace {

using Outcome = sched::Verdict::Outcome;

std::string try_suffix(std::uint32_t try_number) {
  return try_number > 1 ? fmt::format(", try {}", try_number) : "";
}

/// Store paths are mostly hash: of "/nix/store/<hash>-zlib-1.3.drv" only the name is left.
std::string with_short_paths(std::string text) {
  constexpr std::size_t kHashAndDash = 33;
  const std::string prefix = std::string(nix::kStoreDir) + "/";
  std::size_t at = text.find(prefix);
  while (at != std::string::npos) {
    const std::size_t dash = at + prefix.size() + kHashAndDash - 1;
    if (dash < text.size() && text[dash] == '-') {
      text.erase(at, dash + 1 - at);
    } else {
      at += prefix.size();
    }
    at = text.find(prefix, at);
  }
  return text;
}

/// ": reason", or nothing.
std::string because(std::string_view reason) {
  const std::string line = first_line(reason);
  return line.empty() ? line : ": " + with_short_paths(line);
}

std::string fallen(std::size_t steps) {
  return steps == 0 ? "" : fmt::format("; {} fell with it", counted(steps, "step"));
}

std::string moved(const Traffic& traffic) {
  if (traffic == Traffic()) return {};
  return fmt::format(" (sent {}, received {})", in_words(traffic.sent), in_words(traffic.received));
}

/// "zlib-1.3 on b2", of the attempt that has just ended.
std::string ended_place(const RunModel& model) {
  const EndedAttempt& ended = model.last_ended();
  return fmt::format(
      "{} on {}", model.step_name(ended.step), model.machine(ended.machine).short_name);
}

/// ": machine lost: no route to host". That a build has failed says its message alone.
std::string cause(const farm::AttemptEnded& event) {
  const auto& failure = event.verdict.failure;
  std::string reason = because(event.message);
  if (!failure || (*failure == sched::FailureClass::build_failed && !reason.empty())) return reason;
  return fmt::format(": {}{}", sched::to_string(*failure), reason);
}

/// When and where, as far as it is known: " again elsewhere", " again in 10 s".
std::string next_try(const farm::AttemptEnded& event) {
  const sched::Verdict& verdict = event.verdict;
  std::string text = " again";
  if (verdict.goes_elsewhere) text += " elsewhere";
  if (verdict.retry_at && *verdict.retry_at > event.at)
    text += fmt::format(" in {}", in_words(*verdict.retry_at - event.at));
  return text;
}

struct Teller {
  const RunModel& model;

  std::optional<Sentence> operator()(const farm::PlanMade& event) const {
    if (event.steps.empty()) return std::nullopt;
    std::string text = fmt::format("{} to build on {}",
                                   counted(event.steps.size(), "step"),
                                   counted(event.machines.size(), "machine"));
    if (event.already_valid > 0)
      text += fmt::format(", {} there already", counted(event.already_valid, "derivation"));
    if (event.substituted > 0) text += fmt::format(" ({} just fetched)", event.substituted);
    return Sentence{.news = News::progress, .text = text};
  }

  std::optional<Sentence> operator()(const farm::AttemptStarted& event) const {
    return Sentence{.news = News::started,
                    .text = fmt::format("building {} on {}{}",
                                        model.step_name(event.step),
                                        model.machine(event.machine).short_name,
                                        try_suffix(event.try_number))};
  }

  std::optional<Sentence> operator()(const farm::PhaseEntered& /*event*/) const {
    return std::nullopt;
  }

  std::optional<Sentence> operator()(const farm::BytesMoved& /*event*/) const {
    return std::nullopt;
  }

  std::optional<Sentence> operator()(const farm::AttemptEnded& event) const {
    const std::string place = ended_place(model);
    const std::string time = in_words(model.last_ended().time);
    const std::string attempt = try_suffix(event.verdict.try_number);
    const std::size_t lost = event.verdict.fallen.size();
    switch (event.verdict.outcome) {
      case Outcome::succeeded:
        return Sentence{.news = News::built,
                        .text = fmt::format(
                            "built {} in {}{}", place, time, moved(model.last_ended().traffic))};
      case Outcome::retry:
        return Sentence{.news = News::again, .text = retry_text(event)};
      case Outcome::failed:
        return Sentence{
            .news = News::failed,
            .text = fmt::format(
                "failed {}{} after {}{}{}", place, attempt, time, cause(event), fallen(lost))};
      case Outcome::aborted:
        return Sentence{
            .news = News::failed,
            .text = fmt::format(
                "gave up {}{} after {}{}{}", place, attempt, time, cause(event), fallen(lost))};
      case Outcome::cancelled:
        return Sentence{.news = News::progress,
                        .text = fmt::format("cancelled {} after {}", place, time)};
    }
    return std::nullopt;
  }

  std::optional<Sentence> operator()(const farm::MachineOut& event) const {
    const std::string time =
        event.until ? fmt::format(" for {}", in_words(*event.until - event.at)) : " any more";
    return Sentence{.news = News::attention,
                    .text = fmt::format("{} takes no work{}{}",
                                        model.machine(event.machine).short_name,
                                        time,
                                        because(event.reason))};
  }

  std::optional<Sentence> operator()(const farm::MachineAdded& event) const {
    return Sentence{.news = News::progress,
                    .text = fmt::format("{} takes work, {} at a time",
                                        model.machine(event.machine.id).short_name,
                                        counted(event.machine.max_jobs, "step"))};
  }

  std::optional<Sentence> operator()(const farm::MachineNoted& event) const {
    return Sentence{
        .news = News::attention,
        .text = fmt::format("{}: {}", model.machine(event.machine).short_name, event.note)};
  }

  std::optional<Sentence> operator()(const farm::DispatchPaused& event) const {
    return Sentence{.news = News::attention,
                    .text = fmt::format("nothing is started until our own store is back{}",
                                        because(event.reason))};
  }

  std::optional<Sentence> operator()(const farm::DispatchResumed& /*event*/) const {
    return Sentence{.news = News::progress, .text = "our own store is back"};
  }

  std::optional<Sentence> operator()(const farm::StepsEnded& event) const {
    if (event.steps.empty()) return std::nullopt;
    const std::string what = event.steps.size() == 1
                                 ? std::string(model.step_name(event.steps.front()))
                                 : counted(event.steps.size(), "step");
    if (event.state == sched::StepState::dependency_failed)
      return Sentence{.news = News::failed, .text = fmt::format("{} fell with that", what)};
    if (event.state == sched::StepState::cancelled)
      return Sentence{.news = News::progress, .text = "cancelled " + what + because(event.reason)};
    return Sentence{.news = News::failed, .text = "gave up " + what + because(event.reason)};
  }

  std::optional<Sentence> operator()(const farm::RunEnded& /*event*/) const { return std::nullopt; }

  std::string retry_text(const farm::AttemptEnded& event) const {
    const EndedAttempt& ended = model.last_ended();
    const auto& failure = event.verdict.failure;
    return fmt::format("trying {}{}: {} on {} after {}{}",
                       model.step_name(ended.step),
                       next_try(event),
                       failure ? sched::to_string(*failure) : "ended",
                       model.machine(ended.machine).short_name,
                       in_words(ended.time),
                       because(event.message));
  }
};

}  // namespace

std::optional<Sentence> sentence_for(const farm::Event& event, const RunModel& model) {
  return std::visit(Teller{model}, event);
}

std::string_view sign_of(News news, const Style& style) {
  const Signs& signs = signs_of(style);
  switch (news) {
    case News::built:
      return signs.built;
    case News::failed:
      return signs.failed;
    case News::again:
      return signs.again;
    case News::attention:
      return signs.attention;
    case News::progress:
    case News::started:
      return " ";
  }
  return " ";
}

Role role_of(News news) {
  switch (news) {
    case News::built:
      return Role::good;
    case News::failed:
      return Role::bad;
    case News::again:
    case News::attention:
      return Role::warning;
    case News::progress:
    case News::started:
      return Role::dim;
  }
  return Role::plain;
}

}  // namespace firn::view
