// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void reserve(Text* text, size_t more) {
  if (text->room - text->length > more) return;
  const size_t room = 2 * (text->length + more) + 32;
  char* bytes = arena_alloc(text->arena, room);
  if (text->length > 0) memcpy(bytes, text->bytes, text->length);
  text->bytes = bytes;
  text->room = room;
}

Text text_new(Arena* arena) {
  return (Text){.arena = arena};
}

void text_add_char(Text* text, char c) {
  reserve(text, 1);
  text->bytes[text->length++] = c;
  text->bytes[text->length] = '\0';
}

void text_add(Text* text, const char* string) {
  while (*string != '\0')
    text_add_char(text, *string++);
}

void text_printf(Text* text, const char* format, ...) {
  char buffer[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  text_add(text, buffer);
}

const char* text_string(const Text* text) {
  return text->bytes == NULL ? "" : text->bytes;
}
