// SPDX-License-Identifier: Apache-2.0
#include "farm/tiny_path.h"

#include "base/hash.h"
#include "nix/content_address.h"
#include "nix/nar_writer.h"
#include "nix/store_path_computation.h"

#include <random>

#include <fmt/format.h>

namespace firn::farm {

TinyPath make_tiny_path(std::string_view name) {
  std::random_device source;
  const std::string text =
      fmt::format("firn looks for this in the stores of builders: {:08x}{:08x}{:08x}{:08x}\n",
                  source(),
                  source(),
                  source(),
                  source());
  std::string nar = nix::nar_of_file(text);
  const nix::ContentAddress address{.method = nix::ContentMethod::nar,
                                    .hash = hash_of(HashAlgorithm::sha256, nar)};
  return {.info = {.path = nix::content_addressed_path(name, address),
                   .deriver = {},
                   .references = {},
                   .nar_hash = address.hash,
                   .nar_size = ByteCount(nar.size()),
                   .ca = nix::to_string(address),
                   .signatures = {},
                   .registration_time = {},
                   .ultimate = false},
          .nar = std::move(nar)};
}

}  // namespace firn::farm
