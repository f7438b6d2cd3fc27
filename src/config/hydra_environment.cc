// SPDX-License-Identifier: Apache-2.0
#include "config/hydra_environment.h"

#include "base/error.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

namespace firn::config {

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

HydraEnvironment read_hydra_environment(const Lookup& lookup) {
  HydraEnvironment environment;
  environment.data = lookup("HYDRA_DATA").value_or("");
  if (!environment.data.starts_with('/')) {
    throw Error(
        Kind::invalid,
        environment.data.empty()
            ? "HYDRA_DATA is not set; it names the folder of Hydra's data, such as "
              "/var/lib/hydra"
            : fmt::format("HYDRA_DATA is '{}', which must be an absolute path", environment.data));
  }
  const auto config = lookup("HYDRA_CONFIG");
  environment.is_config_named = config && !config->empty();
  environment.config_file =
      environment.is_config_named ? *config : environment.data + "/hydra.conf";
  if (const auto files = lookup("NIX_REMOTE_SYSTEMS"))
    environment.machines_files = split(*files, ':');
  environment.nix_remote = lookup("NIX_REMOTE").value_or("");
  const auto state = lookup("NIX_STATE_DIR");
  environment.state_folder = state && !state->empty() ? *state : "/nix/var/nix";
  environment.login = lookup("LOGNAME").value_or("");
  return environment;
}

HydraEnvironment hydra_environment() {
  return read_hydra_environment([](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  });
}

HydraConfiguration load_hydra_conf(const HydraEnvironment& environment) {
  std::error_code ignored;
  if (!environment.is_config_named && !std::filesystem::exists(environment.config_file, ignored))
    return {};
  return load_hydra_conf(std::filesystem::path(environment.config_file));
}

std::string roots_folder(const HydraConf& conf, const HydraEnvironment& environment) {
  if (!conf.gc_roots_dir.empty()) return conf.gc_roots_dir;
  if (environment.login.empty()) {
    throw Error(Kind::invalid,
                "LOGNAME is not set, and hydra.conf has no gc_roots_dir; one of them says where "
                "roots of outputs stand");
  }
  return fmt::format(
      "{}/gcroots/per-user/{}/hydra-roots", environment.state_folder, environment.login);
}

}  // namespace firn::config
