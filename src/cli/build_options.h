// SPDX-License-Identifier: Apache-2.0
// The command line of `firn build`, as values.
#pragma once

#include "base/units.h"
#include "cli/exit_code.h"
#include "eval/evaluate.h"
#include "eval/request.h"
#include "store/store_address.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace firn::cli {

struct BuildOptions {
  /// What to build.
  eval::Request request;
  eval::Options evaluation;

  /// In the syntax of Nix's machines file, `@FILE` included; empty = this machine only. By default
  /// "@/etc/nix/machines" where that file exists.
  std::string builders;
  /// This machine's store; by default what NIX_REMOTE says.
  store::StoreAddress store;
  /// This machine's own slots; 0 = nothing is built here. By default one for each processor.
  std::uint32_t max_jobs = 1;

  /// None = what config::find_configuration finds.
  std::optional<std::filesystem::path> config;
  bool keep_going = false;
  /// Zero = no limit.
  Duration max_silent_time{};
  /// Zero = no limit.
  Duration timeout{};
  bool dry_run = false;

  /// Where the first result is linked to; none = no links.
  std::optional<std::filesystem::path> out_link = "result";
  bool json = false;
  /// None = the caller's default.
  std::optional<std::filesystem::path> log_dir;
  /// Where conversations are recorded; none = they are not.
  std::optional<std::filesystem::path> record;
};

/// `argv[0]` is the command's own name, "build". Looks whether /etc/nix/machines exists, and at the
/// inputs to tell files, derivations and installables apart; runs nothing.
std::variant<BuildOptions, Exit> parse_build_options(int argc, const char* const* argv);

/// What `firn build --help` prints.
std::string_view build_help();

}  // namespace firn::cli
