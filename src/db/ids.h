// SPDX-License-Identifier: Apache-2.0
// The database's names for things.
#pragma once

#include "base/id.h"

#include <cstdint>

namespace firn::db {

/// Builds.id: given out in order.
using BuildId = Id<struct BuildTag, std::int64_t>;

/// Jobsets.id.
using JobsetId = Id<struct JobsetTag, std::int64_t>;

/// BuildSteps.stepnr: counted from 1 within a build.
using StepNr = Id<struct StepNrTag, std::int64_t>;

}  // namespace firn::db
