// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluation_roots.h"

#include "base/error.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <unistd.h>

namespace firn::eval {

namespace fs = std::filesystem;

namespace {

/// A runtime directory handed down by sudo belongs to somebody else.
fs::path default_parent() {
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* const folder = std::getenv(name);
    if (folder != nullptr && *folder == '/' && ::access(folder, W_OK | X_OK) == 0) return folder;
  }
  return "/tmp";
}

}  // namespace

EvaluationRoots::EvaluationRoots() : EvaluationRoots(default_parent()) {}

EvaluationRoots::EvaluationRoots(const fs::path& parent) {
  std::string name = fs::absolute(parent / "firn-roots-XXXXXX");
  if (::mkdtemp(name.data()) == nullptr)
    throw system_error(errno, "make a folder in " + parent.string());
  folder_ = name;
}

EvaluationRoots::~EvaluationRoots() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

fs::path EvaluationRoots::next_link() {
  return folder_ / ("drv" + std::to_string(links_++));
}

}  // namespace firn::eval
