#include "starlark/resolver.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/strings.h"
#include "starlark/text.h"

namespace starlark {
namespace {

constexpr size_t kMaxArguments = 255;
constexpr size_t kMaxTreeDepth = 200;  ///< an operator chain nests without brackets: the evaluator goes as deep

/// Where names are bound: the program, a function or a comprehension.
struct Block {
  Block* parent = nullptr;
  FunctionCode* function = nullptr;  ///< null: a comprehension of the parent's function
  std::map<std::string_view, uint32_t> names = {};
  std::vector<std::pair<Node*, Block*>> uses = {};
  std::vector<Block*> children = {};
};

class Resolver {
 public:
  using Lookup = std::function<int(std::string_view)>;
  Resolver(Tree& tree, const Lookup& predeclared, const Lookup& universal) : tree_(tree), predeclared_(predeclared), universal_(universal) {}

  Result<> run() {
    block_ = file_ = open(nullptr, tree_.top);
    statements(tree_.top->body);
    resolve_uses(*file_);
    if (error_) return ::fail(Code::invalid, "{}", *error_);
    return {};
  }

 private:
  Block* open(Block* parent, FunctionCode* function) {
    Block& block = blocks_.emplace_back(Block{.parent = parent, .function = function});
    if (parent) parent->children.push_back(&block);
    return &block;
  }
  std::string place(Pos pos) const { return std::format("{}:{}:{}", tree_.name, pos.line, pos.column); }
  /// Only the first error is told.
  void fail(Pos pos, std::string_view message) {
    if (!error_) error_ = std::format("{}: {}", place(pos), message);
  }
  Block* container() const {
    Block* block = block_;
    while (!block->function) block = block->parent;
    return block;
  }
  bool in_function() const { return container() != file_; }

  bool bind(Node* name);
  bool bind_local(Node* name);
  void use(Node* name) { container()->uses.emplace_back(name, block_); }
  void resolve_uses(Block& block);
  void resolve_use(Node* name, Block* from);
  void resolve_global(Node* name, Block* from);

  void statements(const std::vector<Node*>& list);
  void statement(Node* node);
  void if_statement(Node* node);
  void load_statement(Node* node);
  void loop(const std::vector<Node*>& body);
  void assign(Node* left, bool augmented);
  void expression(Node* node);
  void comprehension(Node* node);
  void call(Node* node);
  void function(FunctionCode& function);
  void parameters(FunctionCode& function);
  void star_parameters(FunctionCode& function, const Parameter* star, const Parameter* star_star);

