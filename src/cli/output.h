// SPDX-License-Identifier: Apache-2.0
// Standard output and standard error, each with a thread of its own: a reader that has stopped
// reading, or a terminal that has been stopped, holds up neither the loop nor a slot.
#pragma once

#include "aio/loop.h"
#include "aio/phase.h"
#include "aio/pool.h"
#include "aio/scope.h"
#include "aio/task.h"
#include "base/units.h"
#include "view/screen.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace firn::cli {

/// Takes everything at once and writes it in order. To be flushed before it dies.
class Output : public view::Screen {
 public:
  /// `fd` is borrowed. `on_failure` is told once, in a sentence without its end, why the rest of
  /// what is written is lost; it may be empty.
  Output(aio::Loop& loop, int fd, std::function<void(const std::string&)> on_failure = {});

  view::ScreenSize size() override;
  void write(std::string_view text) override;

  std::size_t waiting() const override { return text_->size() - written_ + next_.size(); }

  /// Waits until all is written. Where nobody takes anything for `stall`, the rest is lost. Throws
  /// nothing, and must not be cancelled.
  aio::Task<void> flush(Duration stall);

  /// Something that was written is lost.
  bool has_failed() const { return has_failed_; }

 private:
  aio::Task<void> write_out();
  void fail(const std::string& why);

  aio::Loop& loop_;
  int fd_;
  std::function<void(const std::string&)> on_failure_;
  aio::Pool writer_;
  aio::Scope writing_;
  aio::Progress progress_;
  /// Shared with the writer, which may never come back from it.
  std::shared_ptr<const std::string> text_ = std::make_shared<std::string>();
  /// How much of `text_`.
  std::size_t written_ = 0;
  std::string next_;
  bool is_writing_ = false;
  bool has_failed_ = false;
};

}  // namespace firn::cli
