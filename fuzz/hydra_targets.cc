// SPDX-License-Identifier: Apache-2.0
// What Hydra's sites and builds write: hydra.conf.
#include "config/conf_tree.h"
#include "config/hydra_conf.h"
#include "targets.h"

#include <algorithm>
#include <array>

namespace firn::fuzz {

namespace {

/// Blocks in it, and how deep they stand.
std::size_t count_blocks(const config::ConfBlock& block, std::size_t depth) {
  require(depth <= config::kMostConfNesting, "nesting is bounded");
  std::size_t count = block.blocks.size();
  for (const auto& inner : block.blocks)
    count += count_blocks(inner, depth + 1);
  return count;
}

void hydra_conf(std::string_view bytes) {
  std::size_t reads = 0;
  // Whatever is included is the second half, which may include again.
  const auto read = [&](const std::string& path) -> std::optional<std::string> {
    require(++reads <= config::kMostConfFiles, "includes are bounded");
    if (path.ends_with('0')) return std::nullopt;
    return std::string(bytes.substr(bytes.size() / 2));
  };
  const auto tree = config::read_conf_tree(bytes, "/etc/hydra.conf", read);
  const std::size_t most = (reads + 1) * bytes.size();
  require(count_blocks(tree.root, 0) <= most, "a block takes a byte");
  for (const auto& problem : tree.problems)
    require(problem.line > 0 && !problem.message.empty(), "problems have a place");
  reads = 0;
  const auto configuration = config::read_hydra_conf(bytes, "/etc/hydra.conf", read);
  require(config::refusals(configuration.conf).empty() ||
              std::ranges::any_of(configuration.problems, &config::Problem::is_fatal),
          "what is refused is a problem");
}

std::vector<std::string> hydra_conf_seeds() {
  return {
      "store_uri = s3://cache?secret-key=/k&compression=zstd # x\nmax_output_size 5\n"
      "use-substitutes = 1\nqueue_runner_metrics_address = [::1]:0\n",
      "<github_authorization>\nNixOS = \"Bearer \\# x\"\n</github_authorization>\n"
      "<git-input a:b:c>\n  timeout = 3600\n</git-input>\n<x/>\n",
      "Include secrets.conf\ninclude \"0\"\n/* a\nb */ c = d\ne = f \\\n  g\n",
      "a <<EOT\n  b\n  c\n  EOT\nd = <<END\nEND\n<<include x>>\n</y>\n<z>\n"};
}

constexpr auto kTargets = std::to_array<Target>({
    {.name = "hydra-conf", .read = hydra_conf, .seeds = hydra_conf_seeds},
});

}  // namespace

std::span<const Target> hydra_targets() {
  return kTargets;
}

}  // namespace firn::fuzz
