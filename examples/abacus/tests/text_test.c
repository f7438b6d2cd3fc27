// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include "check.h"

int main(void) {
  Arena* arena = arena_new();
  Text text = text_new(arena);
  CHECK_TEXT(text_string(&text), "");
  text_add(&text, "one");
  text_add_char(&text, ' ');
  text_printf(&text, "%03u", 7U);
  CHECK_TEXT(text_string(&text), "one 007");
  Text longer = text_new(arena);
  for (int i = 0; i < 100000; ++i)
    text_add_char(&longer, (char)('a' + i % 26));
  CHECK(longer.length == 100000);
  CHECK(strlen(text_string(&longer)) == 100000);
  CHECK(longer.bytes[99999] == 'a' + 99999 % 26);
  arena_free(arena);
  return check_done();
}
