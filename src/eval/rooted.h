// SPDX-License-Identifier: Apache-2.0
// Garbage collector roots of derivations, made by nix-instantiate.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "eval/evaluate.h"

#include <string_view>
#include <vector>

namespace firn::eval {

/// Adds `target` or, where its derivation is there already, its outputs to that one.
void merge(std::vector<Target>& targets, Target target);

/// Reads what `nix-instantiate --add-root` prints: a line for each derivation, a link to it and
/// then "!" and its output, unless that is "out". Throws Error{protocol} for anything else.
std::vector<Target> read_roots(std::string_view text);

/// Whether every derivation is in the local store.
bool are_present(const std::vector<Target>& targets, const Options& options);

/// Roots derivations that are in the store already. False where one of them has gone: collected
/// before its root was made. Once it returns true, none can go.
aio::Task<bool> root_all(aio::Loop& loop,
                         const std::vector<Target>& targets,
                         EvaluationRoots& roots,
                         const Options& options);

}  // namespace firn::eval
