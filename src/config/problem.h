// SPDX-License-Identifier: Apache-2.0
// What is wrong in one place of a configuration file, for people.
#pragma once

#include <cstddef>
#include <string>

namespace firn::config {

struct Problem {
  std::string file;
  /// From 1.
  std::size_t line = 0;
  /// Empty where the file's form is wrong.
  std::string key;
  std::string message;
  /// Nothing starts with such a file; other problems are warnings.
  bool is_fatal = true;

  /// Such as "firn.toml:3: unknown key 'ssh.conecting'; did you mean ssh.connecting?".
  std::string str() const;
};

}  // namespace firn::config
