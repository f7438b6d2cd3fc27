// SPDX-License-Identifier: Apache-2.0
// Releases of Nix as a client meets them: which serve version each announces, and where it does not
// do what its version says. Results of builds are written by hand, so that no mistake of our own
// messages hides in both halves.
#pragma once

#include "support/scripted_server.h"

#include <array>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace firn::testing {

struct PinnedRelease {
  enum class Outputs : std::uint8_t {
    none,
    json_always,  ///< whatever the client announced
    json,         ///< for clients from 2.6 on
    binary,       ///< and JSON without a hash for clients of 2.6 and 2.7
  };

  /// The oldest Nix that is like this.
  std::string_view nix;
  /// Announced.
  std::uint8_t minor;
  Outputs outputs = Outputs::none;
  bool imports_paths = true;
  bool tells_times = true;
  /// Reads maxLogSize into 32 bits and dies of more.
  bool has_narrow_log_size = false;
  bool dies_of_repeats = false;
};

/// For messages of tests.
inline void PrintTo(const PinnedRelease& release, std::ostream* out) {
  *out << "Nix " << release.nix;
}

/// Every minor, and every way to be of it. 2.3 and 2.6 were in no release, but between two.
inline constexpr auto kPinnedReleases = [] {
  using enum PinnedRelease::Outputs;
  return std::to_array<PinnedRelease>({
      {.nix = "1.8", .minor = 0},
      {.nix = "1.10", .minor = 1},
      {.nix = "1.11", .minor = 2, .has_narrow_log_size = true},
      {.nix = "1.12pre", .minor = 3},
      {.nix = "2.0", .minor = 4},
      {.nix = "2.1", .minor = 5},
      {.nix = "2.4pre", .minor = 6, .outputs = json_always},
      {.nix = "2.4", .minor = 7, .outputs = json_always},
      {.nix = "2.11", .minor = 7, .outputs = json},
      {.nix = "2.13", .minor = 7, .outputs = json, .dies_of_repeats = true},
      {.nix = "2.32.0",
       .minor = 7,
       .outputs = json,
       .imports_paths = false,
       .dies_of_repeats = true},
      {.nix = "2.34", .minor = 7, .outputs = json, .tells_times = false, .dies_of_repeats = true},
      {.nix = "2.35", .minor = 8, .outputs = binary, .tells_times = false, .dies_of_repeats = true},
  });
}();

/// Of builds on servers that tell times.
inline constexpr std::int64_t kPinnedStart = 1'500'000'000;

class PinnedResult {
 public:
  PinnedResult(const PinnedRelease& release, const ScriptedSession& session)
      : release_(release), session_(session) {}

  std::string write(const nix::BuildResult& result) && {
    word(static_cast<std::uint64_t>(result.status));
    text(result.error_message);
    if (is_agreed(3)) {
      const std::int64_t start = release_.tells_times ? kPinnedStart : 0;
      word(1);
      word(0);
      word(static_cast<std::uint64_t>(start));
      word(static_cast<std::uint64_t>(release_.tells_times ? start + 2 : 0));
    }
    write_outputs(result);
    return std::move(bytes_);
  }

 private:
  using Outputs = PinnedRelease::Outputs;

  bool is_agreed(std::uint8_t minor) const { return session_.version >= wire::ServeVersion(minor); }

  void word(std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      bytes_ += static_cast<char>(value >> shift);
  }

  void text(std::string_view value) {
    word(value.size());
    bytes_ += value;
    bytes_.append((8 - value.size() % 8) % 8, '\0');
  }

  void write_outputs(const nix::BuildResult& result) {
    const bool is_new = release_.outputs == Outputs::binary;
    if (release_.outputs == Outputs::none) return;
    if (!is_agreed(6) && release_.outputs != Outputs::json_always) return;
    word(result.built_outputs.size());
    for (const auto& [name, output] : result.built_outputs) {
      if (is_agreed(8)) {
        text(name);
        text(output.out_path.str());
        word(1);
        text("key-1:c2lnbmF0dXJl");
      } else {
        write_json(name, std::string(output.out_path.base_name()), is_new);
      }
    }
  }

  void write_json(const std::string& name, const std::string& path, bool is_new) {
    const std::string id = "sha256:" + std::string(64, is_new ? '0' : 'a') + "!" + name;
    text(id);
    if (is_new) {
      text(R"({"id":")" + id + R"(","outPath":")" + path + R"("})");
    } else {
      text(R"({"dependentRealisations":{},"id":")" + id + R"(","outPath":")" + path +
           R"(","signatures":["key-1:c2lnbmF0dXJl"]})");
    }
  }

  const PinnedRelease& release_;
  const ScriptedSession& session_;
  std::string bytes_;
};

/// Builds as `build` does, unless the options kill it first.
inline ScriptedServer::Build within_options(const PinnedRelease& release,
                                            ScriptedServer::Build build) {
  return [release, build = std::move(build)](ScriptedServer& server,
                                             ScriptedSession& session,
                                             const wire::BuildDerivation& request) {
    const auto& options = request.options;
    const bool has_repeats = options.repeats != 0;
    if (release.dies_of_repeats && has_repeats)
      throw Error(Kind::internal, "client requested repeating builds, but this is not supported");
    if (release.has_narrow_log_size &&
        options.max_log_size.value() > std::numeric_limits<std::uint32_t>::max())
      throw Error(Kind::internal, "integer overflow");
    return build(server, session, request);
  };
}

/// Makes a server of that release; it builds as `build` does.
inline void pin(ScriptedServer& server,
                const PinnedRelease& release,
                const ScriptedServer::Build& build = ScriptedServer::build_everything) {
  using enum wire::Command;
  server.version = wire::ServeVersion(release.minor);
  server.build = within_options(release, build);
  server.write_result = [&release](const ScriptedSession& session, const nix::BuildResult& result) {
    return PinnedResult(release, session).write(result);
  };
  if (!release.imports_paths) server.unknown.insert(import_paths);
  if (release.minor < 1) server.unknown.insert(build_derivation);
  if (release.minor < 5) server.unknown.insert(add_to_store_nar);
}

}  // namespace firn::testing
