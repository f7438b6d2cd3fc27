// SPDX-License-Identifier: Apache-2.0
#include "printer.h"

#include "check.h"

static const char* decimal(Arena* arena, int64_t top, int64_t bottom, size_t limit) {
  Text text = text_new(arena);
  const Rational value =
      rational_divide(arena, rational_from(arena, top), rational_from(arena, bottom));
  print_decimal(&text, arena, value, limit);
  return text_string(&text);
}

// 1/p repeats after p - 1 digits, or after a divisor of p - 1.
static void check_periods(void) {
  for (size_t p = 7; p < 800; p += 2) {
    bool is_prime = p % 5 != 0;
    for (size_t d = 3; d * d <= p; d += 2)
      is_prime = is_prime && p % d != 0;
    if (!is_prime) continue;
    Arena* arena = arena_new();
    const size_t period = strlen(decimal(arena, 1, (int64_t)p, p)) - strlen("0.()");
    CHECK((p - 1) % period == 0);
    arena_free(arena);
  }
}

int main(void) {
  Arena* arena = arena_new();
  CHECK_TEXT(decimal(arena, 6, 3, 60), "2");
  CHECK_TEXT(decimal(arena, 1, 8, 60), "0.125");
  CHECK_TEXT(decimal(arena, -22, 7, 60), "-3.(142857)");
  CHECK_TEXT(decimal(arena, 1, 12, 60), "0.08(3)");
  CHECK_TEXT(decimal(arena, 1, 7, 4), "0.1428…");
  arena_free(arena);
  check_periods();
  return check_done();
}