  Tree& tree_;
  const Lookup &predeclared_, &universal_;
  std::deque<Block> blocks_;
  Block *block_ = nullptr, *file_ = nullptr;
  std::map<std::string_view, std::pair<uint32_t, Pos>> globals_;
  size_t loops_ = 0, conditions_ = 0, depth_ = 0;
  std::optional<std::string> error_;
};

/// True if the name was bound in this block before.
bool Resolver::bind(Node* name) {
  if (block_ != file_) return bind_local(name);
  if (file_->names.contains(name->text)) {
    fail(name->start, std::format("cannot reassign local {} declared at {}", name->text, place(name->start)));
    return true;
  }
  auto [found, fresh] = globals_.try_emplace(name->text, static_cast<uint32_t>(tree_.globals.size()), name->start);
  if (fresh) tree_.globals.push_back(name->text);
  else fail(name->start, std::format("cannot reassign global {} declared at {}", name->text, place(found->second.second)));
  name->scope = Scope::kGlobal;
  name->slot = found->second.first;
  return !fresh;
}

bool Resolver::bind_local(Node* name) {
  std::vector<std::string_view>& locals = container()->function->locals;
  bool fresh = block_->names.try_emplace(name->text, static_cast<uint32_t>(locals.size())).second;
  if (fresh) locals.push_back(name->text);
  use(name);
  return !fresh;
}

void Resolver::resolve_uses(Block& block) {
  for (Block* child : block.children) resolve_uses(*child);
  for (auto [name, from] : block.uses) resolve_use(name, from);
}

void Resolver::resolve_use(Node* name, Block* from) {
  uint16_t up = 0;
  for (Block* block = from; block; block = block->parent) {
    auto found = block->names.find(name->text);
    if (found != block->names.end()) {
      name->scope = Scope::kLocal;
      name->up = up;
      name->slot = found->second;
      return;
    }
    if (block->function) up++;
  }
  resolve_global(name, from);
}

void Resolver::resolve_global(Node* name, Block* from) {
  auto set = [&](Scope scope, int slot) {
    name->scope = scope;
    name->slot = static_cast<uint32_t>(slot);
  };
  if (auto found = globals_.find(name->text); found != globals_.end()) return set(Scope::kGlobal, static_cast<int>(found->second.first));
  if (int slot = predeclared_(name->text); slot >= 0) return set(Scope::kPredeclared, slot);
  if (int slot = universal_(name->text); slot >= 0) return set(Scope::kUniversal, slot);
  std::vector<std::string_view> names;
  for (Block* block = from; block; block = block->parent)
    for (const auto& [known, slot] : block->names) names.push_back(known);
  for (const auto& [known, place] : globals_) names.push_back(known);
  std::ranges::sort(names);
  fail(name->start, std::format("undefined: {}{}", name->text, hint(name->text, names)));
}

void Resolver::statements(const std::vector<Node*>& list) {
  for (Node* node : list) statement(node);
}

void Resolver::loop(const std::vector<Node*>& body) {
  loops_++;
  statements(body);
  loops_--;
}

void Resolver::statement(Node* node) {
  switch (node->kind) {
    case Kind::kExpression: return expression(node->a);
    case Kind::kIf: return if_statement(node);
    case Kind::kLoad: return load_statement(node);
    case Kind::kBranch:
      if (loops_ == 0 && node->op != Token::kPass) fail(node->start, std::format("{} not in a loop", token_name(node->op)));
      return;
    case Kind::kAssign:
      expression(node->b);
      return assign(node->a, node->op != Token::kAssign);
    case Kind::kDef:
      bind(node->a);
      return function(*node->function);
    case Kind::kFor:
      if (!in_function()) fail(node->start, "for loop not within a function");
      expression(node->b);
      assign(node->a, false);
      return loop(node->list);
    case Kind::kWhile:
      fail(node->start, "this Starlark dialect does not support while loops");
      return;
    default:  // kReturn
      if (!in_function()) fail(node->start, "return statement not within a function");
      if (node->a) expression(node->a);
  }
}

void Resolver::if_statement(Node* node) {
  conditions_++;
  for (;;) {
    if (!in_function()) fail(node->start, "if statement not within a function");
    expression(node->a);
    statements(node->list);
    if (node->other.size() != 1 || node->other[0]->op != Token::kElif) break;
    node = node->other[0];
  }
  statements(node->other);
  conditions_--;
}

void Resolver::load_statement(Node* node) {
  if (in_function()) fail(node->start, "load statement within a function");
  else if (conditions_ > 0) fail(node->start, "load statement within a conditional");
  for (Node* name : node->list) {
    if (name->text.empty()) fail(name->start, "load: empty identifier");
    else if (name->text[0] == '_') fail(name->start, std::format("load: names with leading underscores are not exported: {}", name->text));
    else if (bind_local(name)) fail(name->start, std::format("cannot reassign top-level {}", name->text));
  }
}

/// What a target that cannot be assigned to is called.
std::string_view target_name(const Node& node) {
  switch (node.kind) {
    case Kind::kInt: case Kind::kFloat: case Kind::kString: case Kind::kBytes: return "literal";
    case Kind::kDict: return "dictexpr";
    case Kind::kComprehension: return "comprehension";
    case Kind::kUnary: return "unaryexpr";
    case Kind::kBinary: return "binaryexpr";
    case Kind::kConditional: return "condexpr";
    case Kind::kSlice: return "sliceexpr";
    case Kind::kCall: return "callexpr";
    default: return "lambdaexpr";
  }
}

void Resolver::assign(Node* left, bool augmented) {
  switch (left->kind) {
    case Kind::kName: bind(left); return;
    case Kind::kIndex:
      expression(left->a);
      return expression(left->b);
    case Kind::kDot: return expression(left->a);
    case Kind::kTuple:
    case Kind::kList:
      if (augmented) fail(left->start, std::format("can't use {} expression in augmented assignment", left->kind == Kind::kList ? "list" : "tuple"));
      for (Node* item : left->list) assign(item, augmented);
      return;
    default: fail(left->start, std::format("can't assign to {}", target_name(*left)));
  }
}

void Resolver::expression(Node* node) {
  if (++depth_ > kMaxTreeDepth) {
    fail(node->start, "nested too deeply");
  } else if (node->kind == Kind::kName) {
    use(node);
  } else if (node->kind == Kind::kLambda) {
    function(*node->function);
  } else if (node->kind == Kind::kComprehension) {
    comprehension(node);
  } else {
    for (Node* part : {node->a, node->b, node->c, node->d})
      if (part) expression(part);
    if (node->kind == Kind::kCall) call(node);
    else
      for (Node* item : node->list) expression(item);
  }
  depth_--;
}

void Resolver::comprehension(Node* node) {
  expression(node->list[0]->b);
  block_ = open(block_, nullptr);
  assign(node->list[0]->a, false);
  for (size_t i = 1; i < node->list.size(); i++) {
    Node* clause = node->list[i];
    if (clause->kind == Kind::kIfClause) {
      expression(clause->a);
    } else {
      assign(clause->a, false);
      expression(clause->b);
    }
  }
  expression(node->a);
  block_ = block_->parent;
}

/// The arguments of a call come in this order: positions, names, *, **.
void Resolver::call(Node* node) {
  bool star = false, star_star = false;
  std::vector<std::string_view> named;
  size_t positional = 0;
  for (Node* argument : node->list) {
    Pos at = argument->start;
    if (argument->kind == Kind::kUnary && argument->op == Token::kStarStar) {
      if (star_star) fail(at, "multiple **kwargs not allowed");
      star_star = true;
    } else if (argument->kind == Kind::kUnary && argument->op == Token::kStar) {
      if (star_star) fail(at, "*args may not follow **kwargs");
      else if (star) fail(at, "multiple *args not allowed");
      star = true;
    } else if (argument->kind == Kind::kNamedArgument) {
      if (star_star || star) fail(at, std::format("keyword argument may not follow {}", star_star ? "**kwargs" : "*args"));
      if (std::ranges::find(named, argument->text) != named.end()) fail(at, std::format("keyword argument {} is repeated", quote(argument->text)));
      named.push_back(argument->text);
    } else {
      positional++;
      if (star || star_star || !named.empty()) fail(at, std::format("positional argument may not follow {}", star ? "*args" : star_star ? "**kwargs" : "named"));
    }
    expression(argument->kind == Kind::kUnary || argument->kind == Kind::kNamedArgument ? argument->a : argument);
  }
  if (positional > kMaxArguments) fail(node->start, std::format("{} positional arguments in call, limit is 255", positional));
  if (named.size() > kMaxArguments) fail(node->start, std::format("{} keyword arguments in call, limit is 255", named.size()));
}

void Resolver::function(FunctionCode& function) {
  for (const Parameter& parameter : function.parameters)
    if (parameter.otherwise) expression(parameter.otherwise);
  container()->function->inner = true;
  block_ = open(block_, &function);
  size_t loops = std::exchange(loops_, 0);
  parameters(function);
  statements(function.body);
  loops_ = loops;
  block_ = block_->parent;
}

void Resolver::parameters(FunctionCode& function) {
  const Parameter *star = nullptr, *star_star = nullptr;
  bool optional = false;
  for (const Parameter& parameter : function.parameters) {
    bool plain = parameter.kind == Parameter::kPlain;
    std::string_view what = !plain ? "*" : parameter.otherwise ? "optional" : "required";
    if (star_star && parameter.kind == Parameter::kStarStar) fail(parameter.pos, "multiple ** parameters not allowed");
    else if (star_star) fail(parameter.pos, std::format("{} parameter may not follow **{}", what, star_star->name->text));
    else if (star && parameter.kind == Parameter::kStar) fail(parameter.pos, "multiple * parameters not allowed");
    else if (plain && !star && optional && !parameter.otherwise) fail(parameter.pos, "required parameter may not follow optional");
    if (plain) {
      if (bind(parameter.name)) fail(parameter.pos, std::format("duplicate parameter: {}", parameter.name->text));
      function.plain++;
      if (star) function.keyword_only++;
      if (parameter.otherwise) optional = true;
    } else if (parameter.kind == Parameter::kStar) {
      if (!star && !star_star) star = &parameter;
    } else {
      star_star = &parameter;
    }
  }
  star_parameters(function, star, star_star);
}

void Resolver::star_parameters(FunctionCode& function, const Parameter* star, const Parameter* star_star) {
  if (star && !star->name && function.keyword_only == 0) fail(star->pos, "bare * must be followed by keyword-only parameters");
  for (const Parameter* parameter : {star, star_star}) {
    if (!parameter || !parameter->name) continue;
    if (bind(parameter->name)) fail(parameter->name->start, std::format("duplicate parameter: {}", parameter->name->text));
    (parameter == star ? function.star : function.star_star) = true;
  }
}

}  // namespace

Result<> resolve(Tree& tree, const std::function<int(std::string_view)>& predeclared, const std::function<int(std::string_view)>& universal) {
  return Resolver(tree, predeclared, universal).run();
}

}  // namespace starlark
