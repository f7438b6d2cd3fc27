// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_sources.h"

#include "base/error.h"
#include "farm/derivation_file.h"
#include "nix/derivation.h"
#include "sim/dot.h"
#include "sim/generator.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace firn::cli {

namespace fs = std::filesystem;

namespace {

using sim::StepIndex;

constexpr std::string_view kExtension = ".drv";
constexpr std::size_t kHashPart = 33;

/// Gives out kinds of steps, each once.
class Kinds {
 public:
  explicit Kinds(sim::Queue& queue) : queue_(queue) {}

  std::uint32_t of(std::string system, std::vector<std::string> features) {
    const auto [entry, is_new] =
        places_.try_emplace({system, features}, static_cast<std::uint32_t>(queue_.kinds.size()));
    if (is_new)
      queue_.kinds.push_back({.system = std::move(system), .features = std::move(features)});
    return entry->second;
  }

 private:
  sim::Queue& queue_;
  std::map<std::pair<std::string, std::vector<std::string>>, std::uint32_t> places_;
};

std::uint32_t kind_of(Kinds& kinds, const nix::Derivation& derivation) {
  const auto features = nix::required_system_features(derivation);
  return kinds.of(derivation.platform, {features.begin(), features.end()});
}

/// Reads derivations from a root to its inputs.
class Closure {
 public:
  sim::Queue read(const std::string& file) {
    queue_.projects.push_back({.name = derivation_name(file)});
    place(file);
    for (StepIndex i = 0; i < files_.size(); ++i)
      read_step(i);
    queue_.builds.push_back({.step = 0});
    return sim::sorted(std::move(queue_));
  }

 private:
  StepIndex place(const std::string& file) {
    const auto [entry, is_new] = places_.try_emplace(file, static_cast<StepIndex>(files_.size()));
    if (is_new) {
      files_.push_back(file);
      queue_.steps.push_back({.name = derivation_name(file), .dependencies = {}});
    }
    return entry->second;
  }

  void read_step(StepIndex index) {
    const nix::Derivation derivation = farm::read_derivation(files_[index]);
    std::vector<StepIndex> dependencies;
    dependencies.reserve(derivation.input_derivations.size());
    for (const auto& [input, outputs] : derivation.input_derivations)
      dependencies.push_back(place(input.str()));
    sim::SimStep& step = queue_.steps[index];
    step.dependencies = std::move(dependencies);
    step.kind = kind_of(kinds_, derivation);
  }

  sim::Queue queue_;
  Kinds kinds_{queue_};
  std::vector<std::string> files_;
  std::unordered_map<std::string, StepIndex> places_;
};

/// The places of those of its inputs that are in the queue; nothing where its file is gone.
std::vector<StepIndex> known_inputs(const std::string& file,
                                    const std::unordered_map<std::string, StepIndex>& places) {
  std::error_code error;
  std::vector<StepIndex> inputs;
  if (!fs::exists(file, error)) return inputs;
  const nix::Derivation derivation = farm::read_derivation(file);
  for (const auto& [input, outputs] : derivation.input_derivations) {
    const auto found = places.find(input.str());
    if (found != places.end()) inputs.push_back(found->second);
  }
  return inputs;
}

void want_roots(sim::Queue& queue) {
  std::vector<bool> is_needed(queue.steps.size());
  for (const sim::SimStep& step : queue.steps) {
    for (const StepIndex dependency : step.dependencies)
      is_needed[dependency] = true;
  }
  for (StepIndex i = 0; i < queue.steps.size(); ++i) {
    if (!is_needed[i]) queue.builds.push_back({.step = i});
  }
}

}  // namespace

