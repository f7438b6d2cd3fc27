// SPDX-License-Identifier: Apache-2.0
#include "variables.h"

#include <string.h>

struct Variable {
  Variable* next;
  char* name;
  size_t length;
  Rational value;
};

static Variable* find(const Variables* variables, const char* name, size_t length) {
  for (Variable* at = variables->first; at != NULL; at = at->next) {
    if (at->length == length && memcmp(at->name, name, length) == 0) return at;
  }
  return NULL;
}

const Rational* variables_find(const Variables* variables, const char* name, size_t length) {
  const Variable* found = find(variables, name, length);
  return found == NULL ? NULL : &found->value;
}

void variables_set(Variables* variables, const char* name, size_t length, Rational value) {
  Variable* variable = find(variables, name, length);
  if (variable == NULL) {
    variable = arena_alloc(variables->arena, sizeof *variable);
    variable->name = arena_alloc(variables->arena, length + 1);
    memcpy(variable->name, name, length);
    variable->length = length;
    variable->next = variables->first;
    variables->first = variable;
  }
  variable->value = value;
}
