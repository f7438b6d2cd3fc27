// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/inspect.h"
#include "nix/derivation_json.h"

#include <filesystem>

namespace firn::cli {

namespace {

constexpr std::string_view kExtension = ".drv";

/// A derivation's name is not in it, but in its path. A copy may have a name of its own, and stdin
/// has none: then the variable must do.
std::string name_of(const std::string& file, const nix::Derivation& derivation) {
  constexpr std::size_t kHashPart = 33;
  const auto variable = derivation.env.find("name");
  if (file == "-" && variable != derivation.env.end()) return variable->second;
  std::string name = std::filesystem::path(file).filename();
  if (name.size() > kHashPart && name[kHashPart - 1] == '-') name.erase(0, kHashPart);
  if (name.ends_with(kExtension)) name.resize(name.size() - kExtension.size());
  return name;
}

}  // namespace

ExitCode inspect(const InspectDrv& options, Streams streams) {
  try {
    const auto derivation = nix::parse_derivation(read_input(options.file));
    streams.out << pretty(nix::to_json(derivation, name_of(options.file, derivation)));
  } catch (Error& error) {
    error.add_context("reading " + options.file);
    throw;
  }
  return ExitCode::success;
}

}  // namespace firn::cli
