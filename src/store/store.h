// SPDX-License-Identifier: Apache-2.0
// A store that firn works with: where derivations and inputs come from and finished outputs go, and
// what firn serves to others.
#pragma once

#include "aio/task.h"
#include "nix/build_result.h"
#include "nix/path_info.h"
#include "store/nar_stream.h"
#include "wire/serve_commands.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace firn::store {

/// Hears what a build prints, piece by piece as it arrives. Must not throw.
using LogSink = std::function<void(std::string_view)>;

/// Everything that a run or a client needs of a store. What is locked is safe from garbage
/// collection as long as the object lives.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// Makes roots of `paths`, valid or not (outputs are locked before they exist), and says which of
  /// them are valid.
  virtual aio::Task<nix::StorePathSet> lock(nix::StorePathSet paths) = 0;

  /// As `lock`, but what is missing is fetched from the store's substituters first, where it has
  /// any.
  virtual aio::Task<nix::StorePathSet> substitute(nix::StorePathSet paths) = 0;

  /// Which of `paths` are valid at this moment. Promises no roots.
  virtual aio::Task<nix::StorePathSet> valid(nix::StorePathSet paths) = 0;

  /// `paths` and everything they refer to. They must be valid.
  virtual aio::Task<nix::StorePathSet> closure(nix::StorePathSet paths) = 0;

  /// The same with the valid outputs of every derivation in it, and what they refer to.
  virtual aio::Task<nix::StorePathSet> closure_with_outputs(nix::StorePathSet paths) = 0;

  /// What is known of `paths`, which must be locked and valid. Throws Error{not_found} for one that
  /// has gone.
  virtual aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet paths) = 0;

  /// What is known of those of `paths` that are valid, sorted by path. May lock them.
  virtual aio::Task<std::vector<nix::PathInfo>> find_path_infos(nix::StorePathSet paths) = 0;

  /// Where the files of `path` are on this machine, should it be valid.
  virtual std::string location(const nix::StorePath& path) const = 0;

  /// The NAR of a valid path.
  virtual std::unique_ptr<NarStream> nar(const nix::StorePath& path) = 0;

  /// Adds a path whose references are valid. `nar` must have been checked, or check itself, against
  /// `info`.
  virtual aio::Task<void> add(const nix::PathInfo& info, NarStream& nar) = 0;

  /// Builds a derivation that need not be in the store; its inputs must be. A failed build is an
  /// ordinary result. All of `log` has come before it, and what was built is locked. Cancelled, it
  /// ends the build.
  virtual aio::Task<nix::BuildResult> build(const wire::BuildDerivation& request, LogSink log) = 0;

  /// The same for derivations that are in the store.
  virtual aio::Task<wire::BuildPathsReply> build(const wire::BuildPaths& request, LogSink log) = 0;

  /// Makes a symlink at `link` to a valid path, which is a root as long as the link stands.
  /// Replaces a link into the store, and nothing else.
  virtual aio::Task<void> add_root(const nix::StorePath& path, std::filesystem::path link) = 0;

  /// Whether the store takes paths from us without a signature, and builds derivations that we
  /// send.
  virtual aio::Task<bool> is_trusting() = 0;

  /// To be awaited before the end.
  virtual aio::Task<void> close() = 0;
};

}  // namespace firn::store
