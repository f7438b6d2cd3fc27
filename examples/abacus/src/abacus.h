// SPDX-License-Identifier: Apache-2.0
// The whole calculator, for other programs: lines in, answers out.
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct Abacus Abacus;

Abacus* abacus_new(void);
void abacus_free(Abacus* abacus);

// True where the line has a value. The answer, or what is wrong, stays until the next call.
bool abacus_calculate(Abacus* abacus, const char* line);
const char* abacus_answer(const Abacus* abacus);

// Where the last line went wrong, from 1.
size_t abacus_column(const Abacus* abacus);

// One line of help for each function; NULL after the last.
const char* abacus_function(size_t index);
