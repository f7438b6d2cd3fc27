// SPDX-License-Identifier: Apache-2.0
// A string that grows.
#pragma once

#include "arena.h"

#include <stddef.h>

typedef struct {
  Arena* arena;
  char* bytes;
  size_t length;
  size_t room;
} Text;

Text text_new(Arena* arena);
void text_add_char(Text* text, char c);
void text_add(Text* text, const char* string);
void text_printf(Text* text, const char* format, ...) __attribute__((format(printf, 2, 3)));

// Always ends in a zero byte.
const char* text_string(const Text* text);
