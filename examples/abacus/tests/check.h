// SPDX-License-Identifier: Apache-2.0
// The least that a test needs: count what holds, print the first 20 that do not.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned checks;
static unsigned failures;

static inline void check(bool holds, const char* what, const char* file, int line) {
  ++checks;
  if (holds) return;
  if (++failures > 20) return;
  printf("%s:%d: does not hold: %s\n", file, line, what);
}

static inline void check_text(const char* got, const char* wanted, const char* file, int line) {
  ++checks;
  if (strcmp(got, wanted) == 0) return;
  if (++failures > 20) return;
  printf("%s:%d: got \"%s\", wanted \"%s\"\n", file, line, got, wanted);
}

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define CHECK_TEXT(got, wanted) check_text((got), (wanted), __FILE__, __LINE__)

static inline int check_done(void) {
  printf("%u checks, %u failures\n", checks, failures);
  return failures == 0 ? 0 : 1;
}

// The same numbers on every machine (xorshift).
static inline uint64_t check_random(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}
