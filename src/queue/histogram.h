// SPDX-License-Identifier: Apache-2.0
// How often something was how large: Prometheus' kind of histogram, as a value.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace firn::queue {

class Histogram {
 public:
  /// `bounds` rise, and outlive the histogram: a constant.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void observe(double value) {
    const auto bound = std::ranges::lower_bound(bounds_, value);
    ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    sum_ += value;
  }

  std::span<const double> bounds() const { return bounds_; }

  /// Of each bound, the values up to it and above the one before; then those above all.
  std::span<const std::uint64_t> counts() const { return counts_; }

  double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

/// From a keystroke to ten hours: what steps and their phases take.
inline constexpr std::array kStepSeconds{
    0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10'000.0, 36'000.0};
/// What work of our own takes.
inline constexpr std::array kWorkSeconds{
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0};
/// Hydra's bounds.
inline constexpr std::array kWaitSeconds{1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 7200.0, 86'400.0};
inline constexpr std::array kClosureBytes{1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
inline constexpr std::array kInputDrvs{0.0, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0};

}  // namespace firn::queue
