// SPDX-License-Identifier: Apache-2.0
#include "abacus.h"

#include "evaluator.h"
#include "functions.h"
#include "printer.h"

#include <string.h>

enum { MAX_DIGITS = 60 };

struct Abacus {
  Arena* arena;
  Variables variables;
  Text answer;
  Failure failure;
};

Abacus* abacus_new(void) {
  Arena* arena = arena_new();
  Abacus* abacus = arena_alloc(arena, sizeof *abacus);
  abacus->arena = arena;
  abacus->variables.arena = arena;
  return abacus;
}

void abacus_free(Abacus* abacus) {
  arena_free(abacus->arena);
}

bool abacus_calculate(Abacus* abacus, const char* line) {
  abacus->failure = (Failure){.is_set = false};
  abacus->answer = text_new(abacus->arena);
  const Node* tree = parse(abacus->arena, line, &abacus->failure);
  Rational value;
  if (tree == NULL || !evaluate(tree, &abacus->variables, &value, &abacus->failure)) {
    text_add(&abacus->answer, abacus->failure.message);
    return false;
  }
  print_fraction(&abacus->answer, value);
  if (!rational_is_integer(value)) {
    text_add(&abacus->answer, " = ");
    print_decimal(&abacus->answer, abacus->arena, value, MAX_DIGITS);
  }
  return true;
}

const char* abacus_answer(const Abacus* abacus) {
  return text_string(&abacus->answer);
}

size_t abacus_column(const Abacus* abacus) {
  return abacus->failure.column;
}

const char* abacus_function(size_t index) {
  return index < function_count ? functions[index].help : NULL;
}
