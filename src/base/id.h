// SPDX-License-Identifier: Apache-2.0
// Small integers that cannot be mixed up: a StepId is no MachineId.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace firn {

/// A value of `Rep` that only compares with its own kind. No arithmetic.
template <class Tag, class Rep>
class Id {
 public:
  constexpr Id() = default;

  constexpr explicit Id(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }

  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  Rep value_{};
};

}  // namespace firn

template <class Tag, class Rep>
struct std::hash<firn::Id<Tag, Rep>> {
  std::size_t operator()(firn::Id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
