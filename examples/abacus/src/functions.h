// SPDX-License-Identifier: Apache-2.0
// The functions that a line may call.
#pragma once

#include "failure.h"
#include "rational.h"

typedef struct {
  const char* name;
  const char* help;
  size_t least;
  size_t most;
  bool needs_integers;
  Rational (*apply)(Arena* arena, const Rational* arguments, size_t count, Failure* failure);
} Function;

extern const Function functions[];
extern const size_t function_count;

// NULL where there is none of that name.
const Function* function_find(const char* name, size_t length);

// n! for 0 <= n <= 20000, else a failure.
Rational factorial(Arena* arena, Rational n, Failure* failure);
