// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_operations.h"

#include "wire/conversation.h"
#include "wire/worker_fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace firn::wire {

namespace worker {

namespace {

constexpr std::array<std::pair<Operation, std::string_view>, 34> kNames{{
    {Operation::is_valid_path, "IsValidPath"},
    {Operation::query_referrers, "QueryReferrers"},
    {Operation::add_to_store, "AddToStore"},
    {Operation::add_text_to_store, "AddTextToStore"},
    {Operation::build_paths, "BuildPaths"},
    {Operation::ensure_path, "EnsurePath"},
    {Operation::add_temp_root, "AddTempRoot"},
    {Operation::add_indirect_root, "AddIndirectRoot"},
    {Operation::sync_with_gc, "SyncWithGC"},
    {Operation::find_roots, "FindRoots"},
    {Operation::set_options, "SetOptions"},
    {Operation::collect_garbage, "CollectGarbage"},
    {Operation::query_substitutable_path_info, "QuerySubstitutablePathInfo"},
    {Operation::query_all_valid_paths, "QueryAllValidPaths"},
    {Operation::query_path_info, "QueryPathInfo"},
    {Operation::query_path_from_hash_part, "QueryPathFromHashPart"},
    {Operation::query_substitutable_path_infos, "QuerySubstitutablePathInfos"},
    {Operation::query_valid_paths, "QueryValidPaths"},
    {Operation::query_substitutable_paths, "QuerySubstitutablePaths"},
    {Operation::query_valid_derivers, "QueryValidDerivers"},
    {Operation::optimise_store, "OptimiseStore"},
    {Operation::verify_store, "VerifyStore"},
    {Operation::build_derivation, "BuildDerivation"},
    {Operation::add_signatures, "AddSignatures"},
    {Operation::nar_from_path, "NarFromPath"},
    {Operation::add_to_store_nar, "AddToStoreNar"},
    {Operation::query_missing, "QueryMissing"},
    {Operation::query_derivation_output_map, "QueryDerivationOutputMap"},
    {Operation::register_drv_output, "RegisterDrvOutput"},
    {Operation::query_realisation, "QueryRealisation"},
    {Operation::add_multiple_to_store, "AddMultipleToStore"},
    {Operation::add_build_log, "AddBuildLog"},
    {Operation::build_paths_with_results, "BuildPathsWithResults"},
    {Operation::add_perm_root, "AddPermRoot"},
}};

/// The layout in which AddMultipleToStore has path infos, whatever was agreed.
constexpr Protocol kAddedPaths{.version = WorkerVersion(static_cast<std::uint8_t>(Since::ultimate)),
                               .features = {}};

/// What `read` fills, or how much is missing of it.
template <class T, class Read>
DecodeResult<T> decode(std::string_view bytes, std::uint64_t offset, Read read) {
  Decoder io(bytes, offset);
  auto value = blank<T>();
  read(io, value);
  if (io.is_short()) return Short{io.missing()};
  return Decoded<T>{.value = std::move(value), .consumed = io.consumed()};
}

}  // namespace

std::string_view to_string(Operation operation) {
  const auto* const entry =
      std::ranges::find(kNames, operation, &std::pair<Operation, std::string_view>::first);
  FIRN_CHECK(entry != kNames.end());
  return entry->second;
}

DecodeResult<Operation> decode_operation(std::string_view bytes, std::uint64_t offset) {
  return decode<Operation>(bytes, offset, [](Decoder& io, Operation& operation) {
    std::uint32_t number = 0;
    io.u32(number);
    if (io.is_short()) return;
    const bool is_known = std::ranges::any_of(kNames, [&](const auto& entry) {
      return static_cast<std::uint32_t>(entry.first) == number;
    });
    if (!is_known) io.fail("the number of a worker operation", fmt::to_string(number));
    operation = static_cast<Operation>(number);
  });
}

void append_added_count(std::string& stream, std::uint64_t paths) {
  Encoder(stream).u64(paths);
}

DecodeResult<std::uint64_t> decode_added_count(std::string_view bytes, std::uint64_t offset) {
  return decode<std::uint64_t>(
      bytes, offset, [](Decoder& io, std::uint64_t& paths) { io.u64(paths); });
}

void append_added_path(std::string& stream, const nix::PathInfo& info) {
  Encoder io(stream);
  fields(io, info, kAddedPaths);
}

DecodeResult<nix::PathInfo> decode_added_path(std::string_view bytes, std::uint64_t offset) {
  return decode<nix::PathInfo>(
      bytes, offset, [](Decoder& io, nix::PathInfo& info) { fields(io, info, kAddedPaths); });
}

}  // namespace worker

FIRN_COMPILE_REQUEST(worker::IsValidPath);
FIRN_COMPILE_REQUEST(worker::QueryPathInfo);
FIRN_COMPILE_REQUEST(worker::QueryValidPaths);
FIRN_COMPILE_REQUEST(worker::QueryAllValidPaths);
FIRN_COMPILE_REQUEST(worker::QueryPathFromHashPart);
FIRN_COMPILE_REQUEST(worker::QueryReferrers);
FIRN_COMPILE_REQUEST(worker::QueryValidDerivers);
FIRN_COMPILE_REQUEST(worker::QueryDerivationOutputMap);
FIRN_COMPILE_REQUEST(worker::QuerySubstitutablePaths);
FIRN_COMPILE_REQUEST(worker::QuerySubstitutablePathInfo);
FIRN_COMPILE_REQUEST(worker::QuerySubstitutablePathInfos);
FIRN_COMPILE_REQUEST(worker::QueryMissing);
FIRN_COMPILE_REQUEST(worker::QueryRealisation);
FIRN_COMPILE_REQUEST(worker::NarFromPath);
FIRN_COMPILE_REQUEST(worker::SetOptions);
FIRN_COMPILE_REQUEST(worker::BuildPaths);
FIRN_COMPILE_REQUEST(worker::BuildPathsWithResults);
FIRN_COMPILE_REQUEST(worker::BuildDerivation);
FIRN_COMPILE_REQUEST(worker::EnsurePath);
FIRN_COMPILE_REQUEST(worker::AddToStoreNar);
FIRN_COMPILE_REQUEST(worker::AddMultipleToStore);
FIRN_COMPILE_REQUEST(worker::AddToStore);
FIRN_COMPILE_REQUEST(worker::AddTextToStore);
FIRN_COMPILE_REQUEST(worker::AddSignatures);
FIRN_COMPILE_REQUEST(worker::RegisterDrvOutput);
FIRN_COMPILE_REQUEST(worker::AddBuildLog);
FIRN_COMPILE_REQUEST(worker::AddTempRoot);
FIRN_COMPILE_REQUEST(worker::AddIndirectRoot);
FIRN_COMPILE_REQUEST(worker::AddPermRoot);
FIRN_COMPILE_REQUEST(worker::SyncWithGc);
FIRN_COMPILE_REQUEST(worker::FindRoots);
FIRN_COMPILE_REQUEST(worker::CollectGarbage);
FIRN_COMPILE_REQUEST(worker::OptimiseStore);
FIRN_COMPILE_REQUEST(worker::VerifyStore);

}  // namespace firn::wire
