// SPDX-License-Identifier: Apache-2.0
// A conversation with a machine that builds, in whichever protocol it is had. What is asked here is
// all that a step needs; when to give up, and whose fault it was, is for the asker to say.
#pragma once

#include "aio/task.h"
#include "nix/build_result.h"
#include "nix/path_info.h"
#include "store/nar_stream.h"
#include "store/store.h"
#include "transport/link.h"
#include "wire/serve_commands.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace firn::store {

/// What is spoken with a machine that builds.
enum class BuilderProtocol : std::uint8_t {
  serve,   ///< with `nix-store --serve --write`, for logins that may do all that Nix can
  worker,  ///< with `nix-daemon --stdio`, for any login
};

/// Paths to send, in an order in which references come before their referrers.
class PathSource {
 public:
  struct Item {
    nix::PathInfo info;
    std::unique_ptr<NarStream> nar;
  };

  PathSource() = default;
  PathSource(const PathSource&) = delete;
  PathSource& operator=(const PathSource&) = delete;
  virtual ~PathSource() = default;

  /// The next path; none at the end.
  virtual aio::Task<std::optional<Item>> next() = 0;

  /// The machine has registered `path`. Comes in the order of sending, while later paths may be on
  /// their way.
  virtual void acknowledged(const nix::StorePath& /*path*/) {}
};

/// What else is asked of a machine that does not trust our login: it builds no derivation that is
/// not in its store, and takes no path whose origin it cannot check.
class UntrustingBuilder {
 public:
  UntrustingBuilder() = default;
  UntrustingBuilder(const UntrustingBuilder&) = delete;
  UntrustingBuilder& operator=(const UntrustingBuilder&) = delete;
  virtual ~UntrustingBuilder() = default;

  /// Adds a path with the signatures that `info` has. False where it is not content-addressed and
  /// the machine trusts none of them.
  virtual aio::Task<bool> offer(const nix::PathInfo& info, NarStream& nar) = 0;

  /// Has the machine fetch what its substituters have of `paths`.
  virtual aio::Task<void> substitute(nix::StorePathSet paths) = 0;

  /// Has the machine substitute or build what `drv`, which is in its store, needs and is not
  /// there. A failure is an ordinary result.
  virtual aio::Task<nix::BuildResult> build_inputs(const nix::DrvPath& drv,
                                                   const wire::BuildOptions& options) = 0;
};

/// One connection. What it has locked, added or built there is safe from garbage collection as long
/// as it lives. Each request is one conversation, and leaves the connection unusable if it does not
/// come to its end.
class BuilderConnection {
 public:
  BuilderConnection() = default;
  BuilderConnection(const BuilderConnection&) = delete;
  BuilderConnection& operator=(const BuilderConnection&) = delete;
  virtual ~BuilderConnection() = default;

  /// What messages call the machine.
  virtual const std::string& machine() const = 0;

  /// What has moved, and what is printed beside the conversation.
  virtual transport::Link& link() const = 0;

  /// Whether another request may follow.
  virtual bool is_usable() const = 0;

  /// From now on hears what builds print; an empty one hears nothing.
  virtual void listen(LogSink log) = 0;

  /// From the start of the session to its first word: what the login's shell and Nix need.
  virtual Duration greeting_took() const = 0;

  /// Which of `paths` are valid at this moment. Neither locks nor fetches anything.
  virtual aio::Task<nix::StorePathSet> valid(nix::StorePathSet paths) = 0;

  /// Locks `paths`, and says which of them are valid.
  virtual aio::Task<nix::StorePathSet> lock(nix::StorePathSet paths) = 0;

  /// Adds every path of `source`. Throws Error; what was acknowledged before stays.
  virtual aio::Task<void> add_paths(PathSource& source) = 0;

  /// What to ask where the machine does not trust us; nothing where it does.
  virtual UntrustingBuilder* untrusting() { return nullptr; }

  /// Builds a derivation that need not be in the machine's store; its inputs must be. Only where
  /// the machine trusts us. A failed build is an ordinary result. The end of its log may come only
  /// when the connection ends.
  virtual aio::Task<nix::BuildResult> build(const wire::BuildDerivation& request) = 0;

  /// The same for a derivation that is in the machine's store, whether it trusts us or not.
  virtual aio::Task<nix::BuildResult> build_stored(const nix::DrvPath& drv,
                                                   const wire::BuildOptions& options) = 0;

  /// What the machine knows of `paths`; what is not valid is left out. Only for paths that this
  /// connection has locked and found valid, added or built: machines remember infos, absent ones
  /// too.
  virtual aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet paths) = 0;

  /// The NAR of a valid path. To be read to its end: dropped before, it takes the connection with
  /// it.
  virtual std::unique_ptr<NarStream> dump(const nix::StorePath& path) = 0;

  /// Closes the input and waits for the end of the other side; a moment at most, then it is killed.
  virtual aio::Task<void> close() = 0;

  const aio::Progress& progress() const { return link().progress(); }
};

}  // namespace firn::store
