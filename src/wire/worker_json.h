// SPDX-License-Identifier: Apache-2.0
// Messages of the worker protocol as JSON; see common_json.h.
#pragma once

#include "wire/common_json.h"
#include "wire/worker_builds.h"
#include "wire/worker_handshake.h"
#include "wire/worker_messages.h"
#include "wire/worker_queries.h"
#include "wire/worker_types.h"
#include "wire/worker_upkeep.h"
#include "wire/worker_uploads.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firn::wire::worker {

using nix::Json;
using wire::shown;

Json shown(const Message& message);

Json shown(const nix::DerivedPath& path);
Json shown(const OutputId& output);
Json shown(const AnyRealisation& realisation);
Json shown(const UnkeyedPathInfo& info);
Json shown(const KeyedBuildResult& keyed);

Json shown(const DaemonInfo& info);

Json shown(const NoReply& reply);
Json shown(const AddedPath& reply);
Json shown(const std::optional<UnkeyedPathInfo>& reply);
Json shown(const std::map<std::string, std::optional<nix::StorePath>>& reply);
Json shown(const std::optional<SubstitutablePath>& reply);
Json shown(const std::map<nix::StorePath, SubstitutablePath>& reply);
Json shown(const MissingPaths& reply);
Json shown(const std::optional<FoundRealisation>& reply);
Json shown(const std::vector<KeyedBuildResult>& reply);
Json shown(const std::vector<Root>& reply);
Json shown(const GcResult& reply);

Json shown(const IsValidPath& request);
Json shown(const QueryPathInfo& request);
Json shown(const QueryValidPaths& request);
Json shown(const QueryAllValidPaths& request);
Json shown(const QueryPathFromHashPart& request);
Json shown(const QueryReferrers& request);
Json shown(const QueryValidDerivers& request);
Json shown(const QueryDerivationOutputMap& request);
Json shown(const QuerySubstitutablePaths& request);
Json shown(const QuerySubstitutablePathInfo& request);
Json shown(const QuerySubstitutablePathInfos& request);
Json shown(const QueryMissing& request);
Json shown(const QueryRealisation& request);
Json shown(const NarFromPath& request);

Json shown(const SetOptions& request);
Json shown(const BuildPaths& request);
Json shown(const BuildPathsWithResults& request);
Json shown(const BuildDerivation& request);
Json shown(const EnsurePath& request);

Json shown(const AddToStoreNar& request);
Json shown(const AddMultipleToStore& request);
Json shown(const AddToStore& request);
Json shown(const AddTextToStore& request);
Json shown(const AddSignatures& request);
Json shown(const RegisterDrvOutput& request);
Json shown(const AddBuildLog& request);

Json shown(const AddTempRoot& request);
Json shown(const AddIndirectRoot& request);
Json shown(const AddPermRoot& request);
Json shown(const SyncWithGc& request);
Json shown(const FindRoots& request);
Json shown(const CollectGarbage& request);
Json shown(const OptimiseStore& request);
Json shown(const VerifyStore& request);

}  // namespace firn::wire::worker
