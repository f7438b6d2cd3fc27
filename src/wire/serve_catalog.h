// SPDX-License-Identifier: Apache-2.0
// Every message of the serve protocol under a name. A new message is one more line in
// serve_catalog.cc.
#pragma once

#include "wire/catalog.h"
#include "wire/version.h"

namespace firn::wire {

Catalog<ServeVersion> serve_catalog();

}  // namespace firn::wire
