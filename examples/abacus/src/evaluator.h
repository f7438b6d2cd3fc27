// SPDX-License-Identifier: Apache-2.0
// From a tree to its value.
#pragma once

#include "parser.h"
#include "variables.h"

// False where the line has no value; `failure` then says why. An assignment changes `variables`,
// whose arena owns all numbers.
bool evaluate(const Node* tree, Variables* variables, Rational* value, Failure* failure);
