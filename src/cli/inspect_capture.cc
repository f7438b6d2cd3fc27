// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/inspect.h"
#include "cli/mapped_file.h"
#include "transport/capture.h"
#include "wire/transcript.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace firn::cli {

namespace {

using nlohmann::json;
using transport::Flow;

/// The records of one direction, and where in its stream each of them ends.
class Direction {
 public:
  Direction(const transport::Capture& capture, Flow flow) {
    std::uint64_t end = 0;
    for (const auto& record : capture.records) {
      if (record.flow != flow || record.bytes.empty()) continue;
      pieces_.push_back(record.bytes);
      ends_.push_back(end += record.bytes.size());
      times_.push_back(record.at);
    }
  }

  const std::vector<std::string_view>& pieces() const { return pieces_; }

  /// When the byte at `offset` moved; the last one where there is none.
  Duration time_of(std::uint64_t offset) const {
    if (times_.empty()) return {};
    const auto found = std::ranges::upper_bound(ends_, offset);
    return times_[std::min(static_cast<std::size_t>(found - ends_.begin()), times_.size() - 1)];
  }

 private:
  std::vector<std::string_view> pieces_;
  std::vector<std::uint64_t> ends_;
  std::vector<Duration> times_;
};

double seconds(Duration at) {
  return std::chrono::duration<double>(at).count();
}

/// Prints steps, and between them what came on stderr.
class Printer {
 public:
  Printer(const transport::Capture& capture, bool as_json, std::ostream& out)
      : capture_(capture),
        sent_(capture, Flow::sent),
        received_(capture, Flow::received),
        as_json_(as_json),
        out_(out) {}

  void print() {
    wire::Replay sent(sent_.pieces());
    wire::Replay received(received_.pieces());
    wire::read_transcript(sent, received, [this](const wire::TranscriptStep& step) { tell(step); });
    tell_diagnostics(Duration::max());
  }

  bool has_problems() const { return has_problems_; }

 private:
  void tell(const wire::TranscriptStep& step) {
    const Duration asked = sent_.time_of(step.sent.begin);
    const bool answered = step.received.end > step.received.begin;
    const Duration replied = answered ? received_.time_of(step.received.end - 1) : asked;
    tell_diagnostics(replied);
    has_problems_ = has_problems_ || !step.problem.empty();
    if (as_json_) {
      tell_json(step, asked, replied);
    } else {
      tell_text(step, asked, replied);
    }
  }

  void tell_json(const wire::TranscriptStep& step, Duration asked, Duration replied) {
    json line = {{"step", step.name},
                 {"at", seconds(asked)},
                 {"seconds", seconds(replied - asked)},
                 {"sent", {step.sent.begin, step.sent.end}},
                 {"received", {step.received.begin, step.received.end}},
                 {"request", step.request},
                 {"reply", step.reply.value_or(json())}};
    if (!step.messages.empty()) line["messages"] = step.messages;
    if (!step.problem.empty()) line["problem"] = step.problem;
    out_ << compact(line) << "\n";
  }

  void tell_text(const wire::TranscriptStep& step, Duration asked, Duration replied) {
    out_ << fmt::format("{:10.6f}  {}  sent {}-{}, received {}-{}, {:.6f} s\n",
                        seconds(asked),
                        step.name.empty() ? "?" : step.name,
                        step.sent.begin,
                        step.sent.end,
                        step.received.begin,
                        step.received.end,
                        seconds(replied - asked));
    if (!step.request.is_null()) out_ << "            > " << compact(step.request) << "\n";
    for (const auto& message : step.messages)
      out_ << "            - " << compact(message) << "\n";
    if (step.reply) out_ << "            < " << compact(*step.reply) << "\n";
    if (!step.problem.empty()) out_ << "            problem: " << step.problem << "\n";
  }

  /// What was printed beside the conversation up to `until`.
  void tell_diagnostics(Duration until) {
    for (; next_ < capture_.records.size() && capture_.records[next_].at <= until; ++next_) {
      const auto& record = capture_.records[next_];
      if (record.flow != Flow::diagnostics || record.bytes.empty()) continue;
      if (as_json_) {
        out_ << compact({{"stderr", record.bytes}, {"at", seconds(record.at)}}) << "\n";
      } else {
        auto text = record.bytes;
        if (text.ends_with('\n')) text.remove_suffix(1);
        out_ << fmt::format("{:10.6f}  ! {}\n", seconds(record.at), printable(text));
      }
    }
  }

  static std::string compact(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  const transport::Capture& capture_;
  Direction sent_;
  Direction received_;
  bool as_json_;
  std::ostream& out_;
  std::size_t next_ = 0;
  bool has_problems_ = false;
};

transport::Capture parse(const MappedFile& file, const std::string& name) {
  try {
    return transport::parse_capture(file.text());
  } catch (Error& error) {
    error.add_context("reading " + name);
    throw;
  }
}

}  // namespace

ExitCode inspect(const InspectCapture& options, Streams streams) {
  const MappedFile file(options.file);
  const auto capture = parse(file, options.file);
  if (!options.json)
    streams.out << fmt::format(
        "with {}, from {} on\n", printable(capture.peer), printable(capture.started));
  Printer printer(capture, options.json, streams.out);
  printer.print();
  if (capture.torn_at) {
    throw Error(Kind::invalid,
                fmt::format("{} is torn: its last record, at byte {}, is not whole",
                            options.file,
                            *capture.torn_at));
  }
  return printer.has_problems() ? ExitCode::usage : ExitCode::success;
}

}  // namespace firn::cli
