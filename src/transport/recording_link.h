// SPDX-License-Identifier: Apache-2.0
// Links that write down what passes through them, for `firn build --record`.
#pragma once

#include "aio/loop.h"
#include "base/error.h"
#include "transport/capture.h"
#include "transport/link.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace firn::transport {

/// Records every conversation of a run, one file for each in one folder. A recording that cannot go
/// on (a full disk) ends, and the conversation does not.
class Recorder {
 public:
  /// Makes the folder where it is missing. Throws Error.
  Recorder(aio::Loop& loop, std::filesystem::path folder);

  /// The same connector, with links that are recorded. The recorder must outlive them all.
  std::unique_ptr<Connector> record(std::unique_ptr<Connector> connector, std::string peer);

  /// Why a recording is not whole: the first reason.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  friend class RecordingLink;

  /// A new file for a conversation that begins now; none where it cannot be made.
  std::unique_ptr<CaptureFile> begin(std::string_view peer);
  void failed(const Error& error);

  aio::Loop& loop_;
  std::filesystem::path folder_;
  std::uint32_t files_ = 0;
  std::optional<Error> failure_;
};

/// A link that is recorded. What is sent is written down before it is sent, so that no answer
/// stands before its question.
class RecordingLink final : public Link {
 public:
  RecordingLink(Recorder& recorder, std::unique_ptr<Link> link, std::string_view peer);

  aio::Task<std::size_t> read_some(MutableBytes buffer) override;
  aio::Task<void> write(Bytes bytes) override;
  void close_write() override;
  void listen(Listener listener) override;
  aio::Task<std::string> last_words() override;

  std::string_view printed() override { return link_->printed(); }

  aio::Task<void> diagnostics_ended() override;
  aio::Task<void> stop(Duration grace) override;

  const Link& recorded() const { return *link_; }

 private:
  void note(Flow flow, std::string_view bytes);

  /// The end of what is sent, once.
  void note_end();

  Recorder& recorder_;
  TimePoint began_;
  std::unique_ptr<CaptureFile> file_;
  bool is_closed_ = false;
  // Its listener writes to the file, so it goes first.
  std::unique_ptr<Link> link_;
};

}  // namespace firn::transport
