// SPDX-License-Identifier: Apache-2.0
#include "rational.h"

#include "check.h"

static Rational random_rational(Arena* arena, uint64_t* state) {
  const Natural top = natural_from(arena, check_random(state) >> check_random(state) % 64);
  const Natural bottom = natural_from(arena, (check_random(state) >> check_random(state) % 64) | 1);
  return rational_make(arena, check_random(state) % 2 == 0, top, bottom);
}

static bool same(Arena* arena, Rational a, Rational b) {
  return rational_compare(arena, a, b) == 0;
}

static void check_laws(uint64_t* state) {
  Arena* arena = arena_new();
  const Rational a = random_rational(arena, state);
  const Rational b = random_rational(arena, state);
  const Rational c = random_rational(arena, state);
  const Rational sum = rational_add(arena, a, b);
  CHECK(same(arena, sum, rational_add(arena, b, a)));
  CHECK(same(arena, rational_subtract(arena, sum, b), a));
  CHECK(same(arena,
             rational_multiply(arena, sum, c),
             rational_add(arena, rational_multiply(arena, a, c), rational_multiply(arena, b, c))));
  if (!rational_is_zero(b))
    CHECK(same(arena, rational_multiply(arena, rational_divide(arena, a, b), b), a));
  const Rational floor = rational_floor(arena, a);
  CHECK(rational_is_integer(floor));
  CHECK(rational_compare(arena, floor, a) <= 0);
  CHECK(rational_compare(arena, rational_add(arena, floor, rational_from(arena, 1)), a) > 0);
  arena_free(arena);
}

int main(void) {
  Arena* arena = arena_new();
  const Rational half = rational_divide(arena, rational_from(arena, -2), rational_from(arena, -4));
  CHECK(!half.is_negative && half.top.digits[0] == 1 && half.bottom.digits[0] == 2);
  CHECK(same(arena, rational_power(arena, half, -3), rational_from(arena, 8)));
  CHECK(!rational_negate(rational_from(arena, 0)).is_negative);
  arena_free(arena);
  uint64_t state = 7;
  for (int i = 0; i < 10000; ++i)
    check_laws(&state);
  return check_done();
}
