// SPDX-License-Identifier: Apache-2.0
// The users of a host in the lab: the system's own, with another home for root, one ordinary login
// and Nix's build users.
#pragma once

#include <filesystem>
#include <string_view>

namespace firn::lab {

/// The ordinary user; its group has the same name and number.
inline constexpr std::string_view kLogin = "firn-lab";
inline constexpr unsigned kLoginId = 29000;
inline constexpr std::string_view kBuildGroup = "nixbld";

/// Writes passwd, group and shadow into `etc`: what `original`, an /etc, has, and the lab's own.
/// Home folders lie under `home`.
void write_accounts(const std::filesystem::path& etc,
                    const std::filesystem::path& original,
                    const std::filesystem::path& home);

}  // namespace firn::lab
