// SPDX-License-Identifier: Apache-2.0
#include "evaluator.h"

#include "functions.h"

#include <string.h>

enum { MAX_EXPONENT = 20000 };

static bool evaluate_number(const Node* node, Arena* arena, Rational* value) {
  const char* start = node->token.start;
  const char* point = memchr(start, '.', node->token.length);
  const size_t whole = point == NULL ? node->token.length : (size_t)(point - start);
  const size_t digits = point == NULL ? 0 : node->token.length - whole - 1;
  const Natural scale = natural_power(arena, natural_from(arena, 10), digits);
  Natural top = natural_multiply(arena, natural_parse(arena, start, whole), scale);
  if (digits > 0) top = natural_add(arena, top, natural_parse(arena, point + 1, digits));
  *value = rational_make(arena, false, top, scale);
  return true;
}

static bool evaluate_variable(const Node* node,
                              const Variables* variables,
                              Rational* value,
                              Failure* failure) {
  const Token name = node->token;
  const Rational* found = variables_find(variables, name.start, name.length);
  if (found == NULL)
    return fail(failure, name.column, "'%.*s' has no value yet", (int)name.length, name.start);
  *value = *found;
  return true;
}

static bool evaluate_call(const Node* node,
                          Variables* variables,
                          Rational* value,
                          Failure* failure) {
  const Token name = node->token;
  const Function* function = function_find(name.start, name.length);
  if (function == NULL)
    return fail(failure, name.column, "no function '%.*s'", (int)name.length, name.start);
  if (node->count < function->least || node->count > function->most) {
    return fail(
        failure, name.column, "%s takes other arguments: %s", function->name, function->help);
  }
  Rational arguments[MAX_ARGUMENTS];
  for (size_t i = 0; i < node->count; ++i) {
    if (!evaluate(node->children[i], variables, &arguments[i], failure)) return false;
    if (function->needs_integers && !rational_is_integer(arguments[i])) {
      return fail(failure, name.column, "%s takes whole numbers", function->name);
    }
  }
  *value = function->apply(variables->arena, arguments, node->count, failure);
  if (failure->is_set && failure->column == 0) failure->column = name.column;
  return !failure->is_set;
}

static bool power(Arena* arena,
                  Rational base,
                  Rational exponent,
                  size_t column,
                  Rational* value,
                  Failure* failure) {
  uint64_t times = 0;
  const bool is_small = natural_to_u64(exponent.top, &times) && times <= MAX_EXPONENT;
  if (!rational_is_integer(exponent) || !is_small) {
    return fail(failure, column, "an exponent is a whole number up to %d", MAX_EXPONENT);
  }
  if (exponent.is_negative && rational_is_zero(base))
    return fail(failure, column, "division by zero");
  *value = rational_power(arena, base, exponent.is_negative ? -(int64_t)times : (int64_t)times);
  return true;
}

static bool divide(Arena* arena,
                   Rational left,
                   Rational right,
                   const Token sign,
                   Rational* value,
                   Failure* failure) {
  if (rational_is_zero(right)) return fail(failure, sign.column, "division by zero");
  *value = rational_divide(arena, left, right);
  if (*sign.start == '/') return true;
  const Rational times = rational_floor(arena, *value);
  *value = rational_subtract(arena, left, rational_multiply(arena, times, right));
  return true;
}

static bool evaluate_binary(const Node* node,
                            Variables* variables,
                            Rational* value,
                            Failure* failure) {
  Rational left;
  Rational right;
  if (!evaluate(node->children[0], variables, &left, failure)) return false;
  if (!evaluate(node->children[1], variables, &right, failure)) return false;
  Arena* arena = variables->arena;
  switch (*node->token.start) {
    case '+':
      *value = rational_add(arena, left, right);
      return true;
    case '-':
      *value = rational_subtract(arena, left, right);
      return true;
    case '*':
      *value = rational_multiply(arena, left, right);
      return true;
    case '^':
      return power(arena, left, right, node->token.column, value, failure);
    default:
      return divide(arena, left, right, node->token, value, failure);
  }
}

static bool evaluate_unary(const Node* node,
                           Variables* variables,
                           Rational* value,
                           Failure* failure) {
  if (!evaluate(node->children[0], variables, value, failure)) return false;
  if (token_is(node->token, '-')) {
    *value = rational_negate(*value);
    return true;
  }
  *value = factorial(variables->arena, *value, failure);
  if (failure->is_set && failure->column == 0) failure->column = node->token.column;
  return !failure->is_set;
}

bool evaluate(const Node* tree, Variables* variables, Rational* value, Failure* failure) {
  switch (tree->kind) {
    case NODE_NUMBER:
      return evaluate_number(tree, variables->arena, value);
    case NODE_VARIABLE:
      return evaluate_variable(tree, variables, value, failure);
    case NODE_CALL:
      return evaluate_call(tree, variables, value, failure);
    case NODE_UNARY:
      return evaluate_unary(tree, variables, value, failure);
    case NODE_BINARY:
      return evaluate_binary(tree, variables, value, failure);
    case NODE_ASSIGN:
      if (!evaluate(tree->children[0], variables, value, failure)) return false;
      variables_set(variables, tree->token.start, tree->token.length, *value);
      return true;
  }
  return false;
}
