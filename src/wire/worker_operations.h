// SPDX-License-Identifier: Apache-2.0
// The operations of the worker protocol by number. What a client asks is in worker_queries.h,
// worker_builds.h, worker_uploads.h and worker_upkeep.h; each message's fields are defined once, in
// worker_fields.h, and both halves of a conversation are made of that.
//
// A request, once sent, is followed by what it uploads, then by the daemon's messages
// (worker_messages.h), then by its reply.
#pragma once

#include "wire/codec.h"
#include "wire/worker_version.h"

#include <cstdint>
#include <string_view>

namespace firn::wire::worker {

/// Numbers as on the wire. Left out are those that Nix has removed, three that clients stopped
/// asking with Nix 2.4 (QueryDeriver, 18; QueryDerivationOutputs, 22; QueryDerivationOutputNames,
/// 28), and two that exist within builds only (1000, 1001).
enum class Operation : std::uint8_t {
  is_valid_path = 1,
  query_referrers = 6,
  add_to_store = 7,
  add_text_to_store = 8,
  build_paths = 9,
  ensure_path = 10,
  add_temp_root = 11,
  add_indirect_root = 12,
  sync_with_gc = 13,
  find_roots = 14,
  set_options = 19,
  collect_garbage = 20,
  query_substitutable_path_info = 21,
  query_all_valid_paths = 23,
  query_path_info = 26,
  query_path_from_hash_part = 29,
  query_substitutable_path_infos = 30,
  query_valid_paths = 31,
  query_substitutable_paths = 32,
  query_valid_derivers = 33,
  optimise_store = 34,
  verify_store = 35,
  build_derivation = 36,
  add_signatures = 37,
  nar_from_path = 38,
  add_to_store_nar = 39,
  query_missing = 40,
  query_derivation_output_map = 41,
  register_drv_output = 42,
  query_realisation = 43,
  add_multiple_to_store = 44,
  add_build_log = 45,
  build_paths_with_results = 46,
  add_perm_root = 47,
};

/// Such as "QueryPathInfo": Nix's own name.
std::string_view to_string(Operation operation);

/// The number of the next request. Throws Error{protocol} for one that is unknown.
DecodeResult<Operation> decode_operation(std::string_view bytes, std::uint64_t offset = 0);

/// How what follows a request's fields travels.
enum class Upload : std::uint8_t {
  nothing,
  frames,  ///< framed_stream.h
  pulled,  ///< piece by piece, as the daemon asks for it: PieceWanted
  nar,     ///< a NAR as it is: only its grammar knows its end
};

/// What follows a request's fields. Most are followed by nothing.
template <class Request>
constexpr Upload upload_of(Protocol protocol) {
  if constexpr (requires { Request::upload(protocol); }) {
    return Request::upload(protocol);
  } else {
    return Upload::nothing;
  }
}

}  // namespace firn::wire::worker
