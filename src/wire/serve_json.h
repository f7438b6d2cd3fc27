// SPDX-License-Identifier: Apache-2.0
// Messages of the serve protocol as JSON; see common_json.h.
#pragma once

#include "wire/common_json.h"
#include "wire/serve_commands.h"

namespace firn::wire {

Json shown(const BuildOptions& options);
Json shown(const PathInfos& reply);
Json shown(const BuildPathsReply& reply);
Json shown(const QueryValidPaths& request);
Json shown(const QueryPathInfos& request);
Json shown(const DumpStorePath& request);
Json shown(const ImportPaths& request);
Json shown(const ExportPaths& request);
Json shown(const BuildPaths& request);
Json shown(const QueryClosure& request);
Json shown(const BuildDerivation& request);
Json shown(const AddToStoreNar& request);

}  // namespace firn::wire
