// SPDX-License-Identifier: Apache-2.0
#include "farm/graph.h"

#include "aio/pool.h"
#include "base/error.h"
#include "farm/derivation_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

/// Marks a node whose inputs are being visited.
constexpr std::size_t kUnfinished = static_cast<std::size_t>(-1);

using Derivations = std::vector<std::pair<nix::DrvPath, nix::Derivation>>;

/// Derivations and the files that hold them.
using Unread = std::vector<std::pair<nix::DrvPath, std::string>>;

Derivations read_all(const Unread& unread) {
  Derivations result;
  result.reserve(unread.size());
  for (const auto& [drv, file] : unread)
    result.emplace_back(drv, read_derivation(file));
  return result;
}

/// Walks from the wanted derivations to their inputs, a level at a time.
class Loader {
 public:
  Loader(aio::Loop& loop, store::Store& store, GraphHooks hooks)
      : loop_(loop), store_(store), hooks_(std::move(hooks)) {}

  aio::Task<Graph> load(const std::vector<Wanted>& wanted);

 private:
  using Request = std::map<nix::DrvPath, std::set<std::string>>;

  struct Seen {
    nix::Derivation derivation;
    std::set<std::string> asked;
    bool is_missing = false;
    bool is_known = false;
  };

  aio::Task<void> lock_closure(const std::vector<Wanted>& wanted);
  aio::Task<void> read_level(const Request& level);
  void leave_known(Request& level);
  aio::Task<Request> check_level(Request level);
  void list_results(const std::vector<Wanted>& wanted);
  void list_nodes();
  void visit(const nix::DrvPath& root);
  aio::Task<void> lock_outputs();

  aio::Loop& loop_;
  store::Store& store_;
  GraphHooks hooks_;
  bool is_anything_missing_ = false;
  std::unordered_map<nix::DrvPath, Seen> seen_;
  std::unordered_map<nix::DrvPath, std::size_t> node_of_;
  Graph graph_;
};

aio::Task<void> Loader::lock_closure(const std::vector<Wanted>& wanted) {
  nix::StorePathSet drvs;
  for (const auto& w : wanted)
    drvs.insert(w.drv.path());
  const auto valid = co_await store_.lock(drvs);
  for (const auto& drv : drvs) {
    if (!valid.contains(drv))
      throw Error(Kind::not_found, fmt::format("{} is not in the local store", drv.str()));
  }
  co_await store_.lock(co_await store_.closure(std::move(drvs)));
}

aio::Task<void> Loader::read_level(const Request& level) {
  Unread unread;
  for (const auto& [drv, outputs] : level) {
    if (!seen_.contains(drv)) unread.emplace_back(drv, store_.location(drv.path()));
  }
  auto read =
      co_await loop_.blocking().run([unread = std::move(unread)] { return read_all(unread); });
  for (auto& [drv, derivation] : read)
    seen_.emplace(std::move(drv), Seen{.derivation = std::move(derivation), .asked = {}});
}

void Loader::leave_known(Request& level) {
  if (!hooks_.is_known) return;
  std::erase_if(level, [this](const auto& entry) {
    auto& seen = seen_.at(entry.first);
    seen.is_known = hooks_.is_known(entry.first);
    if (seen.is_known) seen.asked.insert(entry.second.begin(), entry.second.end());
    return seen.is_known;
  });
}

/// Returns the inputs of what turned out to be missing.
aio::Task<Loader::Request> Loader::check_level(Request level) {
  nix::StorePathSet paths;
  leave_known(level);
  for (const auto& [drv, outputs] : level) {
    const auto& derivation = seen_.at(drv).derivation;
    for (const auto& output : outputs)
      paths.insert(output_path(drv, derivation, output));
  }
  const auto before = co_await store_.lock(paths);
  const auto valid = before.size() == paths.size() || !hooks_.substitutes
                         ? before
                         : co_await store_.substitute(std::move(paths));
  Request next;
  for (const auto& [drv, outputs] : level) {
    auto& seen = seen_.at(drv);
    const bool is_new = seen.asked.empty();
    seen.asked.insert(outputs.begin(), outputs.end());
    bool missing = false;
    bool fetched = false;
    for (const auto& output : outputs) {
      const auto path = output_path(drv, seen.derivation, output);
      missing = missing || !valid.contains(path);
      fetched = fetched || (valid.contains(path) && !before.contains(path));
    }
    if (!missing) {
      if (is_new) ++graph_.already_valid;
      if (is_new && fetched) ++graph_.substituted;
      continue;
    }
    is_anything_missing_ = true;
    if (std::exchange(seen.is_missing, true)) continue;
    for (const auto& [input, names] : seen.derivation.input_derivations)
      next[input].insert(names.begin(), names.end());
  }
  // What was asked for before needs no second look.
  std::erase_if(next, [this](const auto& entry) {
    const auto found = seen_.find(entry.first);
    return found != seen_.end() && std::ranges::includes(found->second.asked, entry.second);
  });
  co_return next;
}

