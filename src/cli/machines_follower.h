// SPDX-License-Identifier: Apache-2.0
// The machines file while a run goes on: read again when it changes, and when somebody asks.
#pragma once

#include "aio/file_watch.h"
#include "aio/loop.h"
#include "aio/wait_queue.h"
#include "nix/machines.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace firn::cli {

class MachinesFollower {
 public:
  /// `builders` and `own_jobs` as for `assemble_machines`; `files` are those that it has read.
  /// Changes count from now on.
  MachinesFollower(aio::Loop& loop,
                   std::string builders,
                   std::uint32_t own_jobs,
                   const std::vector<std::string>& files);

  /// Why changes of the files are not seen; empty = they are.
  const std::string& blindness() const { return blindness_; }

  /// To be spawned beside whoever awaits `next`.
  aio::Task<void> watch();

  /// Read the machines again, whether or not a file has changed.
  void ask();

  /// The machines, once they have been asked for. Throws Error{invalid} as `reread_machines` does.
  aio::Task<std::vector<nix::Machine>> next();

 private:
  aio::Loop& loop_;
  std::string builders_;
  std::uint32_t own_jobs_;
  std::optional<aio::FileWatch> files_;
  std::string blindness_;
  bool is_asked_ = false;
  aio::WaitQueue asked_;
};

}  // namespace firn::cli
