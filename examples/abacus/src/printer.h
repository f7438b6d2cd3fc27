// SPDX-License-Identifier: Apache-2.0
// Values as people read them.
#pragma once

#include "rational.h"

// "-22/7".
void print_fraction(Text* text, Rational value);

// Exact, the part that repeats in brackets: "3.(142857)". After `limit` digits it gives up and ends
// in "…".
void print_decimal(Text* text, Arena* arena, Rational value, size_t limit);
