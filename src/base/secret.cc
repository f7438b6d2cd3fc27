// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <openssl/crypto.h>

namespace firn {

void wipe(std::string& text) {
  // A string may have been longer before, and the rest of its buffer still holds that.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string&& value) {
  // A short text lives inside the object, and moving only copies it.
  value_.swap(value);
  wipe(value);
}

Secret::~Secret() {
  wipe(value_);
}

Secret::Secret(Secret&& other) noexcept {
  value_.swap(other.value_);
  wipe(other.value_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    value_.swap(other.value_);
    wipe(other.value_);
  }
  return *this;
}

}  // namespace firn
