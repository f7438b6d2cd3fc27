// SPDX-License-Identifier: Apache-2.0
// What Hydra's sites and builds write: hydra.conf, and lists of products and metrics in outputs.
#include "config/conf_tree.h"
#include "config/hydra_conf.h"
#include "farm/output_scanner.h"
#include "nix/file_tree.h"
#include "targets.h"

#include <algorithm>
#include <array>
#include <cmath>

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

const nix::StorePath& sample_output() {
  static const auto path = nix::StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-x");
  return path;
}

farm::OutputScan scan(std::string_view nar, std::size_t size) {
  farm::OutputScanner scanner;
  nix::NarParser parser(scanner);
  for (const auto piece : cut(nar, size))
    parser.feed(as_bytes(piece));
  return scanner.finish();
}

void check(const farm::BuildProducts& found) {
  for (const auto& product : found.products) {
    const std::string_view path = product.path;
    require(path.starts_with(sample_output().str()), "a product is in an output");
    require(!path.contains("/../") && !path.contains("//") && !path.contains('\0'),
            "a product's path is canonical");
    require(product.name.find_first_of("<>&\"'/") == std::string::npos, "a name is harmless");
  }
  for (const auto& metric : found.metrics)
    require(std::isfinite(metric.value) && !metric.name.empty(), "a metric is a number");
  require(found.release_name.find_first_of("<>&\"' \n") == std::string::npos,
          "a release name is harmless");
}

/// The bytes are all that an output has to say.
void build_products(std::string_view bytes) {
  const auto file = [bytes] {
    return nix::FileTree{nix::MemoryFile{.contents = std::string(bytes)}};
  };
  nix::FileTree::Folder support;
  for (const char* name : {"hydra-build-products", "hydra-metrics", "hydra-release-name"})
    support.emplace(name, file());
  nix::FileTree::Folder root;
  root.emplace("f", file());
  root.emplace("l", nix::FileTree{nix::Link{"f"}});
  root.emplace("nix-support", nix::FileTree{std::move(support)});
  const std::string nar = nix::to_nar(nix::FileTree{std::move(root)});
  const auto scanned = scan(nar, nar.size());
  require(scan(nar, 5).notes == scanned.notes, "pieces do not matter");
  const std::vector<farm::BuiltOutput> outputs{
      {.name = "out", .path = sample_output(), .notes = scanned.notes}};
  check(farm::collect_products(outputs, [&](const nix::StorePath&, std::string_view inside) {
    return scanned.find(inside);
  }));
}

std::vector<std::string> build_products_seeds() {
  const std::string output = sample_output().str();
  return {"doc manual " + output + " index.html\nfile iso \"" + output + "/f\"\n",
          "a b " + output + "//./nix-support/../l\n",
          "coverage 99.5 %\nsize 1e6 KiB\nx nan\n",
          " nixos-24.11@x:1\n"};
}

constexpr auto kTargets = std::to_array<Target>({
    {.name = "hydra-conf", .read = hydra_conf, .seeds = hydra_conf_seeds},
    {.name = "build-products", .read = build_products, .seeds = build_products_seeds},
});

}  // namespace

std::span<const Target> hydra_targets() {
  return kTargets;
}

}  // namespace firn::fuzz
