// A program as a tree: made once, read by any number of runs at the same time.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "starlark/token.h"

namespace starlark {

enum class Kind : uint8_t {
  // Expressions.
  kName, kInt, kFloat, kString, kBytes, kList, kTuple, kDict, kComprehension, kUnary, kBinary, kConditional, kIndex, kSlice, kDot, kCall, kLambda,
  kNamedArgument,  ///< name=a in a call; *a and **a are kUnary
  kEntry,          ///< a: b
  // Clauses of a comprehension.
  kForClause, kIfClause,
  // Statements.
  kExpression, kAssign, kDef, kFor, kIf, kWhile, kReturn, kBranch, kLoad,
};

/// Where a name's value is found.
enum class Scope : uint8_t { kUnresolved, kLocal, kGlobal, kPredeclared, kUniversal };

struct FunctionCode;
struct Object;

/// One node of the tree. What a, b, c and the lists are, by kind:
/// kUnary op a; kBinary a op b; kConditional a if b else c; kIndex a[b]; kSlice a[b:c:d]; kDot a.text; kCall a(list); kComprehension a for the clauses
/// of `list` (op kLeftBrace for a dict); kForClause for a in b; kIfClause a; kAssign a op b; kFor a in b: list; kIf a: list, else other; kWhile a: list;
/// kReturn a; kBranch op; kExpression a; kLoad: names that it binds in `list`.
struct Node {
  Kind kind;
  Token op = Token::kEof;
  bool parenthesized = false;
  Scope scope = Scope::kUnresolved;
  uint16_t up = 0;    ///< kLocal: how many functions further out
  uint32_t slot = 0;  ///< which variable there
  Pos start;          ///< of the whole
  Pos pos;            ///< of its operator or opening bracket
  int64_t integer = 0;
  double real = 0;
  std::string_view text;
  Object* constant = nullptr;  ///< of kString and kBytes
  Node *a = nullptr, *b = nullptr, *c = nullptr, *d = nullptr;
  std::vector<Node*> list, other;
  FunctionCode* function = nullptr;
};

struct Parameter {
  enum Kind : uint8_t { kPlain, kStar, kStarStar } kind;
  Node* name;          ///< null for the * that only separates
  Node* otherwise = nullptr;  ///< default value
  Pos pos;
};

/// What all values made by one `def` or `lambda` share. The whole program is one too.
struct FunctionCode {
  std::string_view name;
  Pos pos;
  std::vector<Parameter> parameters;    ///< as written
  std::vector<Node*> body;              ///< of a lambda: one kReturn
  std::vector<std::string_view> locals;  ///< the plain parameters first, then those of * and **
  uint32_t plain = 0, keyword_only = 0;
  bool star = false, star_star = false;
  bool inner = false;  ///< functions in it may keep its variables

  /// Parameters as callers count them, * and ** among them.
  size_t parameter_count() const { return plain + star + star_star; }
};

/// Owns a program's tree and its source.
struct Tree {
  std::string name, source;
  std::deque<Node> nodes;
  std::deque<std::string> texts;
  std::deque<FunctionCode> functions;
  FunctionCode* top = nullptr;
  std::vector<std::string_view> globals;
};

}  // namespace starlark
