// SPDX-License-Identifier: Apache-2.0
// Fractions, always in lowest terms. Zero is never negative.
#pragma once

#include "natural.h"

typedef struct {
  bool is_negative;
  Natural top;
  Natural bottom;  // > 0
} Rational;

Rational rational_from(Arena* arena, int64_t value);

// Needs bottom > 0; reduces.
Rational rational_make(Arena* arena, bool is_negative, Natural top, Natural bottom);

bool rational_is_zero(Rational a);
bool rational_is_integer(Rational a);
int rational_compare(Arena* arena, Rational a, Rational b);

Rational rational_negate(Rational a);
Rational rational_add(Arena* arena, Rational a, Rational b);
Rational rational_subtract(Arena* arena, Rational a, Rational b);
Rational rational_multiply(Arena* arena, Rational a, Rational b);

// Needs b != 0.
Rational rational_divide(Arena* arena, Rational a, Rational b);

// The greatest integer that is not above a.
Rational rational_floor(Arena* arena, Rational a);

// Where the exponent is negative, a must not be zero.
Rational rational_power(Arena* arena, Rational a, int64_t exponent);
