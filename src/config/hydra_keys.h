// SPDX-License-Identifier: Apache-2.0
// Every key of hydra.conf, by who reads it. firn acts on those of the queue runner; the others are
// known, so that a misspelt one stands out.
#pragma once

#include "base/units.h"
#include "config/hydra_conf.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace firn::config {

/// Where a value goes; its type is the key's.
using HydraPlace = std::variant<bool& (*)(HydraConf&),
                                std::uint32_t& (*)(HydraConf&),
                                std::optional<std::uint32_t>& (*)(HydraConf&),
                                std::optional<std::chrono::seconds>& (*)(HydraConf&),
                                ByteCount& (*)(HydraConf&),
                                std::string& (*)(HydraConf&)>;

/// A key of the queue runner.
struct HydraKey {
  std::string_view key;
  /// In words; docs/configuration.md has the same.
  std::string_view fallback;
  std::string_view help;
  HydraPlace place;
  /// For numbers.
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
};

struct ObsoleteHydraKey {
  std::string_view key;
  /// Behind "KEY is obsolete": what to do.
  std::string_view advice;
  bool is_fatal = false;
};

std::span<const HydraKey> hydra_keys();
std::span<const ObsoleteHydraKey> obsolete_hydra_keys();
/// Keys of the evaluator, the web server and the plugins.
std::span<const std::string_view> foreign_hydra_keys();
/// Kinds of blocks; all belong to the web server and the plugins.
std::span<const std::string_view> hydra_blocks();

}  // namespace firn::config
