// SPDX-License-Identifier: Apache-2.0
// Memory that is given back all at once.
#pragma once

#include <stddef.h>

typedef struct Arena Arena;

Arena* arena_new(void);
void arena_free(Arena* arena);

// Zeroed and aligned for any type. Ends the program where there is no memory.
void* arena_alloc(Arena* arena, size_t size);
