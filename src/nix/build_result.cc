// SPDX-License-Identifier: Apache-2.0
#include "nix/build_result.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace firn::nix {

namespace {

/// In the order of BuildStatus.
constexpr std::array<std::string_view, 15> kStatusNames{"Built",
                                                        "Substituted",
                                                        "AlreadyValid",
                                                        "PermanentFailure",
                                                        "InputRejected",
                                                        "OutputRejected",
                                                        "TransientFailure",
                                                        "CachedFailure",
                                                        "TimedOut",
                                                        "MiscFailure",
                                                        "DependencyFailed",
                                                        "LogLimitExceeded",
                                                        "NotDeterministic",
                                                        "ResolvesToAlreadyValid",
                                                        "NoSubstituters"};

constexpr std::string_view kHashMismatch = "HashMismatch";

bool is_in(char character, char first, char last) {
  return character >= first && character <= last;
}

}  // namespace

bool is_known(BuildStatus status) {
  return static_cast<std::size_t>(status) < kStatusNames.size();
}

bool is_success(BuildStatus status) {
  return status == BuildStatus::built || status == BuildStatus::substituted ||
         status == BuildStatus::already_valid || status == BuildStatus::resolves_to_already_valid;
}

std::string to_string(BuildStatus status) {
  const auto number = static_cast<std::size_t>(status);
  if (is_known(status)) return std::string(kStatusNames.at(number));
  return fmt::format("status {}", number);
}

std::optional<BuildStatus> find_build_status(std::string_view name) {
  if (name == kHashMismatch) return BuildStatus::output_rejected;
  const auto* found = std::find(kStatusNames.begin(), kStatusNames.end(), name);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<BuildStatus>(found - kStatusNames.begin());
}

std::string strip_ansi(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  std::size_t i = 0;
  while (i < text.size()) {
    if (!text.substr(i).starts_with("\x1b[")) {
      plain += text[i++];
      continue;
    }
    i += 2;
    while (i < text.size() && is_in(text[i], ' ', '?'))
      ++i;
    if (i < text.size() && is_in(text[i], '@', '~')) ++i;
  }
  return plain;
}

}  // namespace firn::nix
