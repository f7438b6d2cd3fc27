// SPDX-License-Identifier: Apache-2.0
// Every key of firn.toml: its type, its default, what it means. The reader, the default file and
// the documentation are made from this table.
#pragma once

#include "base/units.h"
#include "config/settings.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace firn::config {

/// Where a value goes. Its type is the key's type, and what it refers to in untouched Settings the
/// default.
using Place = std::variant<Duration& (*)(Settings&),
                           ByteCount& (*)(Settings&),
                           std::uint32_t& (*)(Settings&),
                           std::string& (*)(Settings&)>;

struct Row {
  /// With its section: "ssh.connecting".
  std::string_view key;
  /// One line, for people.
  std::string_view help;
  Place place;
  /// For numbers; the least is 1.
  std::uint32_t most = 1'000'000;
};

struct Section {
  std::string_view name;
  /// One line, for people.
  std::string_view help;
};

/// Section by section.
std::span<const Row> rows();
std::span<const Section> sections();

}  // namespace firn::config
