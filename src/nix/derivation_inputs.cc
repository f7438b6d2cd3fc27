// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation_inputs.h"

#include <algorithm>

namespace firn::nix {

std::map<DrvPath, std::vector<OutputChain>> chains_by_input(const Derivation& derivation) {
  std::map<DrvPath, std::vector<OutputChain>> result;
  for (const auto& [drv, names] : derivation.input_derivations) {
    auto& chains = result[drv];
    for (const std::string& name : names)
      chains.push_back({name});
  }
  for (const SingleDerivedPath& input : derivation.dynamic_inputs)
    result[DrvPath(input.base)].push_back(input.outputs);
  for (auto& [drv, chains] : result)
    std::sort(chains.begin(), chains.end());
  return result;
}

OutputLevel output_level(std::span<const OutputChain> chains, std::size_t step) {
  OutputLevel level;
  while (!chains.empty()) {
    const std::string& name = chains.front()[step];
    if (chains.front().size() == step + 1) {
      level.names.push_back(name);
      chains = chains.subspan(1);
      continue;
    }
    const auto end = std::find_if(chains.begin(), chains.end(), [&](const OutputChain& chain) {
      return chain[step] != name;
    });
    const auto count = static_cast<std::size_t>(end - chains.begin());
    level.deeper.emplace_back(name, chains.first(count));
    chains = chains.subspan(count);
  }
  return level;
}

}  // namespace firn::nix
