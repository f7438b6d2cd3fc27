// SPDX-License-Identifier: Apache-2.0
// TOML as a flat list of what it says. The only place that knows the library behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace firn::config {

/// Something that no key of firn takes: what it is, such as "a list".
struct OtherValue {
  std::string_view what;
};

using TomlValue = std::variant<std::string, std::int64_t, OtherValue>;

/// "key = value", wherever it stands. A table without any key stands for itself.
struct TomlEntry {
  /// With its tables: "ssh.connecting".
  std::string key;
  TomlValue value;
  /// From 1.
  std::size_t line = 0;
};

struct TomlError {
  std::size_t line = 0;
  std::string message;
};

/// In the order of the lines; or, for what is no TOML, its first error.
std::variant<std::vector<TomlEntry>, TomlError> read_toml(std::string_view text);

}  // namespace firn::config
