// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <stdexcept>

namespace firn::fuzz {

std::vector<Target> all_targets() {
  std::vector<Target> all;
  for (const auto targets : {serve_targets(),
                             worker_targets(),
                             format_targets(),
                             json_targets(),
                             text_targets(),
                             hydra_targets()})
    all.insert(all.end(), targets.begin(), targets.end());
  return all;
}

void require(bool holds, std::string_view what) {
  if (!holds) throw std::logic_error("does not hold: " + std::string(what));
}

std::vector<std::string_view> cut(std::string_view bytes, std::size_t size) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < bytes.size(); at += size)
    pieces.push_back(bytes.substr(at, size));
  return pieces;
}

}  // namespace firn::fuzz
