// SPDX-License-Identifier: Apache-2.0
#include "queue/loader.h"

#include "base/error.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

namespace firn::queue {

namespace {

using sched::StepId;

/// Builds whose derivations are read together: few questions to the store, and memory for no more
/// derivations than these have.
constexpr std::size_t kTogether = 250;

/// A graph that refers to steps which ended while it was read is read again.
constexpr int kReadings = 3;

WantedBuild wanted(const BuildToLoad& from) {
  const auto& build = from.build;
  return {.id = build.id,
          .drv = nix::DrvPath(nix::parse_store_path(build.drv_path)),
          .group = from.group,
          .global_priority = build.global_priority,
          .priority = static_cast<std::int32_t>(build.priority),
          .max_silent_time = build.max_silent,
          .timeout = build.timeout};
}

/// A graph on its way into the book.
class Import {
 public:
  Import(Book& book, const farm::Graph& graph) : book_(book), graph_(graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
      place_.emplace(graph.nodes[i].drv, i);
  }

  /// Whether all steps that the graph takes for known are still there.
  bool is_current() const {
    return std::ranges::all_of(graph_.nodes, [this](const auto& node) {
      return std::ranges::all_of(node.known_dependencies,
                                 [this](const auto& drv) { return book_.find(drv).has_value(); });
    });
  }

  std::optional<std::size_t> find(const nix::DrvPath& drv) const {
    const auto found = place_.find(drv);
    return found == place_.end() ? std::nullopt : std::optional(found->second);
  }

  /// For each node the failed one that it needs, itself perhaps; of several the first.
  std::vector<std::optional<std::size_t>> dooms(const std::set<std::size_t>& failed) const {
    std::vector<std::optional<std::size_t>> dooms(graph_.nodes.size());
    for (std::size_t i = 0; i < dooms.size(); ++i) {
      if (failed.contains(i)) dooms[i] = i;
      for (const auto below : graph_.nodes[i].dependencies)
        if (!dooms[i]) dooms[i] = dooms[below];
    }
    return dooms;
  }

  /// The node and what it needs become steps. Dependencies first, without recursion: nodes come in
  /// that order.
  StepId add(std::size_t top) {
    std::vector<bool> needed(graph_.nodes.size());
    needed[top] = true;
    for (std::size_t i = top + 1; i-- > 0;) {
      if (!needed[i]) continue;
      for (const auto below : graph_.nodes[i].dependencies)
        needed[below] = !book_.find(graph_.nodes[below].drv) || needed[below];
    }
    for (std::size_t i = 0; i < top; ++i)
      if (needed[i]) add_node(i);
    return add_node(top);
  }

 private:
  StepId add_node(std::size_t place) {
    const auto& node = graph_.nodes[place];
    if (const auto known = book_.find(node.drv)) return *known;
    std::vector<StepId> dependencies;
    for (const auto below : node.dependencies)
      if (const auto step = book_.find(graph_.nodes[below].drv)) dependencies.push_back(*step);
    for (const auto& drv : node.known_dependencies)
      if (const auto step = book_.find(drv)) dependencies.push_back(*step);
    const auto attributes = nix::scheduling_attributes(node.derivation);
    const std::vector<std::string> features(attributes.required_system_features.begin(),
                                            attributes.required_system_features.end());
    return book_.add(QueuedStep{
        .drv = node.drv,
        .spec = {.name = node.drv.derivation_name(),
                 .system = node.derivation.platform,
                 .required_features = features,
                 .placement = attributes.prefer_local_build ? sched::Placement::prefer_local
                                                            : sched::Placement::anywhere,
                 .fixed_output = nix::is_fixed_output(node.derivation)},
        .dependencies = std::move(dependencies)});
  }

