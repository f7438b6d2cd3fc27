// SPDX-License-Identifier: Apache-2.0
#include "lexer.h"

#include "check.h"

// "kind:text" of each token, with blanks between.
static const char* tokens_of(const char* line, Failure* failure) {
  static char all[256];
  all[0] = '\0';
  Lexer lexer = lexer_new(line, failure);
  for (Token token = lexer_next(&lexer); token.kind != TOKEN_END; token = lexer_next(&lexer)) {
    char one[64];
    snprintf(one, sizeof one, "%c:%.*s ", "?0as"[token.kind], (int)token.length, token.start);
    strncat(all, one, sizeof all - strlen(all) - 1);
  }
  return all;
}

int main(void) {
  Failure failure = {.is_set = false};
  CHECK_TEXT(tokens_of("", &failure), "");
  CHECK_TEXT(tokens_of("1+x1 # sum", &failure), "0:1 s:+ a:x1 ");
  CHECK_TEXT(tokens_of(" 3.25.1", &failure), "0:3.25 ");
  CHECK(failure.is_set && failure.column == 6);
  failure.is_set = false;
  CHECK_TEXT(tokens_of("gcd(1,2)!^%", &failure), "a:gcd s:( 0:1 s:, 0:2 s:) s:! s:^ s:% ");
  CHECK(!failure.is_set);
  return check_done();
}
