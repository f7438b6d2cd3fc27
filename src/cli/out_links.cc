// SPDX-License-Identifier: Apache-2.0
#include "cli/out_links.h"

#include "base/error.h"

#include <map>

#include <fmt/format.h>

namespace firn::cli {

std::vector<std::pair<std::filesystem::path, nix::StorePath>> out_links(
    const std::vector<farm::Graph::Result>& results, const std::filesystem::path& first) {
  std::vector<std::pair<std::filesystem::path, nix::StorePath>> links;
  std::map<nix::DrvPath, std::size_t> numbers;
  for (const auto& result : results) {
    const auto number = numbers.emplace(result.drv, numbers.size() + 1).first->second;
    std::string name = first.string();
    if (number > 1) name += fmt::format("-{}", number);
    if (result.output != "out") name += "-" + result.output;
    links.emplace_back(std::move(name), result.path);
  }
  return links;
}

aio::Task<void> make_out_links(store::Store& store,
                               const std::vector<farm::Graph::Result>& results,
                               const std::filesystem::path& first) {
  for (const auto& [link, path] : out_links(results, first)) {
    try {
      co_await store.add_root(path, link);
    } catch (Error& e) {
      e.add_context(fmt::format("linking {} to {}", link.string(), path.str()));
      throw;
    }
  }
}

}  // namespace firn::cli
