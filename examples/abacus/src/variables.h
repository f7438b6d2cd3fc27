// SPDX-License-Identifier: Apache-2.0
// Names and their values.
#pragma once

#include "rational.h"

typedef struct Variable Variable;

typedef struct {
  Arena* arena;
  Variable* first;
} Variables;

// NULL where there is none of that name.
const Rational* variables_find(const Variables* variables, const char* name, size_t length);
void variables_set(Variables* variables, const char* name, size_t length, Rational value);
