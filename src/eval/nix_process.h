// SPDX-License-Identifier: Apache-2.0
// One run of `nix` or `nix-instantiate`: started, watched, and ended with everything it started.
#pragma once

#include "aio/child_process.h"
#include "aio/loop.h"
#include "aio/task.h"
#include "base/error.h"
#include "eval/evaluate.h"

#include <string>
#include <string_view>
#include <vector>

namespace firn::eval {

/// What a program printed and how it ended.
struct NixOutput {
  std::string text;
  /// The last 16 KiB of its stderr, as plain text.
  std::string words;
  aio::ExitStatus status;

  /// What the failure of `what` means: "evaluation of ./default.nix failed: …". For an unsuccessful
  /// status.
  Error error(std::string_view what) const;
};

/// Runs `argv` (the program's bare name first) with the options that every Nix program takes.
/// `what` names the work in messages. Throws Error{not_found} where the program is missing,
/// {timeout} where it stood still, {resource} where its output has no end; an unsuccessful end is
/// the caller's to judge.
aio::Task<NixOutput> run_nix(aio::Loop& loop,
                             std::string_view what,
                             std::vector<std::string> argv,
                             const Options& options);

}  // namespace firn::eval
