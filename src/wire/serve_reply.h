// SPDX-License-Identifier: Apache-2.0
// The replies of the serve protocol.
#pragma once

#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
