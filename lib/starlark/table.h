// Dictionaries and sets: keys in the order of their insertion, found by hash.
#pragma once
#include <optional>

#include "starlark/value.h"

namespace starlark {

/// A dict, a set (values are not used) or the attributes of a record.
struct Table : Object {
  struct Entry {
    Value key, value;
    uint32_t hash = 0;
  };

  /// The entry's value; null: no such key. Errors: unhashable keys, limits of the run.
  Result<Value*> find(Machine& machine, Value key);
  /// Adds or replaces; true if the key is new. Nobody asks here whether the table may change.
  Result<bool> insert(Machine& machine, Value key, Value value);
  /// What the removed key led to; unset if there was none.
  Result<Value> remove(Machine& machine, Value key);
  void clear();

  size_t size() const { return live_; }
  /// The first entry at or behind `at`, or null; moves `at` behind it.
  const Entry* next(size_t& at) const;

 private:
  Result<size_t> locate(Machine& machine, Value key, uint32_t hash) const;
  void rebuild();

  std::vector<Entry> entries_;      ///< a removed one has no key
  std::vector<uint32_t> buckets_;   ///< number of an entry + 1; 0: never used
  size_t live_ = 0;
};

struct Record : Table {
  explicit Record(std::string_view name) : name(name) {}
  std::string_view name;  ///< of its type
};

/// What hash() of the language gives.
int32_t hash_text(std::string_view text);

}  // namespace starlark
