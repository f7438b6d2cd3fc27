// SPDX-License-Identifier: Apache-2.0
#include "abacus.h"

#include "check.h"

int main(void) {
  Abacus* abacus = abacus_new();
  CHECK(abacus_calculate(abacus, "x = 1/3"));
  CHECK_TEXT(abacus_answer(abacus), "1/3 = 0.(3)");
  CHECK(abacus_calculate(abacus, "x * 3"));
  CHECK_TEXT(abacus_answer(abacus), "1");
  CHECK(!abacus_calculate(abacus, "y + x"));
  CHECK_TEXT(abacus_answer(abacus), "'y' has no value yet");
  CHECK(abacus_column(abacus) == 1);
  CHECK(abacus_calculate(abacus, "20000! / 19999!"));
  CHECK_TEXT(abacus_answer(abacus), "20000");
  CHECK(abacus_function(0) != NULL && abacus_function(1000) == NULL);
  abacus_free(abacus);
  return check_done();
}
