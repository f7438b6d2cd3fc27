// SPDX-License-Identifier: Apache-2.0
#include "functions.h"

#include "check.h"
#include "printer.h"

static const char* call(Arena* arena, const char* name, int64_t a, int64_t b, size_t count) {
  Failure failure = {.is_set = false};
  const Rational arguments[] = {rational_from(arena, a), rational_from(arena, b)};
  const Rational value =
      function_find(name, strlen(name))->apply(arena, arguments, count, &failure);
  Text text = text_new(arena);
  print_fraction(&text, value);
  return failure.is_set ? "failure" : text_string(&text);
}

int main(void) {
  Arena* arena = arena_new();
  CHECK_TEXT(call(arena, "abs", -5, 0, 1), "5");
  CHECK_TEXT(call(arena, "choose", 52, 5, 2), "2598960");
  CHECK_TEXT(call(arena, "choose", 5, 52, 2), "0");
  CHECK_TEXT(call(arena, "fib", 90, 0, 1), "2880067194370816120");
  CHECK_TEXT(call(arena, "fib", -1, 0, 1), "failure");
  CHECK_TEXT(call(arena, "gcd", 84, 36, 2), "12");
  CHECK_TEXT(call(arena, "lcm", 84, 36, 2), "252");
  CHECK_TEXT(call(arena, "lcm", 0, 0, 2), "0");
  CHECK_TEXT(call(arena, "max", -1, 3, 2), "3");
  CHECK_TEXT(call(arena, "min", -1, 3, 2), "-1");
  CHECK(function_find("nothing", 7) == NULL);
  for (size_t i = 1; i < function_count; ++i)
    CHECK(strcmp(functions[i - 1].name, functions[i].name) < 0);
  // Pascal's triangle: every row sums to a power of two.
  for (int64_t n = 0; n <= 120; ++n) {
    Rational sum = rational_from(arena, 0);
    for (int64_t k = 0; k <= n; ++k) {
      const Rational pair[] = {rational_from(arena, n), rational_from(arena, k)};
      Failure failure = {.is_set = false};
      sum = rational_add(arena, sum, function_find("choose", 6)->apply(arena, pair, 2, &failure));
    }
    CHECK(rational_compare(arena, sum, rational_power(arena, rational_from(arena, 2), n)) == 0);
  }
  arena_free(arena);
  return check_done();
}
