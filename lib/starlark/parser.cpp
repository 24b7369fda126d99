#include "starlark/parser.h"

#include <format>

namespace starlark {

Result<> Parser::parse() {
  advance();
  tree_.top = make_function("<toplevel>", {});
  while (token_ != Token::kEof) {
    if (token_ == Token::kNewline) advance();
    else statement(tree_.top->body);
  }
  if (failed()) return ::fail(Code::invalid, "{}:{}", tree_.name, *scanner_.error());
  return {};
}

Pos Parser::advance() {
  Pos pos = scanner_.start();
  token_ = scanner_.next();
  return pos;
}

bool Parser::accept(Token token) {
  if (token_ != token) return false;
  advance();
  return true;
}

void Parser::fail(Pos pos, std::string message) {
  scanner_.fail(pos, std::move(message));
  token_ = Token::kEof;
}

Pos Parser::expect(Token token) {
  if (token_ != token) {
    fail(scanner_.here(), std::format("got {}, want {}", got(), describe(token, "")));
    return {};
  }
  return advance();
}

Node* Parser::make(Kind kind, Pos start) {
  Node& node = tree_.nodes.emplace_back(Node{.kind = kind});
  node.start = node.pos = start;
  return &node;
}

Node* Parser::make(Kind kind, Pos start, Pos pos, Node* a, Node* b) {
  Node* node = make(kind, start);
  node->pos = pos;
  node->a = a;
  node->b = b;
  return node;
}

FunctionCode* Parser::make_function(std::string_view name, Pos pos) {
  FunctionCode& function = tree_.functions.emplace_back();
  function.name = name;
  function.pos = pos;
  return &function;
}

void Parser::statement(std::vector<Node*>& out) {
  Level level(*this);
  switch (token_) {
    case Token::kDef: out.push_back(def_statement()); break;
    case Token::kIf: out.push_back(if_statement()); break;
    case Token::kFor: out.push_back(for_statement()); break;
    case Token::kWhile: out.push_back(while_statement()); break;
    default: simple_statement(out);
  }
}

void Parser::simple_statement(std::vector<Node*>& out) {
  do out.push_back(small_statement());
  while (accept(Token::kSemi) && token_ != Token::kNewline && token_ != Token::kEof);
  if (token_ != Token::kEof) expect(Token::kNewline);
}

Node* Parser::small_statement() {
  Pos start = scanner_.start();
  switch (token_) {
    case Token::kReturn: {
      advance();
      bool bare = token_ == Token::kEof || token_ == Token::kNewline || token_ == Token::kSemi;
      return make(Kind::kReturn, start, start, bare ? nullptr : expression(false));
    }
    case Token::kBreak:
    case Token::kContinue:
    case Token::kPass: {
      Node* node = make(Kind::kBranch, start);
      node->op = token_;
      advance();
      return node;
    }
    case Token::kLoad: return load_statement();
    default: break;
  }
  Node* left = expression(false);
  if (token_ != Token::kAssign && !(token_ >= Token::kPlusAssign && token_ <= Token::kGreaterGreaterAssign)) return make(Kind::kExpression, start, start, left);
  Token op = token_;
  Pos pos = advance();
  Node* node = make(Kind::kAssign, start, pos, left, expression(false));
  node->op = op;
  return node;
}

Node* Parser::def_statement() {
  Pos start = advance();
  Node* name = identifier();
  Node* node = make(Kind::kDef, start, start, name);
  node->function = make_function(name->text, start);
  expect(Token::kLeftParen);
  parameters(node->function->parameters);
  expect(Token::kRightParen);
  expect(Token::kColon);
  node->function->body = suite();
  return node;
}

/// `elif` is an if statement that is all of the other's else, with op kElif, so that a long chain is walked in a loop.
Node* Parser::if_statement() {
  Node *first = nullptr, *last = nullptr;
  do {
    Token op = token_;
    Pos start = advance();
    Node* node = make(Kind::kIf, start, start, test());
    node->op = op;
    expect(Token::kColon);
    node->list = suite();
    if (last) last->other.push_back(node);
    else first = node;
    last = node;
  } while (token_ == Token::kElif);
  if (accept(Token::kElse)) {
    expect(Token::kColon);
    last->other = suite();
  }
  return first;
}

Node* Parser::for_statement() {
  Pos start = advance();
  Node* variables = loop_variables();
  expect(Token::kIn);
  Node* node = make(Kind::kFor, start, start, variables, expression(false));
  expect(Token::kColon);
  node->list = suite();
  return node;
}

Node* Parser::while_statement() {
  Pos start = advance();
  Node* node = make(Kind::kWhile, start, start, test());
  expect(Token::kColon);
  node->list = suite();
  return node;
}

Node* Parser::load_statement() {
  Node* node = make(Kind::kLoad, advance());
  Pos bracket = expect(Token::kLeftParen);
  if (token_ != Token::kString) fail(scanner_.here(), "first operand of load statement must be a string literal");
  advance();
  while (token_ != Token::kRightParen && token_ != Token::kEof) {
    expect(Token::kComma);
    if (token_ == Token::kRightParen) break;
    load_item(node);
  }
  expect(Token::kRightParen);
  if (node->list.empty()) fail(bracket, "load statement must import at least 1 symbol");
  return node;
}

void Parser::load_item(Node* load) {
  Node* name = nullptr;
  if (token_ == Token::kString) {
    name = make(Kind::kName, scanner_.start());
    name->text = tree_.texts.emplace_back(scanner_.take_text());
  } else if (token_ == Token::kIdent) {
    name = identifier();
    if (token_ != Token::kAssign) fail(scanner_.here(), std::format("load operand must be \"{0}\" or {0}=\"originalname\" (want '=' after {0})", name->text));
    advance();
    if (token_ != Token::kString) fail(scanner_.here(), std::format("original name of loaded symbol must be quoted: {}=\"originalname\"", name->text));
  } else {
    fail(scanner_.here(), std::format("load operand must be \"name\" or localname=\"name\" (got {})", got()));
    return;
  }
  advance();
  load->list.push_back(name);
}

std::vector<Node*> Parser::suite() {
  std::vector<Node*> out;
  if (token_ != Token::kNewline) {
    simple_statement(out);
    return out;
  }
  advance();
  expect(Token::kIndent);
  while (token_ != Token::kOutdent && token_ != Token::kEof) statement(out);
  expect(Token::kOutdent);
  return out;
}

void Parser::parameters(std::vector<Parameter>& out) {
  for (bool first = true; token_ != Token::kRightParen && token_ != Token::kColon && token_ != Token::kEof; first = false) {
    if (!first) expect(Token::kComma);
    if (token_ == Token::kRightParen) break;
    Pos pos = scanner_.start();
    if (token_ == Token::kStar || token_ == Token::kStarStar) {
      bool twice = token_ == Token::kStarStar;
      advance();
      Node* name = twice || token_ == Token::kIdent ? identifier() : nullptr;
      out.push_back({twice ? Parameter::kStarStar : Parameter::kStar, name, nullptr, pos});
      continue;
    }
    Node* name = identifier();
    out.push_back({Parameter::kPlain, name, nullptr, pos});
    if (token_ != Token::kAssign) continue;
    out.back().pos = advance();
    out.back().otherwise = test();
  }
}

}  // namespace starlark
