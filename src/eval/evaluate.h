// SPDX-License-Identifier: Apache-2.0
// Evaluation by the installed Nix, in child processes. Its result is derivations in the local
// store, every one held by a garbage collector root.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "base/units.h"
#include "eval/evaluation_roots.h"
#include "eval/request.h"

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace firn::eval {

/// How Nix is run, whatever is evaluated.
struct Options {
  /// `-I`, handed on to Nix.
  std::vector<std::string> search_paths;
  /// `--option NAME VALUE`, handed on to Nix.
  std::vector<std::pair<std::string, std::string>> settings;
  /// Where `nix` and `nix-instantiate` are; empty = looked up in PATH.
  std::string program_folder;
  /// Added to our own environment; "NAME=value".
  std::vector<std::string> environment;
  /// An evaluation that prints nothing for so long is given up.
  Duration stall = std::chrono::minutes(30);
};

/// Keeps derivations of the local store from the garbage collector, for as long as the run needs
/// them, and says which of them are there.
using Hold = std::function<aio::Task<nix::StorePathSet>(nix::StorePathSet)>;

/// What came out.
struct Evaluation {
  /// Every derivation once, in the order of their first mention.
  std::vector<Target> targets;
  /// What Nix printed beside the result (warnings, traces), for people; its last 16 KiB.
  std::string notes;
};

/// Evaluates all inputs of `request`. What it returns is valid and stays so, by `roots` or by
/// `hold`: nobody needs to evaluate again.
///
/// Throws Error with one message for people: {invalid} for wrong usage and failed evaluations
/// (ending in Nix's own words), {not_found} for a missing file, derivation or Nix, {timeout} for
/// an evaluation that stood still, {unavailable} where Nix cannot reach its daemon, {resource}
/// where Nix was killed by a signal. A cancellation ends Nix and everything it started.
aio::Task<Evaluation> evaluate(aio::Loop& loop,
                               const Request& request,
                               EvaluationRoots& roots,
                               const Hold& hold,
                               const Options& options);

}  // namespace firn::eval
