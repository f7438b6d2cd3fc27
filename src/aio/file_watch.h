// SPDX-License-Identifier: Apache-2.0
// Changes of files, as the kernel tells them (inotify).
#pragma once

#include "aio/loop.h"
#include "aio/pipe.h"
#include "aio/task.h"
#include "base/fd.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace firn::aio {

/// Watches the folders in which files stand, so that it also sees one that is replaced, removed or
/// not there yet. Where a file is a symlink, it and what it leads to are watched. A folder that
/// does not exist is not watched.
class FileWatch {
 public:
  /// Throws Error where the kernel has no more watches to give.
  FileWatch(Loop& loop, const std::vector<std::string>& files);

  /// Waits until one of the files has been written and closed, moved here, moved away or removed;
  /// and then a moment, for programs that write a file in several moves.
  Task<void> changed();

 private:
  FileWatch(Loop& loop, const std::vector<std::string>& files, Fd inotify);
  void watch(const std::string& file);
  bool concerns_us(std::string_view events) const;

  Loop& loop_;
  /// Of `events_`.
  int descriptor_;
  PipeEnd events_;
  /// Names of files by the watch of their folder.
  std::map<int, std::set<std::string, std::less<>>> names_;
};

}  // namespace firn::aio
