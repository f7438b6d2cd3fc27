// SPDX-License-Identifier: Apache-2.0
// From a line to a tree.
//
//   line    = [ name "=" ] sum
//   sum     = product { ("+" | "-") product }
//   product = unary { ("*" | "/" | "%") unary }
//   unary   = "-" unary | power
//   power   = postfix [ "^" unary ]
//   postfix = atom { "!" }
//   atom    = number | name [ "(" [ sum { "," sum } ] ")" ] | "(" sum ")"
#pragma once

#include "arena.h"
#include "lexer.h"

typedef enum {
  NODE_NUMBER,
  NODE_VARIABLE,
  NODE_CALL,
  NODE_UNARY,
  NODE_BINARY,
  NODE_ASSIGN
} NodeKind;

enum { MAX_ARGUMENTS = 8 };

typedef struct Node Node;

struct Node {
  NodeKind kind;
  Token token;  // the number, the name or the sign
  size_t count;
  const Node* children[MAX_ARGUMENTS];
};

// NULL where the line is wrong; `failure` then says why.
const Node* parse(Arena* arena, const char* line, Failure* failure);
