// SPDX-License-Identifier: Apache-2.0
// The little arithmetic behind the figures.
#pragma once

#include <span>

namespace firn::bench {

/// 0 where there are no values.
double median(std::span<const double> values);
double lowest(std::span<const double> values);
double highest(std::span<const double> values);

}  // namespace firn::bench
