// SPDX-License-Identifier: Apache-2.0
#include "store/build_paths_reply.h"

#include "nix/derived_path.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace firn::store {

namespace worker = wire::worker;

namespace {

/// Bits of the exit status that say why derivations failed. Several may come together.
constexpr std::uint32_t kFailures = 0x60;
constexpr std::uint32_t kFailed = 0x04;
constexpr std::uint32_t kTimedOut = 0x05;
constexpr std::uint32_t kHashMismatch = 0x06;
constexpr std::uint32_t kCheckMismatch = 0x08;

std::uint32_t reason_of(const nix::BuildResult& result) {
  switch (result.status) {
    case nix::BuildStatus::permanent_failure:
    case nix::BuildStatus::input_rejected:
    case nix::BuildStatus::dependency_failed:
      return kFailed;
    case nix::BuildStatus::timed_out:
      return kTimedOut;
    case nix::BuildStatus::not_deterministic:
      return kCheckMismatch;
    case nix::BuildStatus::output_rejected:
      return result.error_message.find("hash mismatch") == std::string::npos ? 0 : kHashMismatch;
    default:
      return 0;
  }
}

/// As Nix prints an error: later lines stand below the first one's text.
std::string as_error(std::string_view message) {
  constexpr std::string_view kReset = "\x1b[0m";
  if (message.starts_with(kReset)) message.remove_prefix(kReset.size());
  constexpr std::string_view kPrefix = "\x1b[31;1merror:\x1b[0m ";
  constexpr std::string_view kIndent = "       ";
  std::string text(kPrefix);
  for (const char c : message) {
    text += c;
    if (c == '\n') text += kIndent;
  }
  return text;
}

/// Its own error; empty where it has none. Up to Nix 2.26 a path that nobody could substitute has a
/// plain text in its place.
std::string_view error_of(const nix::BuildResult& result) {
  const std::string_view message = result.error_message;
  const bool is_plain = message.find('\x1b') == std::string_view::npos;
  return result.status == nix::BuildStatus::no_substituters && is_plain ? "" : message;
}

/// Its derivation, or itself.
nix::StorePath base_of(const nix::DerivedPath& target) {
  const auto* built = std::get_if<nix::BuiltPath>(&target);
  return built != nullptr ? built->derivation.base : std::get<nix::StorePath>(target);
}

bool mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

}  // namespace

wire::BuildPathsReply build_paths_reply(const std::vector<worker::KeyedBuildResult>& results) {
  std::uint32_t reasons = 0;
  std::map<nix::StorePath, std::string_view> failed;
  for (const auto& [target, result] : results) {
    if (nix::is_success(result.status)) continue;
    reasons |= reason_of(result);
    failed.emplace(base_of(target), error_of(result));
  }
  if (failed.empty()) return {};
  const std::uint32_t status = reasons == 0 ? 1 : kFailures | reasons;
  if (failed.size() == 1 && !failed.begin()->second.empty())
    return {.exit_status = status, .message = as_error(failed.begin()->second)};
  std::string names;
  for (const auto& [path, message] : failed)
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", path.str());
  return {.exit_status = status,
          .message = as_error(fmt::format("build of \x1b[35;1m{}\x1b[0m failed", names))};
}

wire::BuildPathsReply build_paths_reply(const worker::Failure& failure,
                                        const worker::Protocol& protocol) {
  if (!worker::has(protocol, worker::Since::structured_errors))
    return {.exit_status = failure.exit_status, .message = failure.message};
  return {.exit_status = failure.exit_status, .message = as_error(failure.message)};
}

nix::BuildResult build_result_of(wire::BuildPathsReply reply) {
  using nix::BuildStatus;
  const std::uint32_t exit_status = reply.exit_status;
  const std::string_view message = reply.message;
  nix::BuildResult result;
  if (exit_status == 0) {
    result.status = BuildStatus::built;
  } else if (exit_status == 101 || mentions(message, "timed out after")) {
    result.status = BuildStatus::timed_out;
  } else if (exit_status >= 100 || mentions(message, "failed with exit code") ||
             mentions(message, "failed due to signal") ||
             mentions(message, "failed to produce output") || mentions(message, "hash mismatch")) {
    result.status = BuildStatus::permanent_failure;
  }
  result.error_message = std::move(reply.message);
  return result;
}

}  // namespace firn::store
