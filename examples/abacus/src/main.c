// SPDX-License-Identifier: Apache-2.0
// abacus: an exact calculator. `abacus 'EXPRESSION'…`, or one expression a line on standard input.
#include "abacus.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(const char* line) {
  return line[strspn(line, " \t\n")] == '\0' || *line == '#';
}

static bool answer(Abacus* abacus, const char* line) {
  if (abacus_calculate(abacus, line)) {
    puts(abacus_answer(abacus));
    return true;
  }
  fprintf(stderr, "abacus: column %zu: %s\n", abacus_column(abacus), abacus_answer(abacus));
  return false;
}

static void print_functions(void) {
  for (size_t i = 0; abacus_function(i) != NULL; ++i)
    puts(abacus_function(i));
}

static bool answer_stdin(Abacus* abacus) {
  char line[4096];
  bool is_good = true;
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    if (!is_blank(line)) is_good = answer(abacus, line) && is_good;
  }
  return is_good;
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--functions") == 0) {
    print_functions();
    return 0;
  }
  Abacus* abacus = abacus_new();
  bool is_good = true;
  for (int i = 1; i < argc; ++i)
    is_good = answer(abacus, argv[i]) && is_good;
  if (argc == 1) is_good = answer_stdin(abacus);
  abacus_free(abacus);
  return is_good ? 0 : 1;
}
