// SPDX-License-Identifier: Apache-2.0
// hydra.conf, from bytes to statements: comments, lines that go on, here-documents, files that are
// included. The rules are those of Perl's Config::General with the options that Hydra gives it
// (-UseApacheInclude -IncludeRelative -IncludeAgain): what Hydra's web half reads, firn reads.
#pragma once

#include "config/problem.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::config {

struct ConfPlace {
  std::string file;
  /// From 1; of a statement of several lines, the first.
  std::size_t line = 0;

  friend bool operator==(const ConfPlace&, const ConfPlace&) = default;
};

struct ConfLine {
  /// Without comment and outer blanks; the key alone where there is a here-document.
  std::string text;
  std::optional<std::string> here_document;
  ConfPlace place;
};

struct ConfLines {
  std::vector<ConfLine> lines;
  std::vector<Problem> problems;
};

/// The text of a file, or nothing where it does not exist; throws Error where it cannot be read.
using ConfReader = std::function<std::optional<std::string>(const std::string& path)>;

/// Of the file and all that it includes.
inline constexpr std::size_t kMostConfBytes = 1U << 20U;
inline constexpr std::size_t kMostConfFiles = 100;
inline constexpr std::size_t kMostConfDepth = 16;

/// Blanks as Perl knows them.
bool is_conf_blank(char c);
std::string_view trim_conf(std::string_view text);

/// Never throws for bad input; what is wrong in one place costs nothing elsewhere. Relative files
/// are looked for beside the one that includes them.
///
/// - '#' begins a comment wherever it stands, in a value too, but not behind a backslash. "/* … */"
///   is one as well.
/// - "include FILE" in any case of letters, the name in quotes or not. Patterns and folders are
///   refused, as by Config::General.
ConfLines read_conf_lines(std::string_view text, const std::string& file, const ConfReader& read);

}  // namespace firn::config
