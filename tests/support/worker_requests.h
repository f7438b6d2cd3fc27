// SPDX-License-Identifier: Apache-2.0
// Every request of the worker protocol, for tests that go through all of them, and what a client
// uploads behind one.
#pragma once

#include "support/worker_samples.h"
#include "wire/framed_stream.h"
#include "wire/worker_messages.h"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace firn::testing {

template <class... Requests>
struct RequestList {
  /// Such as ::testing::Types.
  template <template <class...> class List>
  using As = List<Requests...>;

  /// Calls `visit.operator()<Request>()` for each.
  template <class Visit>
  static void for_each(Visit visit) {
    (visit.template operator()<Requests>(), ...);
  }
};

using WorkerRequests = RequestList<wire::worker::IsValidPath,
                                   wire::worker::QueryPathInfo,
                                   wire::worker::QueryValidPaths,
                                   wire::worker::QueryAllValidPaths,
                                   wire::worker::QueryPathFromHashPart,
                                   wire::worker::QueryReferrers,
                                   wire::worker::QueryValidDerivers,
                                   wire::worker::QueryDerivationOutputMap,
                                   wire::worker::QuerySubstitutablePaths,
                                   wire::worker::QuerySubstitutablePathInfo,
                                   wire::worker::QuerySubstitutablePathInfos,
                                   wire::worker::QueryMissing,
                                   wire::worker::QueryRealisation,
                                   wire::worker::NarFromPath,
                                   wire::worker::SetOptions,
                                   wire::worker::BuildPaths,
                                   wire::worker::BuildPathsWithResults,
                                   wire::worker::BuildDerivation,
                                   wire::worker::EnsurePath,
                                   wire::worker::AddToStoreNar,
                                   wire::worker::AddMultipleToStore,
                                   wire::worker::AddToStore,
                                   wire::worker::AddTextToStore,
                                   wire::worker::AddSignatures,
                                   wire::worker::RegisterDrvOutput,
                                   wire::worker::AddBuildLog,
                                   wire::worker::AddTempRoot,
                                   wire::worker::AddIndirectRoot,
                                   wire::worker::AddPermRoot,
                                   wire::worker::SyncWithGc,
                                   wire::worker::FindRoots,
                                   wire::worker::CollectGarbage,
                                   wire::worker::OptimiseStore,
                                   wire::worker::VerifyStore>;

/// `payload` as two frames and the empty one.
inline std::string framed(std::string_view payload) {
  constexpr std::size_t kFirst = 20;
  std::string out;
  wire::append_frames(out, payload.substr(0, kFirst));
  wire::append_frames(out, payload.substr(std::min(kFirst, payload.size())));
  wire::append_frames_end(out);
  return out;
}

/// What follows the fields of a request that uploads `nar`; nothing for most.
template <class Request>
std::string upload_bytes(WorkerSamples& samples,
                         wire::worker::Protocol protocol,
                         std::string_view nar) {
  using wire::worker::Upload;
  std::string out;
  switch (wire::worker::upload_of<Request>(protocol)) {
    case Upload::nothing:
      break;
    case Upload::nar:
      out = nar;
      break;
    case Upload::pulled:
      wire::worker::append_piece(out, nar);
      break;
    case Upload::frames:
      if constexpr (std::same_as<Request, wire::worker::AddMultipleToStore>) {
        wire::worker::append_added_count(out, 1);
        wire::worker::append_added_path(out, samples.path_info());
      }
      out = framed(out.append(nar));
  }
  return out;
}

}  // namespace firn::testing
