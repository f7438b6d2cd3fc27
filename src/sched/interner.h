// SPDX-License-Identifier: Apache-2.0
// Gives equal values the same small id, so that the scheduler compares integers.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

namespace firn::sched {

/// Ids count from 0 in the order of first sight. Values are never removed: meant for few distinct
/// ones.
template <class Value, class Key>
class Interner {
 public:
  Interner() = default;
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;
  Interner(Interner&&) = default;
  Interner& operator=(Interner&&) = default;
  ~Interner() = default;

  template <class Like>
  Key intern(const Like& value) {
    if (auto known = ids_.find(value); known != ids_.end()) return known->second;
    const Key id(static_cast<decltype(Key().value())>(values_.size()));
    values_.push_back(&ids_.emplace(Value(value), id).first->first);
    return id;
  }

  const Value& operator[](Key id) const { return *values_[id.value()]; }

  std::size_t size() const { return values_.size(); }

 private:
  std::map<Value, Key, std::less<>> ids_;
  // Into the map, whose nodes stay where they are.
  std::vector<const Value*> values_;
};

}  // namespace firn::sched
