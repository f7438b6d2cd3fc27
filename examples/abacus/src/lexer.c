// SPDX-License-Identifier: Apache-2.0
#include "lexer.h"

#include <ctype.h>
#include <string.h>

static bool is_digit(char c) {
  return isdigit((unsigned char)c) != 0;
}

static bool is_letter(char c) {
  return isalpha((unsigned char)c) != 0 || c == '_';
}

Lexer lexer_new(const char* line, Failure* failure) {
  return (Lexer){.line = line, .at = line, .failure = failure};
}

static const char* end_of_number(const char* at) {
  while (is_digit(*at))
    ++at;
  if (*at == '.' && is_digit(at[1])) {
    ++at;
    while (is_digit(*at))
      ++at;
  }
  return at;
}

static const char* end_of_name(const char* at) {
  while (is_letter(*at) || is_digit(*at))
    ++at;
  return at;
}

Token lexer_next(Lexer* lexer) {
  while (isspace((unsigned char)*lexer->at))
    ++lexer->at;
  const char* start = lexer->at;
  Token token = {.start = start, .column = (size_t)(start - lexer->line) + 1};
  if (*start == '\0' || *start == '#') return token;
  if (is_digit(*start)) {
    token.kind = TOKEN_NUMBER;
    lexer->at = end_of_number(start);
  } else if (is_letter(*start)) {
    token.kind = TOKEN_NAME;
    lexer->at = end_of_name(start);
  } else if (strchr("+-*/%^!(),=", *start) != NULL) {
    token.kind = TOKEN_SIGN;
    lexer->at = start + 1;
  } else {
    fail(lexer->failure, token.column, "no idea what '%c' means", *start);
  }
  token.length = (size_t)(lexer->at - start);
  return token;
}

bool token_is(Token token, char sign) {
  return token.kind == TOKEN_SIGN && *token.start == sign;
}
