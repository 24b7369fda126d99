// Runs statements and assignments.
#include "starlark/machine.h"

namespace starlark {

Result<Machine::Flow> Machine::run(const std::vector<Node*>& list, Frame& frame) {
  Level level(*this);
  if (depth_ > limits_.depth) return fail(Code::invalid, "Starlark stack overflow");
  for (const Node* node : list) {
    TRY(spend());
    Flow flow = TRY(statement(*node, frame));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Result<Machine::Flow> Machine::statement(const Node& node, Frame& frame) {
  at(node.start);
  switch (node.kind) {
    case Kind::kExpression: TRY(eval(*node.a, frame)); return Flow::kNext;
    case Kind::kIf: return if_statement(&node, frame);
    case Kind::kFor: return for_statement(node, frame);
    case Kind::kBranch: return node.op == Token::kBreak ? Flow::kBreak : node.op == Token::kContinue ? Flow::kContinue : Flow::kNext;
    case Kind::kReturn:
      if (node.a) frame.result = TRY(eval(*node.a, frame));
      return Flow::kReturn;
    case Kind::kDef: {
      Value function = TRY(make_function(*node.function, frame));
      TRY(assign(*node.a, function, frame));
      return Flow::kNext;
    }
    case Kind::kAssign:
      if (node.op == Token::kAssign) {
        Value value = TRY(eval(*node.b, frame));
        TRY(assign(*node.a, value, frame));
      } else {
        TRY(augment(node, frame));
      }
      return Flow::kNext;
    default: return fail(Code::invalid, "load not implemented by this application");
  }
}

Result<Machine::Flow> Machine::if_statement(const Node* node, Frame& frame) {
  for (;;) {
    if (truth(TRY(eval(*node->a, frame)))) return run(node->list, frame);
    if (node->other.size() != 1 || node->other[0]->op != Token::kElif) return run(node->other, frame);
    node = node->other[0];
    TRY(spend());
  }
}

Result<Machine::Flow> Machine::for_statement(const Node& node, Frame& frame) {
  Value over = TRY(eval(*node.b, frame));
  if (!Iterator::possible(over)) return fail(Code::invalid, "{} value is not iterable", type_name(over));
  Iterator iterator(*this, over);
  for (Value item; TRY(iterator.next(item));) {
    TRY(assign(*node.a, item, frame));
    Flow flow = TRY(run(node.list, frame));
    if (flow == Flow::kReturn) return flow;
    if (flow == Flow::kBreak) break;
  }
  return Flow::kNext;
}

Result<> Machine::assign(const Node& left, Value value, Frame& frame) {
  switch (left.kind) {
    case Kind::kName:
      (left.scope == Scope::kGlobal ? globals_[left.slot] : frame.slots[left.slot]) = value;
      return {};
    case Kind::kIndex: {
      Value of = TRY(eval(*left.a, frame));
      Value where = TRY(eval(*left.b, frame));
      at(left.pos);
      return set_index(of, where, value);
    }
    case Kind::kDot: {
      Value of = TRY(eval(*left.a, frame));
      at(left.pos);
      return fail(Code::invalid, "can't assign to .{} field of {}", left.text, type_name(of));
    }
    default: return unpack(left, value, frame);
  }
}

Result<> Machine::unpack(const Node& left, Value value, Frame& frame) {
  if (!Iterator::possible(value)) return fail(Code::invalid, "got {} in sequence assignment", type_name(value));
  std::vector<Value> items;
  {
    Iterator iterator(*this, value);  // ends before the first assignment, which may change `value`
    for (Value item; TRY(iterator.next(item));) {
      if (items.size() == left.list.size()) return fail(Code::invalid, "too many values to unpack (got {}, want {})", length(value), left.list.size());
      items.push_back(item);
    }
  }
  if (items.size() < left.list.size()) return fail(Code::invalid, "too few values to unpack (got {}, want {})", items.size(), left.list.size());
  for (size_t i = 0; i < items.size(); i++) TRY(assign(*left.list[i], items[i], frame));
  return {};
}

/// x op= y: x is evaluated once; lists and dicts change in place.
Result<> Machine::augment(const Node& node, Frame& frame) {
  const Node& left = *node.a;
  constexpr Token kOps[] = {Token::kPlus, Token::kMinus, Token::kStar, Token::kSlash, Token::kSlashSlash, Token::kPercent,
                            Token::kAmp, Token::kPipe, Token::kCaret, Token::kLessLess, Token::kGreaterGreater};
  Token op = kOps[static_cast<size_t>(node.op) - static_cast<size_t>(Token::kPlusAssign)];
  if (left.kind != Kind::kIndex) {
    Value before = TRY(eval(left, frame));
    Value right = TRY(eval(*node.b, frame));
    at(node.pos);
    Value after = TRY(augmented(op, before, right));
    return assign(left, after, frame);
  }
  Value of = TRY(eval(*left.a, frame));
  Value where = TRY(eval(*left.b, frame));
  at(left.pos);
  Value before = TRY(index(of, where));
  Value right = TRY(eval(*node.b, frame));
  at(node.pos);
  Value after = TRY(augmented(op, before, right));
  return set_index(of, where, after);
}

Result<Value> Machine::augmented(Token op, Value left, Value right) {
  if (op == Token::kPlus && left.is(Type::kList) && Iterator::possible(right)) {
    TRY(changeable(left, "apply += to"));
    TRY(extend(left, right));
    return left;
  }
  if (op == Token::kPipe && left.is(Type::kDict) && right.is(Type::kDict)) {
    TRY(changeable(left, "apply |= to"));
    TRY(merge(left, right));
    return left;
  }
  return binary(op, left, right);
}

Result<> Machine::set_index(Value of, Value at, Value value) {
  if (of.is(Type::kDict)) {
    TRY(changeable(of, "insert into"));
    TRY(as<Table>(of).insert(*this, at, value));
    return {};
  }
  if (!of.is(Type::kList)) return fail(Code::invalid, "{} value does not support item assignment", type_name(of));
  size_t where = TRY(position(of, at));
  TRY(changeable(of, "assign to element of"));
  items_of(of)[where] = value;
  return {};
}

Result<> Machine::changeable(Value value, std::string_view verb) {
  std::string_view what = value.is(Type::kList) ? "list" : "hash table";
  if (value.object->frozen) return fail(Code::invalid, "cannot {} frozen {}", verb, what);
  if (value.object->iterators) return fail(Code::invalid, "cannot {} {} during iteration", verb, what);
  return {};
}

Result<> Machine::extend(Value list, Value from) {
  std::vector<Value> items;  // `from` may be the list itself
  Iterator iterator(*this, from);
  for (Value item; TRY(iterator.next(item));) items.push_back(item);
  TRY(reserve(items.size() * sizeof(Value) * 2));
  items_of(list).insert(items_of(list).end(), items.begin(), items.end());
  return {};
}

Result<> Machine::merge(Value into, Value from) {
  size_t at = 0;
  if (into.object == from.object) return {};
  while (const Table::Entry* entry = as<Table>(from).next(at)) TRY(as<Table>(into).insert(*this, entry->key, entry->value));
  return {};
}

}  // namespace starlark
