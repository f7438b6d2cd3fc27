// SPDX-License-Identifier: Apache-2.0
// What a daemon says while it works. After every request, and at the end of the greeting, it sends
// messages until one of them is Finished, after which the reply comes, or Failure, after which
// nothing comes: the next request may be asked. Nix calls this the stderr loop.
//
// A Failure that is about the request's own bytes (a path that is none, an unknown operation) comes
// twice, and the daemon closes the connection after it. One that happens after Finished, in the
// middle of a NAR, can't be told: the connection just ends.
#pragma once

#include "base/units.h"
#include "wire/codec.h"
#include "wire/worker_version.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace firn::wire::worker {

// A number of 32 bits that we do not know stays itself in all three.
// NOLINTBEGIN(performance-enum-size)

/// How much a message matters; a client says with SetOptions up to which it wants them.
enum class Verbosity : std::uint32_t {
  error = 0,
  warning = 1,
  notice = 2,
  info = 3,
  talkative = 4,
  chatty = 5,
  debug = 6,
  vomit = 7,
};

/// What an activity is about; in brackets, its fields.
enum class ActivityType : std::uint32_t {
  unknown = 0,
  copy_path = 100,      ///< [path, from, to]
  file_transfer = 101,  ///< [URL]
  realise = 102,
  copy_paths = 103,
  builds = 104,
  build = 105,  ///< [derivation, machine, round, rounds]
  optimise_store = 106,
  verify_paths = 107,
  substitute = 108,       ///< [path, from]
  query_path_info = 109,  ///< [path, from]
  post_build_hook = 110,  ///< [derivation]
  build_waiting = 111,
  fetch_tree = 112,
  fetch_to_store = 113,
};

/// What happened within an activity; in brackets, its fields.
enum class ResultType : std::uint32_t {
  file_linked = 100,          ///< [bytes saved, blocks saved]
  build_log_line = 101,       ///< [a line of a build's log, without its end]
  untrusted_path = 102,       ///< [path]
  corrupted_path = 103,       ///< [path]
  set_phase = 104,            ///< [the phase of a build, such as "unpackPhase"]
  progress = 105,             ///< [done, expected, running, failed]
  set_expected = 106,         ///< [a type of activity, how much of it]
  post_build_log_line = 107,  ///< [a line]
  fetch_status = 108,         ///< [a text]
  fetch_to_store = 109,
};

// NOLINTEND(performance-enum-size)

using Field = std::variant<std::uint64_t, std::string>;

/// A line for people, its end included. With terminal escapes.
struct LogLine {
  static constexpr std::uint64_t kTag = 0x6f6c6d67;

  std::string text;

  friend bool operator==(const LogLine&, const LogLine&) = default;
};

/// The daemon wants the next piece of what is uploaded: a text of 1 to `most` bytes is to be sent
/// (`append_piece`). In uploads of 1.21 and 1.22 only; frames need no asking.
struct PieceWanted {
  static constexpr std::uint64_t kTag = 0x64617461;

  ByteCount most;

  friend bool operator==(const PieceWanted&, const PieceWanted&) = default;
};

/// Bytes of what is downloaded. No daemon that we speak with sends it.
struct Piece {
  static constexpr std::uint64_t kTag = 0x64617416;

  std::string bytes;

  friend bool operator==(const Piece&, const Piece&) = default;
};

/// The work is done; the reply follows.
struct Finished {
  static constexpr std::uint64_t kTag = 0x616c7473;

  friend bool operator==(const Finished&, const Finished&) = default;
};

/// The work has failed; no reply follows.
struct Failure {
  static constexpr std::uint64_t kTag = 0x63787470;

  /// From 1.26 on.
  Verbosity level = Verbosity::error;
  /// Of no use, and "Error" from every daemon of today. From 1.26 on.
  std::string name = "Error";
  /// With terminal escapes.
  std::string message;
  /// Below 1.26: the exit status that the daemon's error stands for.
  std::uint32_t exit_status = 1;
  /// What was being done, outermost first. From 1.26 on.
  std::vector<std::string> traces;

  friend bool operator==(const Failure&, const Failure&) = default;
};

struct StartActivity {
  static constexpr std::uint64_t kTag = 0x53545254;

  /// Chosen by the daemon.
  std::uint64_t id = 0;
  Verbosity level = Verbosity::error;
  ActivityType type = ActivityType::unknown;
  /// For people; may be empty.
  std::string text;
  std::vector<Field> fields;
  /// The activity that this one is part of; 0 = none.
  std::uint64_t parent = 0;

  friend bool operator==(const StartActivity&, const StartActivity&) = default;
};

struct StopActivity {
  static constexpr std::uint64_t kTag = 0x53544f50;

  std::uint64_t id = 0;

  friend bool operator==(const StopActivity&, const StopActivity&) = default;
};

struct ActivityResult {
  static constexpr std::uint64_t kTag = 0x52534c54;

  /// The activity's.
  std::uint64_t id = 0;
  ResultType type = ResultType::progress;
  std::vector<Field> fields;

  friend bool operator==(const ActivityResult&, const ActivityResult&) = default;
};

using Message = std::variant<LogLine,
                             PieceWanted,
                             Piece,
                             Finished,
                             Failure,
                             StartActivity,
                             StopActivity,
                             ActivityResult>;

/// For the daemon's half.
void append_message(std::string& out, const Message& message, Protocol protocol);

/// The next message. Throws Error{protocol} for bytes that are none.
DecodeResult<Message> decode_message(std::string_view bytes,
                                     Protocol protocol,
                                     std::uint64_t offset = 0);

/// Answers PieceWanted; `bytes` is not empty and no longer than was wanted.
void append_piece(std::string& out, std::string_view bytes);

/// For the daemon's half: the answer to a PieceWanted of `most` bytes. Throws Error{protocol} where
/// it is empty or longer.
DecodeResult<std::string> decode_piece(std::string_view bytes,
                                       ByteCount most,
                                       std::uint64_t offset = 0);

}  // namespace firn::wire::worker
