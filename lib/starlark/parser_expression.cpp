// The rules for expressions.
#include <format>
#include <iterator>

#include "starlark/parser.h"

namespace starlark {
namespace {

constexpr int kNotLevel = 2, kComparisonLevel = 3;

/// From what binds loosest (0) to what binds tightest; -1: no binary operator.
int precedence(Token token) {
  switch (token) {
    case Token::kOr: return 0;
    case Token::kAnd: return 1;
    case Token::kNot: return kNotLevel;
    case Token::kEqual: case Token::kNotEqual: case Token::kLess: case Token::kGreater: case Token::kLessEq: case Token::kGreaterEq: case Token::kIn:
    case Token::kNotIn: return kComparisonLevel;
    case Token::kPipe: return 4;
    case Token::kCaret: return 5;
    case Token::kAmp: return 6;
    case Token::kLessLess: case Token::kGreaterGreater: return 7;
    case Token::kMinus: case Token::kPlus: return 8;
    case Token::kStar: case Token::kPercent: case Token::kSlash: case Token::kSlashSlash: return 9;
    default: return -1;
  }
}
constexpr int kLevels = 10;

}  // namespace

bool Parser::ends_list() const {
  switch (token_) {
    case Token::kEof: case Token::kNewline: case Token::kAssign: case Token::kRightBrace: case Token::kRightBracket: case Token::kRightParen: case Token::kSemi:
      return true;
    default: return false;
  }
}

Node* Parser::identifier() {
  if (token_ != Token::kIdent) fail(scanner_.here(), "not an identifier");
  Node* node = make(Kind::kName, scanner_.start());
  node->text = scanner_.raw();
  advance();
  return node;
}

Node* Parser::loop_variables() {
  Node* first = primary_with_suffix();
  if (token_ != Token::kComma) return first;
  Node* tuple = make(Kind::kTuple, first->start);
  tuple->list.push_back(first);
  while (accept(Token::kComma) && !ends_list()) tuple->list.push_back(primary_with_suffix());
  return tuple;
}

/// A test, or a tuple of tests without parentheses.
Node* Parser::expression(bool trailing_comma) {
  Node* first = test();
  if (token_ != Token::kComma) return first;
  Node* tuple = make(Kind::kTuple, first->start);
  tuple->list.push_back(first);
  while (token_ == Token::kComma) {
    Pos comma = advance();
    if (ends_list()) {
      if (!trailing_comma) fail(comma, "unparenthesized tuple with trailing comma");
      break;
    }
    tuple->list.push_back(test());
  }
  return tuple;
}

Node* Parser::test(bool conditional) {
  Level level(*this);
  if (token_ == Token::kLambda) return lambda(conditional);
  Node* value = binary(0);
  if (!conditional || token_ != Token::kIf) return value;
  Pos pos = advance();
  Node* node = make(Kind::kConditional, value->start, pos, value, binary(0));
  if (token_ != Token::kElse) fail(pos, "conditional expression without else clause");
  advance();
  node->c = test();
  return node;
}

Node* Parser::lambda(bool conditional) {
  Pos start = advance();
  Node* node = make(Kind::kLambda, start);
  node->function = make_function("lambda", start);
  if (token_ != Token::kColon) parameters(node->function->parameters);
  expect(Token::kColon);
  Node* value = test(conditional);
  node->function->body.push_back(make(Kind::kReturn, value->start, value->start, value));
  return node;
}

Node* Parser::binary(int level) {
  if (level >= kLevels) return primary_with_suffix();
  if (token_ == Token::kNot && level == kNotLevel) {
    Level nesting(*this);
    Pos pos = advance();
    Node* node = make(Kind::kUnary, pos, pos, binary(level));
    node->op = Token::kNot;
    return node;
  }
  Node* left = binary(level + 1);
  for (bool first = true;; first = false) {
    if (token_ == Token::kNot) {
      advance();
      if (token_ != Token::kIn) fail(scanner_.here(), std::format("got {}, want in", got()));
      else token_ = Token::kNotIn;
    }
    int found = precedence(token_);
    if (found < level) return left;
    if (!first && found == kComparisonLevel) fail(scanner_.here(), std::format("{} does not associate with {} (use parens)", token_name(left->op), token_name(token_)));
    Token op = token_;
    Pos pos = advance();
    left = make(Kind::kBinary, left->start, pos, left, binary(found + 1));
    left->op = op;
  }
}

Node* Parser::primary_with_suffix() {
  Node* node = primary();
  for (;;) {
    if (token_ == Token::kDot) {
      Pos pos = advance();
      Node* dot = make(Kind::kDot, node->start, pos, node);
      dot->text = identifier()->text;
      node = dot;
    } else if (token_ == Token::kLeftBracket) {
      node = subscript(node);
    } else if (token_ == Token::kLeftParen) {
      node = call(node);
    } else {
      return node;
    }
  }
}

Node* Parser::subscript(Node* of) {
  Pos pos = advance();
  Node* low = token_ == Token::kColon ? nullptr : expression(false);
  if (low && token_ == Token::kRightBracket) {
    advance();
    return make(Kind::kIndex, of->start, pos, of, low);
  }
  Node* node = make(Kind::kSlice, of->start, pos, of, low);
  if (accept(Token::kColon) && token_ != Token::kColon && token_ != Token::kRightBracket) node->c = test();
  if (accept(Token::kColon) && token_ != Token::kRightBracket) node->d = test();
  expect(Token::kRightBracket);
  return node;
}

Node* Parser::call(Node* of) {
  Node* node = make(Kind::kCall, of->start, advance(), of);
  while (token_ != Token::kRightParen && token_ != Token::kEof) {
    if (!node->list.empty()) expect(Token::kComma);
    if (token_ == Token::kRightParen) break;
    node->list.push_back(argument());
  }
  expect(Token::kRightParen);
  return node;
}

Node* Parser::argument() {
  if (token_ == Token::kStar || token_ == Token::kStarStar) {
    Token op = token_;
    Pos pos = advance();
    Node* node = make(Kind::kUnary, pos, pos, test());
    node->op = op;
    return node;
  }
  Node* value = test();
  if (token_ != Token::kAssign) return value;
  if (value->kind != Kind::kName || value->parenthesized) fail(scanner_.here(), "keyword argument must have form name=expr");
  Pos pos = advance();
  Node* node = make(Kind::kNamedArgument, value->start, pos, test());
  node->text = value->text;
  return node;
}

Node* Parser::primary() {
  switch (token_) {
    case Token::kIdent: return identifier();
    case Token::kInt: case Token::kFloat: case Token::kString: case Token::kBytes: return literal();
    case Token::kLeftBracket: return list_display();
    case Token::kLeftBrace: return dict_display();
    case Token::kLeftParen: return group();
    case Token::kMinus: case Token::kPlus: case Token::kTilde: {
      Level level(*this);
      Token op = token_;
      Pos pos = advance();
      Node* node = make(Kind::kUnary, pos, pos, primary_with_suffix());
      node->op = op;
      return node;
    }
    default: break;
  }
  Pos pos = scanner_.start();
  fail(pos, std::format("got {}, want primary expression", got()));
  return make(Kind::kTuple, pos);
}

Node* Parser::literal() {
  constexpr Kind kKinds[] = {Kind::kInt, Kind::kFloat, Kind::kString, Kind::kBytes};
  Node* node = make(kKinds[static_cast<size_t>(token_) - static_cast<size_t>(Token::kInt)], scanner_.start());
  node->integer = scanner_.integer();
  node->real = scanner_.real();
  if (token_ == Token::kString || token_ == Token::kBytes) node->text = tree_.texts.emplace_back(scanner_.take_text());
  advance();
  return node;
}

Node* Parser::group() {
  Pos pos = advance();
  Node* node = token_ == Token::kRightParen ? make(Kind::kTuple, pos) : expression(true);
  expect(Token::kRightParen);
  node->parenthesized = true;
  node->start = pos;
  return node;
}

Node* Parser::list_display() {
  Pos pos = advance();
  Node* list = make(Kind::kList, pos);
  if (token_ != Token::kRightBracket) {
    Node* first = test();
    if (token_ == Token::kFor) return comprehension(first, pos, Token::kRightBracket);
    list->list.push_back(first);
    while (accept(Token::kComma) && !ends_list()) list->list.push_back(test());
  }
  expect(Token::kRightBracket);
  return list;
}

Node* Parser::dict_display() {
  Pos pos = advance();
  Node* dict = make(Kind::kDict, pos);
  if (token_ != Token::kRightBrace) {
    Node* first = dict_entry();
    if (token_ == Token::kFor) return comprehension(first, pos, Token::kRightBrace);
    dict->list.push_back(first);
    while (accept(Token::kComma) && token_ != Token::kRightBrace) dict->list.push_back(dict_entry());
  }
  expect(Token::kRightBrace);
  return dict;
}

Node* Parser::dict_entry() {
  Node* key = test();
  Pos pos = expect(Token::kColon);
  return make(Kind::kEntry, key->start, pos, key, test());
}

Node* Parser::comprehension(Node* body, Pos start, Token end) {
  Node* node = make(Kind::kComprehension, start, start, body);
  node->op = end;
  while (token_ != end && !failed()) {
    Pos pos = scanner_.start();
    if (accept(Token::kFor)) {
      Node* variables = loop_variables();
      expect(Token::kIn);
      node->list.push_back(make(Kind::kForClause, pos, pos, variables, binary(0)));
    } else if (accept(Token::kIf)) {
      node->list.push_back(make(Kind::kIfClause, pos, pos, test(false)));
    } else {
      fail(scanner_.here(), std::format("got {}, want '{}', for, or if", got(), token_name(end)));
    }
  }
  advance();
  return node;
}

}  // namespace starlark
