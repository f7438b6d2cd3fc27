// SPDX-License-Identifier: Apache-2.0
#include "printer.h"

void print_fraction(Text* text, Rational value) {
  if (value.is_negative) text_add_char(text, '-');
  natural_print(text, value.top);
  if (rational_is_integer(value)) return;
  text_add_char(text, '/');
  natural_print(text, value.bottom);
}

// How many digits come before the part that repeats: as many as the bottom has factors 2 or 5,
// whichever are more.
static size_t lead_of(Arena* arena, Natural bottom, size_t limit) {
  size_t lead = 0;
  for (const uint64_t* prime = (const uint64_t[]){2, 5, 0}; *prime != 0; ++prime) {
    const Natural divisor = natural_from(arena, *prime);
    Natural left = bottom;
    for (size_t count = 1; count <= limit; ++count) {
      Natural rest;
      left = natural_divide(arena, left, divisor, &rest);
      if (!natural_is_zero(rest)) break;
      if (count > lead) lead = count;
    }
  }
  return lead;
}

void print_decimal(Text* text, Arena* arena, Rational value, size_t limit) {
  const Natural ten = natural_from(arena, 10);
  Natural rest;
  if (value.is_negative) text_add_char(text, '-');
  natural_print(text, natural_divide(arena, value.top, value.bottom, &rest));
  if (natural_is_zero(rest)) return;

  const size_t lead = lead_of(arena, value.bottom, limit);
  Text digits = text_new(arena);
  Natural first = rest;
  bool repeats = false;
  for (size_t count = 0; count < limit && !natural_is_zero(rest) && !repeats; ++count) {
    if (count == lead) {
      first = rest;
      text_add_char(&digits, '(');
    }
    natural_print(&digits,
                  natural_divide(arena, natural_multiply(arena, rest, ten), value.bottom, &rest));
    repeats = count >= lead && natural_compare(rest, first) == 0;
  }
  text_add_char(text, '.');
  if (repeats || natural_is_zero(rest)) {
    text_add(text, text_string(&digits));
    if (repeats) text_add_char(text, ')');
    return;
  }
  for (const char* at = text_string(&digits); *at != '\0'; ++at) {
    if (*at != '(') text_add_char(text, *at);
  }
  text_add(text, "…");
}
