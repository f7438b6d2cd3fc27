// SPDX-License-Identifier: Apache-2.0
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 64 * 1024 };

typedef struct Block Block;

struct Block {
  Block* next;
  size_t used;
  size_t size;
  max_align_t bytes[];
};

struct Arena {
  Block* blocks;
};

static void* must_have(void* memory) {
  if (memory == NULL) {
    fputs("abacus: out of memory\n", stderr);
    exit(70);
  }
  return memory;
}

Arena* arena_new(void) {
  return must_have(calloc(1, sizeof(Arena)));
}

void arena_free(Arena* arena) {
  for (Block* block = arena->blocks; block != NULL;) {
    Block* next = block->next;
    free(block);
    block = next;
  }
  free(arena);
}

void* arena_alloc(Arena* arena, size_t size) {
  const size_t unit = _Alignof(max_align_t);
  const size_t wanted = (size + unit - 1) / unit * unit;
  Block* block = arena->blocks;
  if (block == NULL || block->size - block->used < wanted) {
    const size_t room = wanted > BLOCK_SIZE ? wanted : BLOCK_SIZE;
    block = must_have(calloc(1, sizeof(Block) + room));
    block->size = room;
    block->next = arena->blocks;
    arena->blocks = block;
  }
  void* memory = (char*)block->bytes + block->used;
  block->used += wanted;
  return memory;
}
