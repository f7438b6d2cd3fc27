// SPDX-License-Identifier: Apache-2.0
#include "natural.h"

#include <string.h>

enum { BASE = 1000000000, BASE_DIGITS = 9 };

static uint32_t* new_digits(Arena* arena, size_t size) {
  return arena_alloc(arena, (size + 1) * sizeof(uint32_t));
}

static Natural trimmed(const uint32_t* digits, size_t size) {
  while (size > 0 && digits[size - 1] == 0)
    --size;
  return (Natural){.size = size, .digits = digits};
}

Natural natural_from(Arena* arena, uint64_t value) {
  uint32_t* digits = new_digits(arena, 3);
  for (size_t i = 0; i < 3; ++i, value /= BASE)
    digits[i] = (uint32_t)(value % BASE);
  return trimmed(digits, 3);
}

Natural natural_parse(Arena* arena, const char* text, size_t length) {
  const size_t size = (length + BASE_DIGITS - 1) / BASE_DIGITS;
  uint32_t* digits = new_digits(arena, size);
  for (size_t i = 0; i < length; ++i) {
    uint32_t* digit = &digits[(length - 1 - i) / BASE_DIGITS];
    *digit = *digit * 10 + (uint32_t)(text[i] - '0');
  }
  return trimmed(digits, size);
}

void natural_print(Text* text, Natural a) {
  if (a.size == 0) {
    text_add_char(text, '0');
    return;
  }
  text_printf(text, "%u", a.digits[a.size - 1]);
  for (size_t i = a.size - 1; i-- > 0;)
    text_printf(text, "%09u", a.digits[i]);
}

bool natural_is_zero(Natural a) {
  return a.size == 0;
}

int natural_compare(Natural a, Natural b) {
  if (a.size != b.size) return a.size < b.size ? -1 : 1;
  for (size_t i = a.size; i-- > 0;) {
    if (a.digits[i] != b.digits[i]) return a.digits[i] < b.digits[i] ? -1 : 1;
  }
  return 0;
}

bool natural_to_u64(Natural a, uint64_t* value) {
  *value = 0;
  for (size_t i = a.size; i-- > 0;) {
    if (__builtin_mul_overflow(*value, (uint64_t)BASE, value)) return false;
    if (__builtin_add_overflow(*value, (uint64_t)a.digits[i], value)) return false;
  }
  return true;
}

Natural natural_add(Arena* arena, Natural a, Natural b) {
  const size_t size = (a.size > b.size ? a.size : b.size) + 1;
  uint32_t* sum = new_digits(arena, size);
  uint32_t carry = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint32_t digit = carry + (i < a.size ? a.digits[i] : 0) + (i < b.size ? b.digits[i] : 0);
    carry = digit >= BASE;
    sum[i] = carry ? digit - BASE : digit;
  }
  return trimmed(sum, size);
}

Natural natural_subtract(Arena* arena, Natural a, Natural b) {
  uint32_t* difference = new_digits(arena, a.size);
  int64_t borrow = 0;
  for (size_t i = 0; i < a.size; ++i) {
    const int64_t digit = (int64_t)a.digits[i] - (i < b.size ? b.digits[i] : 0) - borrow;
    borrow = digit < 0;
    difference[i] = (uint32_t)(borrow ? digit + BASE : digit);
  }
  return trimmed(difference, a.size);
}

Natural natural_multiply(Arena* arena, Natural a, Natural b) {
  const size_t size = a.size + b.size;
  uint32_t* product = new_digits(arena, size);
  for (size_t i = 0; i < a.size; ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < b.size; ++j) {
      carry += product[i + j] + (uint64_t)a.digits[i] * b.digits[j];
      product[i + j] = (uint32_t)(carry % BASE);
      carry /= BASE;
    }
    product[i + b.size] = (uint32_t)carry;
  }
  return trimmed(product, size);
}

static Natural divide_by_digit(Arena* arena, Natural a, uint32_t b, Natural* rest) {
  uint32_t* quotient = new_digits(arena, a.size);
  uint64_t left = 0;
  for (size_t i = a.size; i-- > 0;) {
    left = left * BASE + a.digits[i];
    quotient[i] = (uint32_t)(left / b);
    left %= b;
  }
  if (rest != NULL) *rest = natural_from(arena, left);
  return trimmed(quotient, a.size);
}

// u[at … at + b.size] -= q * b; true where that went below zero.
static bool subtract_multiple(uint32_t* u, size_t at, Natural b, uint64_t q) {
  int64_t borrow = 0;
  uint64_t carry = 0;
  for (size_t i = 0; i <= b.size; ++i) {
    carry += i < b.size ? q * b.digits[i] : 0;
    const int64_t digit = (int64_t)u[at + i] - (int64_t)(carry % BASE) - borrow;
    carry /= BASE;
    borrow = digit < 0;
    u[at + i] = (uint32_t)(borrow ? digit + BASE : digit);
  }
  return borrow != 0;
}

static void add_back(uint32_t* u, size_t at, Natural b) {
  uint32_t carry = 0;
  for (size_t i = 0; i <= b.size; ++i) {
    const uint32_t digit = u[at + i] + carry + (i < b.size ? b.digits[i] : 0);
    carry = digit >= BASE;
    u[at + i] = carry ? digit - BASE : digit;
  }
}

// Long division: guess each digit of the quotient from the highest digits; the guess is at most 2
// too big.
Natural natural_divide(Arena* arena, Natural a, Natural b, Natural* rest) {
  if (natural_compare(a, b) < 0) {
    if (rest != NULL) *rest = a;
    return natural_from(arena, 0);
  }
  if (b.size == 1) return divide_by_digit(arena, a, b.digits[0], rest);

  const uint32_t scale = BASE / (b.digits[b.size - 1] + 1);
  const Natural factor = natural_from(arena, scale);
  const Natural divisor = natural_multiply(arena, b, factor);
  const Natural scaled = natural_multiply(arena, a, factor);
  uint32_t* u = new_digits(arena, a.size + 1);
  memcpy(u, scaled.digits, scaled.size * sizeof *u);

  const size_t size = a.size - b.size + 1;
  uint32_t* quotient = new_digits(arena, size);
  const uint64_t high = divisor.digits[divisor.size - 1];
  for (size_t at = size; at-- > 0;) {
    const uint64_t top = (uint64_t)u[at + divisor.size] * BASE + u[at + divisor.size - 1];
    uint64_t guess = top / high;
    if (guess >= BASE) guess = BASE - 1;
    bool is_negative = subtract_multiple(u, at, divisor, guess);
    while (is_negative) {
      --guess;
      add_back(u, at, divisor);
      is_negative = u[at + divisor.size] >= BASE / 2;
    }
    quotient[at] = (uint32_t)guess;
  }
  if (rest != NULL) *rest = divide_by_digit(arena, trimmed(u, divisor.size), scale, NULL);
  return trimmed(quotient, size);
}

Natural natural_power(Arena* arena, Natural base, uint64_t exponent) {
  Natural power = natural_from(arena, 1);
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) power = natural_multiply(arena, power, base);
    if (exponent > 1) base = natural_multiply(arena, base, base);
  }
  return power;
}

Natural natural_gcd(Arena* arena, Natural a, Natural b) {
  while (!natural_is_zero(b)) {
    Natural rest;
    natural_divide(arena, a, b, &rest);
    a = b;
    b = rest;
  }
  return a;
}
