#include "starlark/table.h"

#include <bit>
#include <cmath>
#include <functional>

#include "starlark/machine.h"
#include "starlark/text.h"

namespace starlark {
namespace {

constexpr size_t kNowhere = SIZE_MAX;
constexpr int kMaxHashDepth = 100;

uint32_t mix(uint64_t value) {
  value *= 0x9e3779b97f4a7c15;
  return static_cast<uint32_t>(value >> 32);
}

}  // namespace

Result<uint32_t> Machine::hash(Value value, int depth) {
  TRY(spend(value.is(Type::kString) || value.is(Type::kBytes) ? text_of(value).size() / 64 : 1));
  switch (value.type) {
    case Type::kNone: return 1;
    case Type::kBool: return value.truth ? 3 : 2;
    case Type::kInt: return mix(static_cast<uint64_t>(value.integer));
    case Type::kFloat: {
      bool whole = value.real == std::floor(value.real) && std::abs(value.real) < 9.2e18;
      return mix(whole ? static_cast<uint64_t>(static_cast<int64_t>(value.real)) : std::bit_cast<uint64_t>(value.real));
    }
    case Type::kString:
    case Type::kBytes: return static_cast<uint32_t>(std::hash<std::string>()(text_of(value)));
    case Type::kFunction:
    case Type::kBuiltin: return mix(reinterpret_cast<uintptr_t>(value.object));
    case Type::kTuple: {
      if (depth > kMaxHashDepth) return fail(Code::invalid, "unhashable: tuple nested too deeply");
      uint32_t sum = 7;
      for (Value item : items_of(value)) sum = mix(sum * 31ull + TRY(hash(item, depth + 1)));
      return sum;
    }
    case Type::kList:
    case Type::kDict:
    case Type::kSet: return fail(Code::invalid, "unhashable type: {}", type_name(value));
    case Type::kRecord: return fail(Code::invalid, "Unhashable type {}", type_name(value));
    default: return fail(Code::invalid, "unhashable: {}", type_name(value));
  }
}

/// Of strings as Java's hashCode, over UTF-16 units, which the specification gives as an example.
int32_t hash_text(std::string_view text) {
  uint32_t sum = 0;
  while (!text.empty()) {
    auto [value, size] = decode(text);
    text.remove_prefix(size);
    if (value > 0xffff) {
      sum = 31 * sum + (0xd800 + ((value - 0x10000) >> 10));
      value = 0xdc00 + ((value - 0x10000) & 0x3ff);
    }
    sum = 31 * sum + value;
  }
  return static_cast<int32_t>(sum);
}

/// Number of the key's entry, or kNowhere.
Result<size_t> Table::locate(Machine& machine, Value key, uint32_t hash) const {
  if (buckets_.empty()) return kNowhere;
  size_t mask = buckets_.size() - 1, probes = 1, found = kNowhere;
  for (size_t at = hash & mask; buckets_[at] && found == kNowhere; at = (at + 1) & mask, probes++) {
    const Entry& entry = entries_[buckets_[at] - 1];
    if (entry.hash == hash && entry.key && TRY(machine.equal(entry.key, key))) found = buckets_[at] - 1;
  }
  TRY(machine.spend(probes / 8));
  return found;
}

Result<Value*> Table::find(Machine& machine, Value key) {
  uint32_t sum = TRY(machine.hash(key));
  size_t at = TRY(locate(machine, key, sum));
  return at == kNowhere ? nullptr : &entries_[at].value;
}

void Table::rebuild() {
  std::erase_if(entries_, [](const Entry& entry) { return !entry.key; });
  buckets_.assign(std::bit_ceil(std::max<size_t>(8, entries_.size() * 3)), 0);
  for (size_t i = 0; i < entries_.size(); i++) {
    size_t at = entries_[i].hash & (buckets_.size() - 1);
    while (buckets_[at]) at = (at + 1) & (buckets_.size() - 1);
    buckets_[at] = static_cast<uint32_t>(i + 1);
  }
}

Result<bool> Table::insert(Machine& machine, Value key, Value value) {
  uint32_t sum = TRY(machine.hash(key));
  size_t at = TRY(locate(machine, key, sum));
  if (at != kNowhere) {
    entries_[at].value = value;
    return false;
  }
  TRY(machine.reserve(sizeof(Entry) * 2));
  if ((entries_.size() + 1) * 3 > buckets_.size() * 2) rebuild();
  entries_.push_back({key, value, sum});
  live_++;
  size_t bucket = sum & (buckets_.size() - 1);
  while (buckets_[bucket]) bucket = (bucket + 1) & (buckets_.size() - 1);
  buckets_[bucket] = static_cast<uint32_t>(entries_.size());
  return true;
}

Result<Value> Table::remove(Machine& machine, Value key) {
  uint32_t sum = TRY(machine.hash(key));
  size_t at = TRY(locate(machine, key, sum));
  if (at == kNowhere) return Value();
  Value value = entries_[at].value;
  entries_[at].key = {};
  live_--;
  if (entries_.size() > 8 && live_ < entries_.size() / 2) rebuild();
  return value;
}

void Table::clear() {
  entries_.clear();
  buckets_.clear();
  live_ = 0;
}

const Table::Entry* Table::next(size_t& at) const {
  while (at < entries_.size() && !entries_[at].key) at++;
  return at < entries_.size() ? &entries_[at++] : nullptr;
}

}  // namespace starlark
