// SPDX-License-Identifier: Apache-2.0
// What outputs in the store of this machine have to show, read from their files: for outputs that
// were built here, were there already, or have just been received. Blocks: for the blocking pool.
#pragma once

#include "farm/build_products.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::farm {

class OutputsOnDisk {
 public:
  explicit OutputsOnDisk(std::string store_folder = std::string(nix::kStoreDir))
      : store_folder_(std::move(store_folder)) {}

  /// At most four files are opened. Throws Error, {not_found} where the output is not there.
  OutputNotes notes(const nix::StorePath& output) const;

  /// As FindMember: reads the whole of a regular file. Throws Error where it cannot be read.
  std::optional<Member> find(const nix::StorePath& output, std::string_view inside) const;

 private:
  std::string store_folder_;
};

/// Fills in the notes of `outputs`, and collects. Throws Error where the store cannot be read.
BuildProducts read_products(std::vector<BuiltOutput> outputs,
                            const OutputsOnDisk& disk = OutputsOnDisk());

}  // namespace firn::farm
