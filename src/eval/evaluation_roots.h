// SPDX-License-Identifier: Apache-2.0
// What keeps evaluated derivations from the garbage collector until the run ends.
#pragma once

#include <cstddef>
#include <filesystem>

namespace firn::eval {

/// A private folder of indirect garbage collector roots. Leaving scope removes it; the store's own
/// links to it dangle then, and Nix drops them at its next collection. A killed firn leaves its
/// folder in the runtime or temporary directory, which does not outlive a reboot.
class EvaluationRoots {
 public:
  /// Makes the folder in $XDG_RUNTIME_DIR, else $TMPDIR, else /tmp. Throws Error.
  EvaluationRoots();

  /// Makes the folder in `parent`.
  explicit EvaluationRoots(const std::filesystem::path& parent);

  ~EvaluationRoots();
  EvaluationRoots(const EvaluationRoots&) = delete;
  EvaluationRoots& operator=(const EvaluationRoots&) = delete;

  const std::filesystem::path& folder() const { return folder_; }

  /// A name in the folder that was not handed out before.
  std::filesystem::path next_link();

 private:
  std::filesystem::path folder_;
  std::size_t links_ = 0;
};

}  // namespace firn::eval
