// Tokens to a tree, after the grammar of the language's specification.
#pragma once
#include "base/result.h"
#include "starlark/scanner.h"
#include "starlark/tree.h"

namespace starlark {

/// How deep brackets, blocks and operators may be nested: deeper ones would take the evaluator's stack.
inline constexpr size_t kMaxNesting = 100;

/// Reads tree.source into tree.top. After an error the scanner gives kEof only, so that every rule comes to its end.
class Parser {
 public:
  explicit Parser(Tree& tree) : tree_(tree), scanner_(tree.source) {}
  /// Errors: invalid, "NAME:LINE:COLUMN: message".
  Result<> parse();

 private:
  /// Counts the nesting of rules that call themselves.
  struct Level {
    explicit Level(Parser& parser) : parser(parser) {
      if (++parser.depth_ > kMaxNesting) parser.scanner_.fail(parser.scanner_.start(), "nested too deeply");
      if (parser.depth_ > kMaxNesting) parser.token_ = Token::kEof;
    }
    Level(const Level&) = delete;
    ~Level() { parser.depth_--; }
    Parser& parser;
  };

  Pos advance();
  Pos expect(Token token);
  bool accept(Token token);
  void fail(Pos pos, std::string message);
  std::string got() const { return describe(token_, scanner_.raw()); }
  bool failed() const { return scanner_.error().has_value(); }
  bool ends_list() const;

  Node* make(Kind kind, Pos start);
  Node* make(Kind kind, Pos start, Pos pos, Node* a, Node* b = nullptr);
  FunctionCode* make_function(std::string_view name, Pos pos);

  void statement(std::vector<Node*>& out);
  void simple_statement(std::vector<Node*>& out);
  Node* small_statement();
  Node* def_statement();
  Node* if_statement();
  Node* for_statement();
  Node* while_statement();
  Node* load_statement();
  void load_item(Node* load);
  std::vector<Node*> suite();
  void parameters(std::vector<Parameter>& out);

  Node* identifier();
  Node* loop_variables();
  Node* expression(bool trailing_comma);
  Node* test(bool conditional = true);
  Node* lambda(bool conditional);
  Node* binary(int level);
  Node* primary_with_suffix();
  Node* primary();
  Node* literal();
  Node* group();
  Node* list_display();
  Node* dict_display();
  Node* dict_entry();
  Node* comprehension(Node* body, Pos start, Token end);
  Node* subscript(Node* of);
  Node* call(Node* of);
  Node* argument();

  Tree& tree_;
  Scanner scanner_;
  Token token_ = Token::kEof;
  size_t depth_ = 0;
};

}  // namespace starlark