KnownDurations parse_durations(std::string_view text, std::string_view origin) {
  KnownDurations known;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view words = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    words = words.substr(0, words.find('#'));
    words = words.substr(0, words.find_last_not_of(" \t\r") + 1);
    if (words.empty()) continue;
    const std::size_t space = words.find_last_of(" \t");
    double seconds = -1;
    if (space != std::string_view::npos)
      std::from_chars(words.data() + space + 1, words.data() + words.size(), seconds);
    if (!(seconds >= 0 && seconds < 1e7)) {
      throw Error(
          Kind::invalid,
          fmt::format("{}:{}: a derivation's name and its seconds are expected", origin, line));
    }
    const std::string_view name = words.substr(0, words.find_first_of(" \t"));
    known[std::string(name)] =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  }
  return known;
}

KnownDurations durations_of(std::span<const db::PastStep> history) {
  KnownDurations known;
  for (const db::PastStep& step : history)
    known.try_emplace(derivation_name(step.drv_path), step.stop - step.start);
  return known;
}

std::string derivation_name(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  if (path.size() > kHashPart && path[kHashPart - 1] == '-') path.remove_prefix(kHashPart);
  if (path.ends_with(kExtension)) path.remove_suffix(kExtension.size());
  return std::string(path);
}

sim::Queue queue_of_graph(std::string_view text) {
  const auto nodes = sim::parse_dot(text);
  const bool has_derivations = std::ranges::any_of(
      nodes, [](const sim::DotNode& node) { return node.name.ends_with(kExtension); });
  sim::Queue queue;
  queue.kinds.push_back({.system = "builtin", .features = {}});
  queue.projects.push_back({.name = "graph"});
  constexpr auto kNone = static_cast<StepIndex>(-1);
  std::vector<StepIndex> places(nodes.size(), kNone);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (has_derivations && !nodes[i].name.ends_with(kExtension)) continue;
    places[i] = static_cast<StepIndex>(queue.steps.size());
    queue.steps.push_back({.name = derivation_name(nodes[i].name), .dependencies = {}});
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (places[i] == kNone) continue;
    for (const std::uint32_t reference : nodes[i].references) {
      if (places[reference] != kNone)
        queue.steps[places[i]].dependencies.push_back(places[reference]);
    }
  }
  queue = sim::sorted(std::move(queue));
  want_roots(queue);
  return queue;
}

sim::Queue queue_of_closure(const std::string& file) {
  return Closure().read(fs::canonical(file).string());
}

sim::Queue queue_of_history(std::span<const db::PastStep> history) {
  sim::Queue queue;
  Kinds kinds(queue);
  std::unordered_map<std::string, StepIndex> places;
  std::map<std::string, std::uint32_t> projects;
  std::set<std::string> files;
  for (const db::PastStep& past : history) {
    const auto next = static_cast<StepIndex>(queue.steps.size());
    if (!places.try_emplace(past.drv_path, next).second) continue;
    const auto [project, is_new] =
        projects.try_emplace(past.project, static_cast<std::uint32_t>(queue.projects.size()));
    if (is_new) queue.projects.push_back({.name = past.project});
    const Duration took = std::max<Duration>(past.stop - past.start, Duration::zero());
    queue.steps.push_back({.name = derivation_name(past.drv_path),
                           .kind = kinds.of(past.system, {}),
                           .dependencies = {},
                           .duration = took,
                           .expected = took});
    queue.builds.push_back({.step = next, .project = project->second});
  }
  for (const auto& [file, place] : places)
    queue.steps[place].dependencies = known_inputs(file, places);
  return sim::sorted(std::move(queue));
}

std::size_t fill_durations(sim::Queue& queue, const KnownDurations& known, std::uint64_t seed) {
  sim::DurationGuess guess(seed);
  std::size_t guessed = 0;
  for (sim::SimStep& step : queue.steps) {
    if (step.expected) continue;
    const auto found = known.find(step.name);
    if (found != known.end()) {
      step.duration = found->second;
      step.expected = found->second;
    } else {
      step.duration = guess.next();
      ++guessed;
    }
  }
  return guessed;
}

}  // namespace firn::cli
