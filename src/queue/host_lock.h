// SPDX-License-Identifier: Apache-2.0
// Hydra's own lock of a data folder (QR-006), `queue-runner/lock` there: while it is ours, no
// hydra-queue-runner starts beside us, nor do we beside one.
#pragma once

#include "base/fd.h"

#include <optional>
#include <string>
#include <variant>

namespace firn::queue {

/// Who holds the lock instead of us.
struct LockHolder {
  /// Of the lock's file.
  std::string file;
  /// The process, as far as /proc can tell: "hydra-queue-run, process 4711", else "another
  /// program".
  std::string name;
  /// It is a program of our own name.
  bool is_firn = false;
};

/// Held until destroyed; children do not inherit it.
class HostLock {
 public:
  /// Never waits. Makes the folder where it is not there. Throws Error where the file cannot be
  /// opened.
  static std::variant<HostLock, LockHolder> try_take(const std::string& data_folder);

 private:
  explicit HostLock(Fd file) : file_(std::move(file)) {}

  Fd file_;
};

}  // namespace firn::queue
