// SPDX-License-Identifier: Apache-2.0
#include "arena.h"

#include "check.h"

int main(void) {
  Arena* arena = arena_new();
  uint64_t state = 1;
  for (int i = 0; i < 200000; ++i) {
    const size_t size = check_random(&state) % 300;
    unsigned char* memory = arena_alloc(arena, size);
    CHECK((uintptr_t)memory % _Alignof(max_align_t) == 0);
    for (size_t at = 0; at < size; ++at) {
      if (memory[at] != 0) CHECK(memory[at] == 0);
    }
    memset(memory, 0xff, size);
  }
  unsigned char* large = arena_alloc(arena, 1 << 20);
  CHECK(large[0] == 0 && large[(1 << 20) - 1] == 0);
  arena_free(arena);
  return check_done();
}
