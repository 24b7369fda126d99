// The methods of lists, dicts and sets.
#include <algorithm>

#include "starlark/machine.h"
#include "starlark/methods.h"

namespace starlark {
namespace {

/// The receiver, if it may be changed now. Errors: "NAME: cannot VERB ...".
Result<> change(Call& call, std::string_view verb) {
  if (auto may = Machine::changeable(call.self, verb); !may) return call.fail("{}", may.error().message());
  return {};
}
/// An error with the name of the method in front.
template <class T>
Result<T> named(Call& call, Result<T> result) {
  if (!result) return call.fail("{}", result.error().message());
  return result;
}
Table& table(Call& call) { return as<Table>(call.self); }

Result<Value> list_append(Call& call) {
  TRY(change(call, "append to"));
  TRY(call.machine.reserve(sizeof(Value) * 2));
  items_of(call.self).push_back(call.args[0]);
  return none();
}

Result<Value> list_clear(Call& call) {
  TRY(change(call, "clear"));
  items_of(call.self).clear();
  return none();
}

Result<Value> list_extend(Call& call) {
  TRY(call.iterable(call.args[0], 0));
  TRY(change(call, "extend"));
  TRY(call.machine.extend(call.self, call.args[0]));
  return none();
}

Result<Value> list_index(Call& call) {
  int64_t size = length(call.self);
  int64_t start = TRY(named(call, Machine::bound(call.arg(1), size, 0, 0, size, "start")));
  int64_t end = TRY(named(call, Machine::bound(call.arg(2), size, size, 0, size, "end")));
  for (int64_t i = start; i < end; i++)
    if (TRY(call.machine.equal(items_of(call.self)[static_cast<size_t>(i)], call.args[0]))) return integer(i);
  return call.fail("value not in list");
}

Result<Value> list_insert(Call& call) {
  int64_t at = TRY(call.number(call.args[0], 0)), size = length(call.self);
  TRY(change(call, "insert into"));
  TRY(call.machine.reserve(sizeof(Value) * 2));
  TRY(call.machine.spend(static_cast<uint64_t>(size) / 64));
  if (at < 0) at += size;
  items_of(call.self).insert(items_of(call.self).begin() + std::clamp<int64_t>(at, 0, size), call.args[1]);
  return none();
}

Result<Value> list_pop(Call& call) {
  if (call.arg(0)) TRY(call.number(call.arg(0), 0));
  size_t where = TRY(named(call, Machine::position(call.self, call.arg(0) ? call.arg(0) : integer(-1))));
  TRY(change(call, "pop from"));
  std::vector<Value>& items = items_of(call.self);
  TRY(call.machine.spend((items.size() - where) / 64));
  Value out = items[where];
  items.erase(items.begin() + static_cast<ptrdiff_t>(where));
  return out;
}

Result<Value> list_remove(Call& call) {
  TRY(change(call, "remove from"));
  std::vector<Value>& items = items_of(call.self);
  for (size_t i = 0; i < items.size(); i++) {
    if (!TRY(call.machine.equal(items[i], call.args[0]))) continue;
    items.erase(items.begin() + static_cast<ptrdiff_t>(i));
    return none();
  }
  return call.fail("element not found");
}

Result<Value> table_clear(Call& call) {
  if (call.self.is(Type::kSet) && table(call).size() == 0) return none();
  TRY(change(call, "clear"));
  table(call).clear();
  return none();
}

Result<Value> dict_get(Call& call) {
  Value* found = TRY(named(call, table(call).find(call.machine, call.args[0])));
  return found ? *found : call.arg(1) ? call.arg(1) : none();
}

enum class Side { kKeys, kValues, kItems };
template <Side kSide>
Result<Value> dict_list(Call& call) {
  Value out = call.machine.list();
  size_t at = 0;
  while (const Table::Entry* entry = table(call).next(at)) {
    TRY(call.machine.spend());
    TRY(call.machine.reserve(sizeof(Value) * 2));
    items_of(out).push_back(kSide == Side::kKeys ? entry->key : kSide == Side::kValues ? entry->value : call.machine.tuple({entry->key, entry->value}));
  }
  return out;
}

Result<Value> dict_pop(Call& call) {
  TRY(change(call, "delete from"));
  Value out = TRY(named(call, table(call).remove(call.machine, call.args[0])));
  if (out) return out;
  return call.arg(1) ? Result<Value>(call.arg(1)) : call.fail("missing key");
}

/// The oldest entry: popitem of dicts and pop of sets.
template <bool kPair>
Result<Value> table_pop(Call& call) {
  size_t at = 0;
  const Table::Entry* entry = table(call).next(at);
  if (!entry) return call.fail("empty {}", type_name(call.self));
  TRY(change(call, "delete from"));
  TRY(call.machine.spend(at / 16));
  Value key = entry->key, value = entry->value;
  TRY(table(call).remove(call.machine, key));
  return kPair ? call.machine.tuple({key, value}) : key;
}

Result<Value> dict_setdefault(Call& call) {
  Value* found = TRY(named(call, table(call).find(call.machine, call.args[0])));
  if (found) return *found;
  TRY(change(call, "insert into"));
  Value value = call.arg(1) ? call.arg(1) : none();
  TRY(table(call).insert(call.machine, call.args[0], value));
  return value;
}

Result<Value> dict_update(Call& call) {
  if (call.args.size() > 1) return call.fail("got {} arguments, want at most 1", call.args.size());
  TRY(update_dict(call, call.self));
  return none();
}

Result<Value> set_add(Call& call) {
  TRY(change(call, "insert into"));  // also where it would change nothing
  if (TRY(named(call, table(call).find(call.machine, call.args[0])))) return none();
  TRY(table(call).insert(call.machine, call.args[0], none()));
  return none();
}

template <bool kMust>
Result<Value> set_remove(Call& call) {
  TRY(change(call, "delete from"));
  bool found = TRY(named(call, table(call).find(call.machine, call.args[0]))) != nullptr;
  if (!found) return kMust ? Result<Value>(call.fail("missing key")) : none();
  TRY(table(call).remove(call.machine, call.args[0]));
  return none();
}

template <Token kOp>
Result<Value> set_with(Call& call) {
  Value other = call.arg(0) ? TRY(call.iterable(call.args[0], 0)) : call.machine.tuple();
  return named(call, call.machine.set_operation(kOp, call.self, other));
}

template <Token kOp>
Result<Value> set_compare(Call& call) {
  Value other = call.arg(0) ? TRY(call.iterable(call.args[0], 0)) : call.machine.tuple();
  Value nothing = call.machine.object<Table>(Type::kSet);
  Value set = TRY(named(call, call.machine.set_operation(Token::kPipe, nothing, other)));
  return boolean(TRY(call.machine.compare(kOp, call.self, set)));
}

/// Adds all elements of all arguments to a set.
Result<> add_all(Call& call, Value set) {
  if (!call.named.empty()) return call.fail("does not accept keyword arguments");
  for (size_t i = 0; i < call.args.size(); i++) {
    if (!Iterator::possible(call.args[i])) return call.fail("argument #{} is not iterable: {}", i + 1, type_name(call.args[i]));
    if (call.args[i].object == set.object) continue;
    Iterator iterator(call.machine, call.args[i]);
    for (Value item; TRY(iterator.next(item));) TRY(named(call, as<Table>(set).insert(call.machine, item, none())));
  }
  return {};
}

Result<Value> set_update(Call& call) {
  if (!call.args.empty()) TRY(change(call, "insert into"));
  TRY(add_all(call, call.self));
  return none();
}

Result<Value> set_union(Call& call) {
  Value nothing = call.machine.object<Table>(Type::kSet);
  Value out = TRY(call.machine.set_operation(Token::kPipe, call.self, nothing));
  TRY(add_all(call, out));
  return out;
}

constexpr Row kListMethods[] = {
    {"append", list_append, 1, 1}, {"clear", list_clear, 0, 0}, {"extend", list_extend, 1, 1}, {"index", list_index, 1, 3},
    {"insert", list_insert, 2, 2}, {"pop", list_pop, 0, 1}, {"remove", list_remove, 1, 1},
};
constexpr Row kDictMethods[] = {
    {"clear", table_clear, 0, 0}, {"get", dict_get, 1, 2}, {"items", dict_list<Side::kItems>, 0, 0}, {"keys", dict_list<Side::kKeys>, 0, 0},
    {"pop", dict_pop, 1, 2}, {"popitem", table_pop<true>, 0, 0}, {"setdefault", dict_setdefault, 1, 2}, {"update", dict_update},
    {"values", dict_list<Side::kValues>, 0, 0},
};
constexpr Row kSetMethods[] = {
    {"add", set_add, 1, 1}, {"clear", table_clear, 0, 0}, {"difference", set_with<Token::kMinus>, 0, 1}, {"discard", set_remove<false>, 1, 1},
    {"intersection", set_with<Token::kAmp>, 0, 1}, {"issubset", set_compare<Token::kLessEq>, 0, 1}, {"issuperset", set_compare<Token::kGreaterEq>, 0, 1},
    {"pop", table_pop<false>, 0, 0}, {"remove", set_remove<true>, 1, 1}, {"symmetric_difference", set_with<Token::kCaret>, 0, 1},
    {"union", set_union}, {"update", set_update},
};

}  // namespace

Result<> update_dict(Call& call, Value dict) {
  Table& into = as<Table>(dict);
  if (!call.args.empty() || !call.named.empty()) {
    if (auto may = Machine::changeable(dict, "insert into"); !may) return call.fail("{}", may.error().message());
  }
  if (call.arg(0).is(Type::kDict)) {
    TRY(call.machine.merge(dict, call.arg(0)));
  } else if (call.arg(0)) {
    if (!Iterator::possible(call.args[0])) return call.fail("got {}, want iterable", type_name(call.args[0]));
    Iterator iterator(call.machine, call.args[0]);
    size_t number = 0;
    for (Value pair; TRY(iterator.next(pair)); number++) {
      if (!Iterator::possible(pair)) return call.fail("dictionary update sequence element #{} is not iterable ({})", number, type_name(pair));
      if (length(pair) != 2) return call.fail("dictionary update sequence element #{} has length {}, want 2", number, length(pair));
      Iterator of_pair(call.machine, pair);
      Value key, value;
      TRY(of_pair.next(key));
      TRY(of_pair.next(value));
      TRY(named(call, into.insert(call.machine, key, value)));
    }
  }
  for (size_t i = 0; i < call.named.size(); i++) {
    auto same = [&](const Named& other) { return other.name == call.named[i].name; };
    Value key = call.machine.text(std::string(call.named[i].name));
    if (std::any_of(call.named.begin(), call.named.begin() + static_cast<ptrdiff_t>(i), same)) return call.fail("duplicate keyword arg: {}", repr(key));
    TRY(into.insert(call.machine, key, call.named[i].value));
    TRY(call.machine.spend(i / 16));
  }
  return {};
}

std::span<const Row> methods(Type type) {
  switch (type) {
    case Type::kString: return string_methods();
    case Type::kBytes: return bytes_methods();
    case Type::kList: return kListMethods;
    case Type::kDict: return kDictMethods;
    case Type::kSet: return kSetMethods;
    default: return {};
  }
}

}  // namespace starlark
