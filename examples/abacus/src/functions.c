// SPDX-License-Identifier: Apache-2.0
#include "functions.h"

#include <string.h>

enum { MAX_COUNT = 20000 };

// An argument that is a small natural number.
static uint64_t small(Rational a, const char* what, Failure* failure) {
  uint64_t value = 0;
  if (a.is_negative || !rational_is_integer(a) || !natural_to_u64(a.top, &value) ||
      value > MAX_COUNT) {
    fail(failure, 0, "%s takes whole numbers from 0 to %d", what, MAX_COUNT);
    return 0;
  }
  return value;
}

static Rational whole(Arena* arena, Natural value) {
  return rational_make(arena, false, value, natural_from(arena, 1));
}

// The product from first to last; halves keep the factors of like size.
static Natural product(Arena* arena, uint64_t first, uint64_t last) {
  if (first > last) return natural_from(arena, 1);
  if (first == last) return natural_from(arena, first);
  const uint64_t middle = (first + last) / 2;
  return natural_multiply(arena, product(arena, first, middle), product(arena, middle + 1, last));
}

Rational factorial(Arena* arena, Rational n, Failure* failure) {
  return whole(arena, product(arena, 1, small(n, "'!'", failure)));
}

static Rational absolute(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)arena, (void)count, (void)failure;
  return a->is_negative ? rational_negate(*a) : *a;
}

static Rational ceiling(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)count, (void)failure;
  return rational_negate(rational_floor(arena, rational_negate(*a)));
}

static Rational choose(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)count;
  const uint64_t n = small(a[0], "choose", failure);
  const uint64_t k = small(a[1], "choose", failure);
  if (k > n) return rational_from(arena, 0);
  return whole(arena,
               natural_divide(arena, product(arena, n - k + 1, n), product(arena, 1, k), NULL));
}

static Rational denominator(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)count, (void)failure;
  return whole(arena, a->bottom);
}

static Rational fibonacci(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)count;
  Natural current = natural_from(arena, 0);
  Natural next = natural_from(arena, 1);
  for (uint64_t n = small(*a, "fib", failure); n > 0; --n) {
    const Natural sum = natural_add(arena, current, next);
    current = next;
    next = sum;
  }
  return whole(arena, current);
}

static Rational floor_of(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)count, (void)failure;
  return rational_floor(arena, *a);
}

static Rational greatest_divisor(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)failure;
  Natural divisor = a[0].top;
  for (size_t i = 1; i < count; ++i)
    divisor = natural_gcd(arena, divisor, a[i].top);
  return whole(arena, divisor);
}

static Rational least_multiple(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)failure;
  Natural multiple = a[0].top;
  for (size_t i = 1; i < count; ++i) {
    const Natural divisor = natural_gcd(arena, multiple, a[i].top);
    if (natural_is_zero(divisor)) return rational_from(arena, 0);
    multiple = natural_multiply(arena, multiple, natural_divide(arena, a[i].top, divisor, NULL));
  }
  return whole(arena, multiple);
}

static Rational extreme(Arena* arena, const Rational* a, size_t count, int sign) {
  Rational best = a[0];
  for (size_t i = 1; i < count; ++i) {
    if (rational_compare(arena, a[i], best) * sign > 0) best = a[i];
  }
  return best;
}

static Rational maximum(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)failure;
  return extreme(arena, a, count, 1);
}

static Rational minimum(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)failure;
  return extreme(arena, a, count, -1);
}

static Rational numerator(Arena* arena, const Rational* a, size_t count, Failure* failure) {
  (void)count, (void)failure;
  const Rational top = whole(arena, a->top);
  return a->is_negative ? rational_negate(top) : top;
}

const Function functions[] = {
    {"abs", "abs(x)             distance from zero", 1, 1, false, absolute},
    {"ceil", "ceil(x)            next integer upwards", 1, 1, false, ceiling},
    {"choose", "choose(n, k)       ways to pick k of n", 2, 2, true, choose},
    {"denominator", "denominator(x)     below the fraction bar", 1, 1, false, denominator},
    {"fib", "fib(n)             nth Fibonacci number", 1, 1, true, fibonacci},
    {"floor", "floor(x)           next integer downwards", 1, 1, false, floor_of},
    {"gcd", "gcd(a, ...)        greatest common divisor", 1, 8, true, greatest_divisor},
    {"lcm", "lcm(a, ...)        least common multiple", 1, 8, true, least_multiple},
    {"max", "max(a, ...)        the greatest", 1, 8, false, maximum},
    {"min", "min(a, ...)        the least", 1, 8, false, minimum},
    {"numerator", "numerator(x)       above the fraction bar", 1, 1, false, numerator},
};

const size_t function_count = sizeof functions / sizeof *functions;

const Function* function_find(const char* name, size_t length) {
  for (size_t i = 0; i < function_count; ++i) {
    if (strlen(functions[i].name) == length && memcmp(functions[i].name, name, length) == 0) {
      return &functions[i];
    }
  }
  return NULL;
}
