// SPDX-License-Identifier: Apache-2.0
// What a client asks over the serve protocol, and what it is answered. Each message's fields are
// defined once, in serve_fields.h; both halves of a conversation are made of that. A request names
// its reply, its number and the version it came with.
#pragma once

#include "base/units.h"
#include "nix/build_result.h"
#include "nix/derivation.h"
#include "nix/path_info.h"
#include "nix/store_path.h"
#include "wire/codec.h"
#include "wire/request.h"
#include "wire/version.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace firn::wire {

/// Numbers as on the wire.
enum class Command : std::uint8_t {
  query_valid_paths = 1,
  query_path_infos = 2,
  dump_store_path = 3,
  import_paths = 4,
  export_paths = 5,
  build_paths = 6,
  query_closure = 7,
  build_derivation = 8,
  add_to_store_nar = 9,
};

/// How a server is to build. Behind a daemon none of it arrives: whoever asks enforces limits
/// itself as well.
struct BuildOptions {
  /// 0 = no limit.
  std::chrono::seconds max_silent_time{0};
  /// 0 = no limit.
  std::chrono::seconds build_timeout{0};
  /// 0 = no limit. From 2.2 on.
  ByteCount max_log_size = ByteCount(0);
  /// Leave it 0: servers from Nix 2.13 on die of anything else. From 2.3 on.
  std::uint32_t repeats = 0;
  /// Without meaning when nothing is repeated. From 2.3 on.
  bool enforce_determinism = false;
  /// From 2.7 on.
  bool keep_failed = false;

  friend bool operator==(const BuildOptions&, const BuildOptions&) = default;
};

/// The one word, 1, that says that everything before it is registered.
struct Acknowledged {
  friend bool operator==(const Acknowledged&, const Acknowledged&) = default;
};

/// No reply of its own: a NAR follows at once, and only its grammar knows its end.
struct NarFollows {
  friend bool operator==(const NarFollows&, const NarFollows&) = default;
};

/// No reply of its own: an export stream (export_stream.h) follows at once, and tells its own end.
struct ExportFollows {
  friend bool operator==(const ExportFollows&, const ExportFollows&) = default;
};

/// Path infos in the server's order. Paths that are not valid are left out.
using PathInfos = std::vector<nix::PathInfo>;

/// How BuildPaths ended. The status is the exit status of a process (1, 100, 101, 102, 104), not a
/// BuildStatus.
struct BuildPathsReply {
  /// 0 = everything is valid now.
  std::uint32_t exit_status = 0;
  /// Empty on success. With terminal escapes.
  std::string message;

  friend bool operator==(const BuildPathsReply&, const BuildPathsReply&) = default;
};

/// Which of `paths` are valid.
struct QueryValidPaths {
  using Reply = nix::StorePathSet;
  static constexpr Command kCommand = Command::query_valid_paths;
  static constexpr Since kSince = Since::the_start;
  static constexpr bool kStreamFollows = false;

  /// Makes every path, valid or not, a temporary root for as long as the server process lives.
  bool lock = false;
  /// Substitutes what is missing first. Does nothing on a session that has built.
  bool substitute = false;
  nix::StorePathSet paths;

  friend bool operator==(const QueryValidPaths&, const QueryValidPaths&) = default;
};

/// Only for paths that the same session has locked and found valid, added or built: a server
/// remembers infos, absent ones too.
struct QueryPathInfos {
  using Reply = PathInfos;
  static constexpr Command kCommand = Command::query_path_infos;
  static constexpr Since kSince = Since::the_start;
  static constexpr bool kStreamFollows = false;

  nix::StorePathSet paths;

  friend bool operator==(const QueryPathInfos&, const QueryPathInfos&) = default;
};

/// The NAR of a valid path. Where it is not valid, or can't be read, the server ends the
/// conversation.
struct DumpStorePath {
  using Reply = NarFollows;
  static constexpr Command kCommand = Command::dump_store_path;
  static constexpr Since kSince = Since::the_start;
  static constexpr bool kStreamFollows = false;

  nix::StorePath path;

  friend bool operator==(const DumpStorePath&, const DumpStorePath&) = default;
};

/// Adds paths, references first; the export stream follows (export_stream.h), then comes the reply.
/// For servers below 2.5: each NAR is held in their memory, and signatures and content addresses
/// are lost. Absent in Nix 2.32.0 and 2.32.1.
struct ImportPaths {
  using Reply = Acknowledged;
  static constexpr Command kCommand = Command::import_paths;
  static constexpr Since kSince = Since::the_start;
  static constexpr bool kStreamFollows = true;

  friend bool operator==(const ImportPaths&, const ImportPaths&) = default;
};

/// The NARs of exactly `paths`, references first. Never asked by us: QueryPathInfos with
/// DumpStorePath says more, and Nix 2.32 and newer don't know it.
struct ExportPaths {
  using Reply = ExportFollows;
  static constexpr Command kCommand = Command::export_paths;
  static constexpr Since kSince = Since::the_start;
  static constexpr bool kStreamFollows = false;

  /// Without meaning since serve 2.0.
  bool sign = false;
  nix::StorePathSet paths;

  friend bool operator==(const ExportPaths&, const ExportPaths&) = default;
};

/// Builds derivations that are in the server's store; needs no trust.
struct BuildPaths {
  using Reply = BuildPathsReply;
  static constexpr Command kCommand = Command::build_paths;
  static constexpr Since kSince = Since::the_start;
  static constexpr bool kStreamFollows = false;

  /// "/nix/store/….drv" (all outputs) or "/nix/store/….drv!out,dev". "!*" is not understood.
  std::vector<std::string> targets;
  BuildOptions options;

  friend bool operator==(const BuildPaths&, const BuildPaths&) = default;
};

/// Everything that `paths` refer to, with themselves. A path that is not valid ends the
/// conversation.
struct QueryClosure {
  using Reply = nix::StorePathSet;
  static constexpr Command kCommand = Command::query_closure;
  static constexpr Since kSince = Since::the_start;
  static constexpr bool kStreamFollows = false;

  /// Also the valid outputs of every derivation in it, and what they refer to.
  bool include_outputs = false;
  nix::StorePathSet paths;

  friend bool operator==(const QueryClosure&, const QueryClosure&) = default;
};

/// Builds a derivation that need not exist in the server's store; its inputs must be valid there. A
/// failed build is an ordinary reply. Below 2.6 the result holds no outputs: they are those of the
/// derivation that was sent.
struct BuildDerivation {
  using Reply = nix::BuildResult;
  static constexpr Command kCommand = Command::build_derivation;
  static constexpr Since kSince = Since::build_derivation;
  static constexpr bool kStreamFollows = false;

  nix::DrvPath drv_path;
  nix::BasicDerivation derivation;
  BuildOptions options;

  friend bool operator==(const BuildDerivation&, const BuildDerivation&) = default;
};

/// Adds one path whose references are valid; exactly `info.nar_size` bytes of NAR follow, then
/// comes the reply. The NAR hash must be there, and the size must not be 0.
struct AddToStoreNar {
  using Reply = Acknowledged;
  static constexpr Command kCommand = Command::add_to_store_nar;
  static constexpr Since kSince = Since::add_to_store_nar;
  static constexpr bool kStreamFollows = true;

  nix::PathInfo info;

  friend bool operator==(const AddToStoreNar&, const AddToStoreNar&) = default;
};

/// The number of the next request. Throws Error{protocol} for one that is unknown.
DecodeResult<Command> decode_command(std::string_view bytes, std::uint64_t offset = 0);

}  // namespace firn::wire
