// SPDX-License-Identifier: Apache-2.0
// Natural numbers of any length: digits of base 1,000,000,000, the lowest first, never a leading
// zero.
#pragma once

#include "arena.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  size_t size;  // 0 = zero
  const uint32_t* digits;
} Natural;

Natural natural_from(Arena* arena, uint64_t value);

// `length` decimal digits, nothing else.
Natural natural_parse(Arena* arena, const char* digits, size_t length);
void natural_print(Text* text, Natural a);

bool natural_is_zero(Natural a);
int natural_compare(Natural a, Natural b);

// False where it needs more than 64 bits.
bool natural_to_u64(Natural a, uint64_t* value);

Natural natural_add(Arena* arena, Natural a, Natural b);

// Needs a >= b.
Natural natural_subtract(Arena* arena, Natural a, Natural b);
Natural natural_multiply(Arena* arena, Natural a, Natural b);

// Needs b > 0. `rest` may be NULL.
Natural natural_divide(Arena* arena, Natural a, Natural b, Natural* rest);
Natural natural_power(Arena* arena, Natural base, uint64_t exponent);
Natural natural_gcd(Arena* arena, Natural a, Natural b);
