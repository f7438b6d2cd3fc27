// SPDX-License-Identifier: Apache-2.0
#include "natural.h"

#include "check.h"

static Natural parse(Arena* arena, const char* digits) {
  return natural_parse(arena, digits, strlen(digits));
}

static const char* print(Arena* arena, Natural a) {
  Text text = text_new(arena);
  natural_print(&text, a);
  return text_string(&text);
}

static Natural random_natural(Arena* arena, uint64_t* state) {
  char digits[200];
  const size_t length = 1 + check_random(state) % (sizeof digits - 1);
  for (size_t i = 0; i < length; ++i)
    digits[i] = "0099123456780099"[check_random(state) % 16];
  return natural_parse(arena, digits, length);
}

static void check_words(Arena* arena) {
  CHECK_TEXT(print(arena, natural_from(arena, 0)), "0");
  CHECK_TEXT(print(arena, natural_from(arena, UINT64_MAX)), "18446744073709551615");
  CHECK_TEXT(print(arena, parse(arena, "0001000000000000000000000")), "1000000000000000000000");
  CHECK_TEXT(print(arena, natural_power(arena, natural_from(arena, 2), 127)),
             "170141183460469231731687303715884105728");
  uint64_t value = 0;
  CHECK(natural_to_u64(parse(arena, "18446744073709551615"), &value) && value == UINT64_MAX);
  CHECK(!natural_to_u64(parse(arena, "18446744073709551616"), &value));
}

// What must hold for any numbers.
static void check_laws(uint64_t* state) {
  Arena* arena = arena_new();
  const Natural a = random_natural(arena, state);
  const Natural b = natural_add(arena, random_natural(arena, state), natural_from(arena, 1));
  Natural rest;
  const Natural quotient = natural_divide(arena, a, b, &rest);
  CHECK(natural_compare(rest, b) < 0);
  CHECK(natural_compare(natural_add(arena, natural_multiply(arena, quotient, b), rest), a) == 0);
  CHECK(natural_compare(natural_subtract(arena, natural_add(arena, a, b), b), a) == 0);
  CHECK(natural_compare(natural_multiply(arena, a, b), natural_multiply(arena, b, a)) == 0);
  CHECK(natural_compare(parse(arena, print(arena, a)), a) == 0);
  const Natural divisor = natural_gcd(arena, a, b);
  natural_divide(arena, a, divisor, &rest);
  CHECK(natural_is_zero(rest));
  natural_divide(arena, b, divisor, &rest);
  CHECK(natural_is_zero(rest));
  arena_free(arena);
}

int main(void) {
  Arena* arena = arena_new();
  check_words(arena);
  arena_free(arena);
  uint64_t state = 42;
  for (int i = 0; i < 10000; ++i)
    check_laws(&state);
  return check_done();
}
