// SPDX-License-Identifier: Apache-2.0
// Recorded conversations as files: what went either way on one connection, and when. The format is
// described in docs/capture-format.md.
#pragma once

#include "base/bytes.h"
#include "base/fd.h"
#include "base/units.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::transport {

/// Whose bytes a record holds. One without bytes says that this flow has ended.
enum class Flow : char {
  sent = '>',         ///< ours, to the server
  received = '<',     ///< the server's, to us
  diagnostics = '!',  ///< what the server printed beside the conversation
};

/// What happened at once.
struct CaptureRecord {
  Flow flow = Flow::sent;
  /// Since the recording began.
  Duration at{};
  std::string_view bytes;
};

/// A recording taken apart. Points into the file's text.
struct Capture {
  /// Who was spoken to, such as "ssh://b1".
  std::string_view peer;
  /// Such as "2026-11-26T17:20:00Z".
  std::string_view started;
  std::vector<CaptureRecord> records;
  /// Where the last record, which is not whole, begins; its bytes that are there count. None where
  /// the recording ends with a whole record.
  std::optional<std::uint64_t> torn_at;
};

/// Throws Error{invalid} with the offset where `file` is no recording.
Capture parse_capture(std::string_view file);

/// Writes a recording. Nothing of it waits in memory: what is recorded is there even where the
/// process is killed.
class CaptureFile {
 public:
  /// Makes the file, which must not exist. Throws Error.
  CaptureFile(const std::filesystem::path& file, std::string_view peer, WallTime started);

  /// Blocks as long as the page cache does. Throws Error.
  void append(const CaptureRecord& record);

 private:
  void write(std::string_view bytes);

  std::filesystem::path path_;
  Fd fd_;
};

}  // namespace firn::transport
