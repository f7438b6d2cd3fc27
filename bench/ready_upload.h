// SPDX-License-Identifier: Apache-2.0
// The floor under every client that sends one store path: its bytes, made ready beforehand, poured
// into `ssh BUILDER nix-store --serve --write`. Nothing is left in it but ssh and the builder.
#pragma once

#include "bench_lab.h"

#include <filesystem>
#include <string>

namespace firn::bench {

/// Writes greeting, AddToStoreNar and NAR of `path`, which must refer to nothing, into `file`.
void write_ready_upload(const BenchLab& lab,
                        const std::string& path,
                        const std::filesystem::path& file);

/// Pours that file. Throws Error{unavailable} where the path is not valid at the builder
/// afterwards.
Cost pour_ready_upload(const BenchLab& lab,
                       const std::string& path,
                       const std::filesystem::path& file);

}  // namespace firn::bench
