// SPDX-License-Identifier: Apache-2.0
#include "queue/exposition.h"

#include <fmt/format.h>

namespace firn::queue {

namespace {

std::string_view to_string(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::histogram:
      break;
  }
  return "histogram";
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text + '"';
}

}  // namespace

void Exposition::family(std::string_view name, MetricKind kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, to_string(kind));
}

void Exposition::line(std::string_view ending,
                      const MetricLabel& label,
                      std::string_view bound,
                      double value) {
  text_ += name_;
  text_ += ending;
  if (!label.name.empty() || !bound.empty()) {
    text_ += '{';
    if (!label.name.empty()) text_ += fmt::format("{}={}", label.name, quoted(label.value));
    if (!label.name.empty() && !bound.empty()) text_ += ',';
    if (!bound.empty()) text_ += fmt::format("le=\"{}\"", bound);
    text_ += '}';
  }
  text_ += fmt::format(" {}\n", value);
}

void Exposition::sample(double value, const MetricLabel& label) {
  line("", label, "", value);
}

void Exposition::sample(const Histogram& histogram, const MetricLabel& label) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    count += histogram.counts()[i];
    const bool is_last = i == histogram.bounds().size();
    line("_bucket",
         label,
         is_last ? "+Inf" : fmt::format("{}", histogram.bounds()[i]),
         static_cast<double>(count));
  }
  line("_sum", label, "", histogram.sum());
  line("_count", label, "", static_cast<double>(count));
}

}  // namespace firn::queue
