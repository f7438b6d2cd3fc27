// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format (version 0.0.4), written. A file of our own, for Debian's package of
// prometheus-cpp insists on a web server and on curl, of which we need nothing.
#pragma once

#include "queue/histogram.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace firn::queue {

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

/// A name and its value; an empty name = no label.
struct MetricLabel {
  std::string_view name{};
  std::string_view value{};
};

/// Families one after the other, each with its samples.
class Exposition {
 public:
  /// `help` is one line.
  void family(std::string_view name, MetricKind kind, std::string_view help);

  /// Of the last family, which is no histogram. No two with the same label.
  void sample(double value, const MetricLabel& label = {});

  /// Of the last family, which is one.
  void sample(const Histogram& histogram, const MetricLabel& label = {});

  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view ending,
            const MetricLabel& label,
            std::string_view bound,
            double value);

  std::string name_;
  std::string text_;
};

}  // namespace firn::queue
