// SPDX-License-Identifier: Apache-2.0
#include "rational.h"

Rational rational_make(Arena* arena, bool is_negative, Natural top, Natural bottom) {
  const Natural divisor = natural_gcd(arena, top, bottom);
  return (Rational){.is_negative = is_negative && !natural_is_zero(top),
                    .top = natural_divide(arena, top, divisor, NULL),
                    .bottom = natural_divide(arena, bottom, divisor, NULL)};
}

Rational rational_from(Arena* arena, int64_t value) {
  const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
  return rational_make(arena, value < 0, natural_from(arena, size), natural_from(arena, 1));
}

bool rational_is_zero(Rational a) {
  return natural_is_zero(a.top);
}

bool rational_is_integer(Rational a) {
  return a.bottom.size == 1 && a.bottom.digits[0] == 1;
}

Rational rational_negate(Rational a) {
  a.is_negative = !a.is_negative && !rational_is_zero(a);
  return a;
}

Rational rational_add(Arena* arena, Rational a, Rational b) {
  const Natural left = natural_multiply(arena, a.top, b.bottom);
  const Natural right = natural_multiply(arena, b.top, a.bottom);
  const Natural bottom = natural_multiply(arena, a.bottom, b.bottom);
  if (a.is_negative == b.is_negative) {
    return rational_make(arena, a.is_negative, natural_add(arena, left, right), bottom);
  }
  if (natural_compare(left, right) >= 0) {
    return rational_make(arena, a.is_negative, natural_subtract(arena, left, right), bottom);
  }
  return rational_make(arena, b.is_negative, natural_subtract(arena, right, left), bottom);
}

Rational rational_subtract(Arena* arena, Rational a, Rational b) {
  return rational_add(arena, a, rational_negate(b));
}

Rational rational_multiply(Arena* arena, Rational a, Rational b) {
  return rational_make(arena,
                       a.is_negative != b.is_negative,
                       natural_multiply(arena, a.top, b.top),
                       natural_multiply(arena, a.bottom, b.bottom));
}

Rational rational_divide(Arena* arena, Rational a, Rational b) {
  return rational_multiply(
      arena, a, (Rational){.is_negative = b.is_negative, .top = b.bottom, .bottom = b.top});
}

int rational_compare(Arena* arena, Rational a, Rational b) {
  const Rational difference = rational_subtract(arena, a, b);
  if (rational_is_zero(difference)) return 0;
  return difference.is_negative ? -1 : 1;
}

Rational rational_floor(Arena* arena, Rational a) {
  Natural rest;
  Natural whole = natural_divide(arena, a.top, a.bottom, &rest);
  if (a.is_negative && !natural_is_zero(rest)) {
    whole = natural_add(arena, whole, natural_from(arena, 1));
  }
  return rational_make(arena, a.is_negative, whole, natural_from(arena, 1));
}

Rational rational_power(Arena* arena, Rational a, int64_t exponent) {
  if (exponent < 0) {
    return rational_power(arena, rational_divide(arena, rational_from(arena, 1), a), -exponent);
  }
  const uint64_t times = (uint64_t)exponent;
  return (Rational){.is_negative = a.is_negative && times % 2 == 1,
                    .top = natural_power(arena, a.top, times),
                    .bottom = natural_power(arena, a.bottom, times)};
}
