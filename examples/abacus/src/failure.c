// SPDX-License-Identifier: Apache-2.0
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(Failure* failure, size_t column, const char* format, ...) {
  if (failure->is_set) return false;
  failure->is_set = true;
  failure->column = column;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure->message, sizeof failure->message, format, arguments);
  va_end(arguments);
  return false;
}
