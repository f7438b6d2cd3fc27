// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL cluster that the tests of this program share.
#pragma once

#include "lab/postgres.h"

namespace firn::testing {

lab::Postgres& cluster();

}  // namespace firn::testing