void Loader::list_results(const std::vector<Wanted>& wanted) {
  for (const auto& w : wanted) {
    const auto& derivation = seen_.at(w.drv).derivation;
    for (const auto& [name, output] : derivation.outputs) {
      if (!w.outputs.empty() && !w.outputs.contains(name)) continue;
      graph_.results.push_back(
          {.drv = w.drv, .output = name, .path = output_path(w.drv, derivation, name)});
    }
  }
}

/// Depth first without recursion: chains may be thousands of derivations deep.
void Loader::visit(const nix::DrvPath& root) {
  struct Frame {
    const nix::DrvPath* drv;
    std::map<nix::DrvPath, std::set<std::string>>::const_iterator next;
  };

  std::vector<Frame> stack;
  const auto enter = [&](const nix::DrvPath& drv) {
    const auto found = seen_.find(drv);
    if (found == seen_.end() || !found->second.is_missing || node_of_.contains(drv)) return;
    node_of_.emplace(drv, kUnfinished);
    stack.push_back(
        {.drv = &found->first, .next = found->second.derivation.input_derivations.begin()});
  };
  enter(root);
  while (!stack.empty()) {
    auto& frame = stack.back();
    auto& derivation = seen_.at(*frame.drv).derivation;
    if (frame.next != derivation.input_derivations.end()) {
      enter((frame.next++)->first);
      continue;
    }
    GraphNode node{.drv = *frame.drv,
                   .derivation = static_cast<const nix::BasicDerivation&>(derivation),
                   .dependencies = {}};
    for (const auto& [input, names] : derivation.input_derivations) {
      for (const auto& name : names)
        node.derivation.input_sources.insert(output_path(input, seen_.at(input).derivation, name));
      const auto dependency = node_of_.find(input);
      if (dependency != node_of_.end()) node.dependencies.push_back(dependency->second);
      if (seen_.at(input).is_known) node.known_dependencies.push_back(input);
    }
    node_of_.at(*frame.drv) = graph_.nodes.size();
    graph_.nodes.push_back(std::move(node));
    stack.pop_back();
  }
}

void Loader::list_nodes() {
  for (const auto& result : graph_.results)
    visit(result.drv);
}

aio::Task<void> Loader::lock_outputs() {
  nix::StorePathSet outputs;
  for (const auto& node : graph_.nodes) {
    for (const auto& [name, output] : node.derivation.outputs)
      outputs.insert(output_path(node.drv, node.derivation, name));
  }
  if (!outputs.empty()) co_await store_.lock(std::move(outputs));
}

aio::Task<Graph> Loader::load(const std::vector<Wanted>& wanted) {
  co_await lock_closure(wanted);
  Request level;
  for (const auto& w : wanted)
    level[w.drv];
  co_await read_level(level);
  for (const auto& w : wanted) {
    auto& names = level.at(w.drv);
    names.insert(w.outputs.begin(), w.outputs.end());
    if (!w.outputs.empty()) continue;
    for (const auto& [name, output] : seen_.at(w.drv).derivation.outputs)
      names.insert(name);
  }
  while (!level.empty()) {
    co_await read_level(level);
    level = co_await check_level(std::move(level));
    if (is_anything_missing_ && hooks_.on_missing) std::exchange(hooks_.on_missing, {})();
  }
  list_results(wanted);
  list_nodes();
  co_await lock_outputs();
  co_return std::move(graph_);
}

}  // namespace

aio::Task<Graph> load_graph(aio::Loop& loop,
                            store::Store& store,
                            const std::vector<Wanted>& wanted,
                            GraphHooks hooks) {
  Loader loader(loop, store, std::move(hooks));
  co_return co_await loader.load(wanted);
}

}  // namespace firn::farm
