// SPDX-License-Identifier: Apache-2.0
// Every decoder that meets bytes from outside, as something a fuzzer can call. A target must end in
// a value or in an Error; whatever else happens is a fault. Many check more: that what was
// read is written and read again as the same, and that it does not matter how bytes arrive.
#pragma once

#include "base/error.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn::fuzz {

struct Target {
  /// Also the name of its folder below fuzz/corpus.
  std::string_view name;
  void (*read)(std::string_view bytes);
  /// Good inputs to start from, the same ones every time.
  std::vector<std::string> (*seeds)();
};

std::span<const Target> serve_targets();
std::span<const Target> worker_targets();
std::span<const Target> format_targets();
std::span<const Target> json_targets();
std::span<const Target> text_targets();
std::span<const Target> hydra_targets();

std::vector<Target> all_targets();

/// Throws std::logic_error, which nothing in a target catches, where `holds` does not.
void require(bool holds, std::string_view what);

/// Calls `read`. An Error is what bad input is answered with, unless it says that we are wrong.
template <class Read>
void allow_errors(Read read) {
  try {
    read();
  } catch (const Error& error) {
    require(error.kind() != Kind::internal, error.what());
  }
}

/// `bytes` in pieces of `size`; the last one may be smaller.
std::vector<std::string_view> cut(std::string_view bytes, std::size_t size);

}  // namespace firn::fuzz
