// SPDX-License-Identifier: Apache-2.0
#include "nix/placeholder.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "nix/store_path_computation.h"

#include <fmt/format.h>

namespace firn::nix {

namespace {

std::string in_nix32(const Hash& hash) {
  return "/" + hash.encode(HashForm::nix32);
}

}  // namespace

std::string output_placeholder(std::string_view output) {
  return in_nix32(hash_of(HashAlgorithm::sha256, fmt::format("nix-output:{}", output)));
}

std::string input_placeholder(const SingleDerivedPath& input) {
  if (input.is_opaque()) {
    throw Error(Kind::invalid,
                fmt::format("{} has no placeholder: its path is known", input.base.str()));
  }
  const DrvPath drv(input.base);
  Hash hash = hash_of(HashAlgorithm::sha256,
                      fmt::format("nix-upstream-output:{}:{}",
                                  drv.path().hash_part(),
                                  output_path_name(drv.derivation_name(), input.outputs.front())));
  for (std::size_t step = 1; step < input.outputs.size(); ++step) {
    const std::string folded = fold_digest(hash.digest());
    hash = hash_of(
        HashAlgorithm::sha256,
        fmt::format(
            "nix-computed-output:{}:{}", encode_nix32(as_bytes(folded)), input.outputs[step]));
  }
  return in_nix32(hash);
}

}  // namespace firn::nix
