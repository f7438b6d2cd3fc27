// SPDX-License-Identifier: Apache-2.0
// What a client gives to a daemon: paths, signatures, realisations, logs.
#pragma once

#include "nix/path_info.h"
#include "nix/store_path.h"
#include "wire/request.h"
#include "wire/serve_commands.h"
#include "wire/worker_operations.h"
#include "wire/worker_types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::wire::worker {

/// Adds one path whose references are valid; its NAR follows. The NAR hash must be there.
struct AddToStoreNar {
  using Reply = NoReply;
  static constexpr Operation kOperation = Operation::add_to_store_nar;
  static constexpr Since kSince = Since::the_start;

  static constexpr Upload upload(Protocol protocol) {
    return has(protocol, Since::framed_nar) ? Upload::frames : Upload::pulled;
  }

  /// `ultimate` counts for trusted clients only.
  nix::PathInfo info;
  /// Replaces a path that is damaged. Needs trust.
  bool repair = false;
  /// Takes a path that nobody whom the daemon trusts has signed. Without trust it has no effect.
  bool dont_check_signatures = false;

  friend bool operator==(const AddToStoreNar&, const AddToStoreNar&) = default;
};

/// Adds many paths, references first, in one framed stream: their number, then of each what
/// `append_added_path` writes and its NAR of `nar_size` bytes. That they are `ultimate` is not
/// heard.
struct AddMultipleToStore {
  using Reply = NoReply;
  static constexpr Operation kOperation = Operation::add_multiple_to_store;
  static constexpr Since kSince = Since::add_multiple_to_store;

  static constexpr Upload upload(Protocol /*protocol*/) { return Upload::frames; }

  /// As in AddToStoreNar.
  bool repair = false;
  bool dont_check_signatures = false;

  friend bool operator==(const AddMultipleToStore&, const AddMultipleToStore&) = default;
};

/// Starts the stream of AddMultipleToStore.
void append_added_count(std::string& stream, std::uint64_t paths);
DecodeResult<std::uint64_t> decode_added_count(std::string_view bytes, std::uint64_t offset = 0);

/// Stands before the NAR of each path in the stream of AddMultipleToStore. The same at every
/// version.
void append_added_path(std::string& stream, const nix::PathInfo& info);
DecodeResult<nix::PathInfo> decode_added_path(std::string_view bytes, std::uint64_t offset = 0);

/// Where the content of AddToStore is now.
struct AddedPath {
  nix::StorePath path;
  /// From 1.25 on.
  std::optional<UnkeyedPathInfo> info;

  friend bool operator==(const AddedPath&, const AddedPath&) = default;
};

/// Adds what follows under the path that its content has.
struct AddToStore {
  using Reply = AddedPath;
  static constexpr Operation kOperation = Operation::add_to_store;
  static constexpr Since kSince = Since::the_start;

  /// From 1.25 on a NAR for the methods "fixed:r:…" and "fixed:git:…", and the bytes of a file for
  /// the others. Below, always a NAR.
  static constexpr Upload upload(Protocol protocol) {
    return has(protocol, Since::add_to_store_by_method) ? Upload::frames : Upload::nar;
  }

  std::string name;
  /// Such as "fixed:r:sha256", "fixed:sha1", "text:sha256". Below 1.25 only the first two kinds.
  std::string method;
  /// From 1.25 on.
  nix::StorePathSet references;
  /// From 1.25 on.
  bool repair = false;

  friend bool operator==(const AddToStore&, const AddToStore&) = default;
};

/// Adds a file of "text:sha256". For daemons below 1.25; newer ones know it still.
struct AddTextToStore {
  using Reply = nix::StorePath;
  static constexpr Operation kOperation = Operation::add_text_to_store;
  static constexpr Since kSince = Since::the_start;

  std::string name;
  std::string contents;
  nix::StorePathSet references;

  friend bool operator==(const AddTextToStore&, const AddTextToStore&) = default;
};

/// Signs a valid path further.
struct AddSignatures {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::add_signatures;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;
  std::vector<std::string> signatures;

  friend bool operator==(const AddSignatures&, const AddSignatures&) = default;
};

/// Says which path an output became.
struct RegisterDrvOutput {
  using Reply = NoReply;
  static constexpr Operation kOperation = Operation::register_drv_output;
  static constexpr Since kSince = Since::realisations;

  AnyRealisation realisation;

  friend bool operator==(const RegisterDrvOutput&, const RegisterDrvOutput&) = default;
};

/// Keeps the log of a build that was done elsewhere; its text follows. Needs trust.
struct AddBuildLog {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::add_build_log;
  static constexpr Since kSince = Since::add_build_log;

  static constexpr Upload upload(Protocol /*protocol*/) { return Upload::frames; }

  /// Travels as a base name, unlike every other path.
  nix::DrvPath drv;

  friend bool operator==(const AddBuildLog&, const AddBuildLog&) = default;
};

}  // namespace firn::wire::worker