  Book& book_;
  const farm::Graph& graph_;
  std::unordered_map<nix::DrvPath, std::size_t> place_;
};

}  // namespace

std::vector<db::StepOutput> step_outputs(const nix::BasicDerivation& derivation) {
  std::vector<db::StepOutput> outputs;
  outputs.reserve(derivation.outputs.size());
  for (const auto& [name, output] : derivation.outputs) {
    outputs.push_back(
        {.name = name, .path = output.path ? std::optional(output.path->str()) : std::nullopt});
  }
  return outputs;
}

aio::Task<LoadReport> Loader::load(std::vector<BuildToLoad> builds) {
  LoadReport report;
  std::erase_if(builds, [this](const auto& entry) { return book_.has(entry.build.id); });
  auto found = co_await find_derivations(std::move(builds), report);
  for (std::size_t begin = 0; begin < found.size(); begin += kTogether) {
    const auto end = std::min(begin + kTogether, found.size());
    const auto from = found.begin() + static_cast<std::ptrdiff_t>(begin);
    co_await load_some({from, found.begin() + static_cast<std::ptrdiff_t>(end)}, report);
  }
  co_return report;
}

aio::Task<Loader::Candidates> Loader::find_derivations(std::vector<BuildToLoad> builds,
                                                       LoadReport& report) {
  Candidates candidates;
  nix::StorePathSet drvs;
  for (const auto& build : builds) {
    try {
      candidates.push_back(wanted(build));
      drvs.insert(candidates.back().drv.path());
    } catch (const Error& e) {
      report.broken.push_back(
          {.id = build.build.id, .drv = build.build.drv_path, .reason = e.what()});
    }
  }
  if (drvs.empty()) co_return candidates;
  const auto valid = co_await store_.valid(std::move(drvs));
  std::erase_if(candidates, [&](const auto& build) {
    if (valid.contains(build.drv.path())) return false;
    report.gone.push_back(build.id);
    return true;
  });
  co_return candidates;
}

aio::Task<void> Loader::load_some(Candidates builds, LoadReport& report) {
  std::erase_if(builds, [this](const auto& build) {
    const auto step = book_.find(build.drv);
    if (step) book_.add(build, *step);
    return step.has_value();
  });
  if (builds.empty()) co_return;
  bool is_done = false;
  try {
    is_done = co_await try_to_load(builds, report);
  } catch (const Error& e) {
    if (e.kind() == Kind::unavailable || e.kind() == Kind::cancelled) throw;
  }
  if (is_done) co_return;
  for (const auto& build : builds)
    co_await load_alone(build, report);
}

aio::Task<void> Loader::load_alone(const WantedBuild& build, LoadReport& report) {
  std::string reason = "steps that it needs ended each time it was read";
  const auto id = build.id;
  const Candidates alone(1, build);
  for (int i = 0; i < kReadings; ++i) {
    if (const auto step = book_.find(alone.front().drv)) {
      book_.add(alone.front(), *step);
      co_return;
    }
    try {
      if (co_await try_to_load(alone, report)) co_return;
    } catch (const Error& e) {
      if (e.kind() == Kind::unavailable || e.kind() == Kind::cancelled) throw;
      reason = e.what();
      break;
    }
  }
  report.broken.push_back({.id = id, .drv = alone.front().drv.str(), .reason = std::move(reason)});
}

/// False where a step that the graph takes for known has ended meanwhile; then nothing has changed.
aio::Task<bool> Loader::try_to_load(const Candidates& builds, LoadReport& report) {
  std::vector<farm::Wanted> tops;
  tops.reserve(builds.size());
  for (const auto& build : builds)
    tops.push_back({.drv = build.drv, .outputs = {}});
  const auto graph = co_await farm::load_graph(
      loop_,
      store_,
      tops,
      {.is_known = [this](const nix::DrvPath& drv) { return book_.find(drv).has_value(); },
       .substitutes = substitutes_ == Substitutes::used});
  report.substituted += graph.substituted;
  const auto failed = co_await failed_nodes(graph);
  Import import(book_, graph);
  if (!import.is_current()) co_return false;
  const auto dooms = import.dooms(failed);
  for (const auto& build : builds) {
    const auto top = import.find(build.drv);
    if (!top) {
      ValidBuild valid{.id = build.id, .drv = build.drv, .outputs = {}};
      for (const auto& result : graph.results)
        if (result.drv == build.drv) valid.outputs.emplace_back(result.output, result.path);
      report.valid.push_back(std::move(valid));
    } else if (const auto doom = dooms[*top]) {
      const auto& node = graph.nodes[*doom];
      report.doomed.push_back({.id = build.id,
                               .step = node.drv,
                               .system = node.derivation.platform,
                               .outputs = step_outputs(node.derivation),
                               .is_top = *doom == *top});
    } else {
      book_.add(build, import.add(*top));
    }
  }
  co_return true;
}

aio::Task<std::set<std::size_t>> Loader::failed_nodes(const farm::Graph& graph) {
  std::set<std::size_t> failed;
  std::vector<std::string> paths;
  for (const auto& node : graph.nodes)
    for (const auto& [name, output] : node.derivation.outputs)
      if (output.path) paths.push_back(output.path->str());
  if (paths.empty()) co_return failed;
  const auto found = co_await find_failed_(std::move(paths));
  if (found.empty()) co_return failed;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const auto& [name, output] : graph.nodes[i].derivation.outputs)
      if (output.path && found.contains(output.path->str())) failed.insert(i);
  co_return failed;
}

}  // namespace firn::queue
