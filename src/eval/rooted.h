// SPDX-License-Identifier: Apache-2.0
// Garbage collector roots of derivations, made by nix-instantiate.
#pragma once

#include "eval/request.h"

#include <string_view>
#include <vector>

namespace firn::eval {

/// Adds `target` or, where its derivation is there already, its outputs to that one.
void merge(std::vector<Target>& targets, Target target);

/// Reads what `nix-instantiate --add-root` prints: a line for each derivation, a link to it and
/// then "!" and its output, unless that is "out". Throws Error{protocol} for anything else.
std::vector<Target> read_roots(std::string_view text);

}  // namespace firn::eval
