// SPDX-License-Identifier: Apache-2.0
// A line taken apart into tokens.
#pragma once

#include "failure.h"

typedef enum { TOKEN_END, TOKEN_NUMBER, TOKEN_NAME, TOKEN_SIGN } TokenKind;

typedef struct {
  TokenKind kind;
  const char* start;
  size_t length;
  size_t column;  // from 1
} Token;

typedef struct {
  const char* line;
  const char* at;
  Failure* failure;
} Lexer;

Lexer lexer_new(const char* line, Failure* failure);

// The next token; TOKEN_END at the end and after a failure.
Token lexer_next(Lexer* lexer);

bool token_is(Token token, char sign);
