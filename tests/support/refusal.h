// SPDX-License-Identifier: Apache-2.0
// What a call says when it refuses its input.
#pragma once

#include "base/error.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::testing {

/// The text of the Error{invalid} that `call` throws.
template <class Call>
std::string refusal_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace firn::testing
