// SPDX-License-Identifier: Apache-2.0
// The variables that Hydra's units give to their queue runner, but for those that name the database
// (db/address.h).
#pragma once

#include "config/hydra_conf.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace firn::config {

struct HydraEnvironment {
  /// HYDRA_DATA.
  std::string data{};
  /// HYDRA_CONFIG; else hydra.conf in `data`.
  std::string config_file{};
  /// HYDRA_CONFIG is set: then the file must be there.
  bool is_config_named = false;
  /// NIX_REMOTE_SYSTEMS, in order. None where it is not set; it may be set and empty.
  std::optional<std::vector<std::string>> machines_files{};
  /// NIX_REMOTE; empty = auto.
  std::string nix_remote{};
  /// NIX_STATE_DIR, or Nix's own default.
  std::string state_folder{};
  /// LOGNAME.
  std::string login{};
};

/// The value of a variable; none where it is not set.
using Lookup = std::function<std::optional<std::string>(const char* name)>;

/// Throws Error{invalid} where HYDRA_DATA is missing or no absolute path.
HydraEnvironment read_hydra_environment(const Lookup& lookup);

/// Of the process.
HydraEnvironment hydra_environment();

/// The file of the environment; the defaults where none is named and there is none. Throws Error
/// where it cannot be read.
HydraConfiguration load_hydra_conf(const HydraEnvironment& environment);

/// Where roots of outputs stand. Throws Error{invalid} where neither gc_roots_dir nor LOGNAME says.
std::string roots_folder(const HydraConf& conf, const HydraEnvironment& environment);

}  // namespace firn::config
