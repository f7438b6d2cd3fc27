// SPDX-License-Identifier: Apache-2.0
// What went wrong with a line, and where.
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  bool is_set;
  size_t column;  // from 1; 0 = nowhere in particular
  char message[160];
} Failure;

// Keeps the first failure and ignores later ones. Always returns false.
bool fail(Failure* failure, size_t column, const char* format, ...)
    __attribute__((format(printf, 3, 4)));
