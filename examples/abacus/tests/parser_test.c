// SPDX-License-Identifier: Apache-2.0
#include "parser.h"

#include "check.h"
#include "text.h"

static void print(Text* text, const Node* node) {
  if (node->count > 0) text_add_char(text, '(');
  text_printf(text, "%.*s", (int)node->token.length, node->token.start);
  for (size_t i = 0; i < node->count; ++i) {
    text_add_char(text, ' ');
    print(text, node->children[i]);
  }
  if (node->count > 0) text_add_char(text, ')');
}

// The tree as Lisp would write it, or what is wrong.
static const char* parsed(Arena* arena, const char* line) {
  Failure failure = {.is_set = false};
  Text text = text_new(arena);
  const Node* tree = parse(arena, line, &failure);
  if (tree != NULL) {
    print(&text, tree);
  } else {
    text_printf(&text, "%zu: %s", failure.column, failure.message);
  }
  return text_string(&text);
}

int main(void) {
  Arena* arena = arena_new();
  CHECK_TEXT(parsed(arena, "1+2*3"), "(+ 1 (* 2 3))");
  CHECK_TEXT(parsed(arena, "1-2-3"), "(- (- 1 2) 3)");
  CHECK_TEXT(parsed(arena, "2^3^4"), "(^ 2 (^ 3 4))");
  CHECK_TEXT(parsed(arena, "-2^2"), "(- (^ 2 2))");
  CHECK_TEXT(parsed(arena, "2^-3!"), "(^ 2 (- (! 3)))");
  CHECK_TEXT(parsed(arena, "a = max(1, b) % 2"), "(a (% (max 1 b) 2))");
  CHECK_TEXT(parsed(arena, "(1"), "3: expected ')', but the line ends here");
  CHECK_TEXT(parsed(arena, "1 = 2"), "3: only a name can stand left of '='");
  CHECK_TEXT(parsed(arena, ""), "1: expected a number, a name or '(', but the line ends here");
  char deep[1001] = {0};
  memset(deep, '(', 1000);
  CHECK_TEXT(parsed(arena, deep), "201: nested deeper than 200 levels");
  arena_free(arena);
  return check_done();
}
