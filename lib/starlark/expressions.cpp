// Evaluates expressions.
#include <algorithm>
#include <limits>

#include "starlark/machine.h"
#include "starlark/text.h"

namespace starlark {

Result<Value> Machine::eval(const Node& node, Frame& frame) {
  Level level(*this);
  if (depth_ > limits_.depth) return fail(Code::invalid, "Starlark stack overflow");
  TRY(spend());
  switch (node.kind) {
    case Kind::kName: return eval_name(node, frame);
    case Kind::kInt: return integer(node.integer);
    case Kind::kFloat: return real(node.real);
    case Kind::kString: return Value{.type = Type::kString, .object = node.constant};
    case Kind::kBytes: return Value{.type = Type::kBytes, .object = node.constant};
    case Kind::kList:
    case Kind::kTuple: return eval_items(node, frame);
    case Kind::kDict: return eval_dict(node, frame);
    case Kind::kComprehension: return eval_comprehension(node, frame);
    case Kind::kUnary: return eval_unary(node, frame);
    case Kind::kBinary: return eval_binary(node, frame);
    case Kind::kConditional: return truth(TRY(eval(*node.b, frame))) ? eval(*node.a, frame) : eval(*node.c, frame);
    case Kind::kSlice: return eval_slice(node, frame);
    case Kind::kCall: return eval_call(node, frame);
    case Kind::kLambda: return make_function(*node.function, frame);
    default: break;
  }
  Value of = TRY(eval(*node.a, frame));
  if (node.kind == Kind::kIndex) {
    Value where = TRY(eval(*node.b, frame));
    at(node.pos);
    return index(of, where);
  }
  at(node.pos);
  return attribute(of, node.text);
}

Result<Value> Machine::eval_name(const Node& node, Frame& frame) {
  if (node.scope == Scope::kPredeclared) {
    if (predeclared_[node.slot]) return predeclared_[node.slot];
    return fail(Code::invalid, "internal error: predeclared variable {} is uninitialized", node.text);
  }
  if (node.scope == Scope::kUniversal) return universal_[node.slot];
  Frame* from = &frame;
  for (int i = 0; i < node.up; i++) from = from->outer;
  Value value = node.scope == Scope::kGlobal ? globals_[node.slot] : from->slots[node.slot];
  if (value) return value;
  at(node.start);
  return fail(Code::invalid, "{} variable {} referenced before assignment", node.scope == Scope::kGlobal ? "global" : "local", node.text);
}

Result<Value> Machine::eval_unary(const Node& node, Frame& frame) {
  Value value = TRY(eval(*node.a, frame));
  at(node.pos);
  if (node.op == Token::kNot) return boolean(!truth(value));
  if (value.is(Type::kInt)) {
    if (node.op == Token::kPlus) return value;
    if (node.op == Token::kTilde) return integer(~value.integer);
    return binary(Token::kMinus, integer(0), value);
  }
  if (value.is(Type::kFloat) && node.op != Token::kTilde) return node.op == Token::kPlus ? value : real(-value.real);
  return fail(Code::invalid, "unknown unary op: {} {}", token_name(node.op), type_name(value));
}

Result<Value> Machine::eval_binary(const Node& node, Frame& frame) {
  Value left = TRY(eval(*node.a, frame));
  if (node.op == Token::kAnd || node.op == Token::kOr) return truth(left) == (node.op == Token::kOr) ? left : eval(*node.b, frame);
  Value right = TRY(eval(*node.b, frame));
  at(node.pos);
  return binary(node.op, left, right);
}

Result<Value> Machine::eval_items(const Node& node, Frame& frame) {
  std::vector<Value> items;
  items.reserve(node.list.size());
  for (const Node* item : node.list) items.push_back(TRY(eval(*item, frame)));
  return node.kind == Kind::kList ? list(std::move(items)) : tuple(std::move(items));
}

Result<Value> Machine::eval_dict(const Node& node, Frame& frame) {
  Value dict = object<Table>(Type::kDict);
  for (const Node* entry : node.list) {
    Value key = TRY(eval(*entry->a, frame));
    Value value = TRY(eval(*entry->b, frame));
    at(entry->pos);
    if (!TRY(as<Table>(dict).insert(*this, key, value))) return fail(Code::invalid, "duplicate key: {}", repr(key));
  }
  return dict;
}

Result<Value> Machine::eval_comprehension(const Node& node, Frame& frame) {
  Value into = node.op == Token::kRightBrace ? object<Table>(Type::kDict) : list();
  TRY(eval_clauses(node, 0, into, frame));
  return into;
}

Result<> Machine::eval_clauses(const Node& node, size_t clause, Value into, Frame& frame) {
  Level level(*this);
  if (depth_ > limits_.depth) return fail(Code::invalid, "Starlark stack overflow");
  if (clause == node.list.size()) {
    if (into.is(Type::kList)) {
      items_of(into).push_back(TRY(eval(*node.a, frame)));
      return reserve(sizeof(Value) * 2);
    }
    Value key = TRY(eval(*node.a->a, frame));
    Value value = TRY(eval(*node.a->b, frame));
    TRY(as<Table>(into).insert(*this, key, value));
    return {};
  }
  const Node& part = *node.list[clause];
  if (part.kind == Kind::kIfClause) {
    if (truth(TRY(eval(*part.a, frame)))) return eval_clauses(node, clause + 1, into, frame);
    return {};
  }
  Value over = TRY(eval(*part.b, frame));
  at(part.pos);
  if (!Iterator::possible(over)) return fail(Code::invalid, "{} value is not iterable", type_name(over));
  Iterator iterator(*this, over);
  for (Value item; TRY(iterator.next(item));) {
    TRY(assign(*part.a, item, frame));
    TRY(eval_clauses(node, clause + 1, into, frame));
  }
  return {};
}

Result<size_t> Machine::position(Value of, Value at) {
  if (!at.is(Type::kInt)) return fail(Code::invalid, "{} index: got {}, want int", type_name(of), type_name(at));
  int64_t size = length(of), where = at.integer < 0 ? at.integer + size : at.integer;
  if (where >= 0 && where < size) return static_cast<size_t>(where);
  if (size == 0) return fail(Code::invalid, "index {} out of range: empty {}", at.integer, type_name(of));
  return fail(Code::invalid, "{} index {} out of range [{}:{}]", type_name(of), at.integer, -size, size - 1);
}

Result<Value> Machine::index(Value of, Value at) {
  if (of.is(Type::kDict)) {
    Value* found = TRY(as<Table>(of).find(*this, at));
    if (!found) return fail(Code::invalid, "key {} not in dict", repr(at));
    return *found;
  }
  bool text_like = of.is(Type::kString) || of.is(Type::kBytes);
  bool bytewise = of.is(Type::kParts) && !as<Parts>(of).code_points;
  if (!text_like && !bytewise && !of.is(Type::kList) && !of.is(Type::kTuple) && !of.is(Type::kRange))
    return fail(Code::invalid, "unhandled index operation {}[{}]", type_name(of), type_name(at));
  size_t where = TRY(position(of, at));
  if (of.is(Type::kRange)) return integer(as<Range>(of).start + static_cast<int64_t>(where) * as<Range>(of).step);
  if (bytewise) return as<Parts>(of).numbers ? integer(static_cast<uint8_t>(text_of(as<Parts>(of).of)[where])) : text(text_of(as<Parts>(of).of).substr(where, 1));
  if (text_like) return object<Text>(of.type, text_of(of).substr(where, 1));
  return items_of(of)[where];
}

Result<int64_t> Machine::bound(Value value, int64_t size, int64_t otherwise, int64_t least, int64_t most, std::string_view which) {
  if (!value || value.is(Type::kNone)) return otherwise;
  if (!value.is(Type::kInt)) return fail(Code::invalid, "invalid {} index: got {}, want int", which, type_name(value));
  int64_t at = value.integer;
  if (at < 0) at = std::max<int64_t>(at, -size - 1) + size;
  return std::clamp(at, least, most);
}

Result<Value> Machine::eval_slice(const Node& node, Frame& frame) {
  Value of = TRY(eval(*node.a, frame));
  const Node* parts[] = {node.b, node.c, node.d};
  Value values[3];
  for (int i = 0; i < 3; i++)
    if (parts[i]) values[i] = TRY(eval(*parts[i], frame));
  at(node.pos);
  bool sliceable = of.is(Type::kString) || of.is(Type::kBytes) || of.is(Type::kList) || of.is(Type::kTuple) || of.is(Type::kRange);
  if (!sliceable) return fail(Code::invalid, "invalid slice operand {}", type_name(of));
  Value by = values[2];
  if (by && !by.is(Type::kNone) && !by.is(Type::kInt)) return fail(Code::invalid, "invalid slice step: got {}, want int", type_name(by));
  int64_t size = length(of), step = by.is(Type::kInt) ? by.integer : 1;
  if (step == 0) return fail(Code::invalid, "zero is not a valid slice step");
  step = std::clamp(step, -size - 1, size + 1);
  bool back = step < 0;
  int64_t start = TRY(bound(values[0], size, back ? size - 1 : 0, back ? -1 : 0, back ? size - 1 : size, "start"));
  int64_t end = TRY(bound(values[1], size, back ? -1 : size, back ? -1 : 0, back ? size - 1 : size, "end"));
  int64_t count = back ? std::max<int64_t>(0, (start - end - step - 1) / -step) : std::max<int64_t>(0, (end - start + step - 1) / step);
  TRY(spend(static_cast<uint64_t>(count) / 8));
  if (of.is(Type::kRange)) {
    const Range& range = as<Range>(of);
    return object<Range>(Type::kRange, range.start + start * range.step, range.start + end * range.step, range.step * step, count);
  }
  if (of.is(Type::kString) || of.is(Type::kBytes)) {
    std::string out;
    if (step == 1) out = text_of(of).substr(static_cast<size_t>(start), static_cast<size_t>(count));
    else
      for (int64_t i = 0; i < count; i++) out += text_of(of)[static_cast<size_t>(start + i * step)];
    return object<Text>(of.type, std::move(out));
  }
  std::vector<Value> out;
  for (int64_t i = 0; i < count; i++) out.push_back(items_of(of)[static_cast<size_t>(start + i * step)]);
  return object<Sequence>(of.type, std::move(out));
}

Result<Value> Machine::eval_call(const Node& node, Frame& frame) {
  Value function = TRY(eval(*node.a, frame));
  std::vector<Value> args;
  std::vector<Named> named;
  for (const Node* argument : node.list) {
    bool star = argument->kind == Kind::kUnary && argument->op == Token::kStar, star_star = argument->kind == Kind::kUnary && argument->op == Token::kStarStar;
    Value value = TRY(eval(star || star_star || argument->kind == Kind::kNamedArgument ? *argument->a : *argument, frame));
    if (star || star_star) at(argument->pos);
    if (star) TRY(eval_star(value, args));
    else if (star_star) TRY(eval_star_star(value, named));
    else if (argument->kind == Kind::kNamedArgument) named.push_back({argument->text, value});
    else args.push_back(value);
  }
  at(node.pos);
  return call(function, std::move(args), std::move(named));
}

Result<> Machine::eval_star(Value value, std::vector<Value>& args) {
  if (!Iterator::possible(value)) return fail(Code::invalid, "argument after * must be iterable, not {}", type_name(value));
  Iterator iterator(*this, value);
  for (Value item; TRY(iterator.next(item));) args.push_back(item);
  return reserve(args.size() * sizeof(Value));
}

Result<> Machine::eval_star_star(Value value, std::vector<Named>& named) {
  if (!value.is(Type::kDict)) return fail(Code::invalid, "argument after ** must be a mapping, not {}", type_name(value));
  size_t at = 0;
  while (const Table::Entry* entry = as<Table>(value).next(at)) {
    if (!entry->key.is(Type::kString)) return fail(Code::invalid, "keywords must be strings, not {}", type_name(entry->key));
    TRY(spend());
    named.push_back({text_of(entry->key), entry->value});
  }
  return reserve(named.size() * sizeof(Named));
}

Result<Value> Machine::attribute(Value of, std::string_view name) {
  std::vector<std::string_view> names;
  if (of.is(Type::kRecord)) {
    const Table& fields = as<Table>(of);
    size_t at = 0;
    while (const Table::Entry* entry = fields.next(at))
      if (text_of(entry->key) == name) return entry->value;
    return fail(Code::invalid, "Invalid field {}", quote_literal(name));
  }
  for (const Row& row : methods(of.type)) {
    if (row.name == name) return object<Builtin>(Type::kBuiltin, row, of);
    names.push_back(row.name);
  }
  return fail(Code::invalid, "{} has no .{} field or method{}", type_name(of), name, hint(name, names, "."));
}

Iterator::Iterator(Machine& machine, Value over) : machine_(machine), over_(over) {
  if (over.is(Type::kList) || over.is(Type::kDict) || over.is(Type::kSet)) over.object->iterators++;
}
Iterator::~Iterator() {
  if (over_.is(Type::kList) || over_.is(Type::kDict) || over_.is(Type::kSet)) over_.object->iterators--;
}

bool Iterator::possible(Value over) {
  return over.is(Type::kList) || over.is(Type::kTuple) || over.is(Type::kDict) || over.is(Type::kSet) || over.is(Type::kRange) || over.is(Type::kParts);
}

Result<bool> Iterator::next(Value& out) {
  TRY(machine_.spend());
  if (over_.is(Type::kDict) || over_.is(Type::kSet)) {
    const Table::Entry* entry = as<Table>(over_).next(at_);
    if (entry) out = entry->key;
    return entry != nullptr;
  }
  const Value whole = over_.is(Type::kParts) ? as<Parts>(over_).of : over_;
  if (static_cast<int64_t>(at_) >= length(whole)) return false;
  if (over_.is(Type::kParts)) {
    out = part();
    return true;
  }
  if (over_.is(Type::kRange)) out = integer(as<Range>(over_).start + static_cast<int64_t>(at_) * as<Range>(over_).step);
  else out = items_of(over_)[at_];
  at_++;
  return true;
}

Value Iterator::part() {
  const Parts& parts = as<Parts>(over_);
  std::string_view rest = std::string_view(text_of(parts.of)).substr(at_);
  if (!parts.code_points) {
    at_++;
    return parts.numbers ? integer(static_cast<uint8_t>(rest[0])) : machine_.text(std::string(rest.substr(0, 1)));
  }
  auto [value, size] = decode(rest);
  at_ += size;
  std::string text;
  append_code_point(text, value);
  return parts.numbers ? integer(value) : machine_.text(std::move(text));
}

}  // namespace starlark
