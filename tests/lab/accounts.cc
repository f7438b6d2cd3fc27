// SPDX-License-Identifier: Apache-2.0
#include "lab/accounts.h"

#include "lab/temp_dir.h"

#include <sstream>
#include <string>
#include <sys/stat.h>

#include <fmt/format.h>

namespace firn::lab {

namespace {

constexpr unsigned kBuildGroupId = 29100;
constexpr unsigned kBuildUsers = 20;

/// The lines of the original file, without the names that the lab gives.
std::string own_lines(const std::filesystem::path& file) {
  std::istringstream in(read_file(file));
  std::string kept;
  for (std::string line; std::getline(in, line);) {
    const bool replaced =
        line.starts_with("root:") || line.starts_with(kLogin) || line.starts_with(kBuildGroup);
    if (!replaced) kept += line + '\n';
  }
  return kept;
}

}  // namespace

void write_accounts(const std::filesystem::path& etc,
                    const std::filesystem::path& original,
                    const std::filesystem::path& home) {
  auto passwd = fmt::format("root:x:0:0:root:{}/root:/bin/bash\n", home.string()) +
                own_lines(original / "passwd");
  auto group = "root:x:0:\n" + own_lines(original / "group");
  std::string shadow = fmt::format("root:*:1::::::\n{}:*:1::::::\n", kLogin);
  passwd += fmt::format("{0}:x:{1}:{1}::{2}/{0}:/bin/bash\n", kLogin, kLoginId, home.string());
  group += fmt::format("{}:x:{}:\n{}:x:{}:", kLogin, kLoginId, kBuildGroup, kBuildGroupId);
  for (unsigned i = 1; i <= kBuildUsers; ++i) {
    const auto name = fmt::format("{}{}", kBuildGroup, i);
    passwd += fmt::format(
        "{}:x:{}:{}::/var/empty:/usr/sbin/nologin\n", name, kBuildGroupId + i, kBuildGroupId);
    group += (i == 1 ? "" : ",") + name;
  }
  write_file(etc / "passwd", passwd);
  write_file(etc / "group", group + '\n');
  write_file(etc / "shadow", shadow);
  ::chmod((etc / "shadow").c_str(), 0600);
}

}  // namespace firn::lab
