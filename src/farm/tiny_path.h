// SPDX-License-Identifier: Apache-2.0
// A store path with random contents of one line: nobody else has it.
#pragma once

#include "nix/path_info.h"
#include "store/nar_stream.h"

#include <string>
#include <string_view>
#include <utility>

namespace firn::farm {

struct TinyPath {
  /// Content-addressed.
  nix::PathInfo info;
  std::string nar;
};

TinyPath make_tiny_path(std::string_view name);

/// A NAR in memory, which it borrows.
class WholeNar final : public store::NarStream {
 public:
  explicit WholeNar(std::string_view nar) : left_(as_bytes(nar)) {}

  aio::Task<Bytes> next() override { co_return std::exchange(left_, {}); }

 private:
  Bytes left_;
};

}  // namespace firn::farm
