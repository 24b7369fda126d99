// Templates are parsed to a tree once and then walked; limits on output and steps keep hostile images harmless.
#include "imagefmt/template.h"

#include <algorithm>

#include "base/strings.h"
#include "imagefmt/template_expression.h"

namespace imagefmt {
namespace {

constexpr size_t kMaxOutput = 4 << 20;
constexpr int kMaxSteps = 1'000'000;
constexpr int kMaxDepth = 64;

struct Node;
using Nodes = std::vector<Node>;

struct Branch {
  ExpressionPtr condition;  ///< null: else
  Nodes body;
};

struct Node {
  enum class Kind { text, output, branches, loop, set, group } kind;
  std::string text;  ///< text; the name that set defines, or with for its group
  ExpressionPtr expression;
  std::vector<Branch> branches;
  StringList names;  ///< loop variables
  Nodes body, otherwise;
};

struct Piece {
  enum class Kind { text, output, tag, end } kind = Kind::end;
  std::string text;
  int line = 1;
};

constexpr std::string_view kSpace = " \t\r\n";

/// `{%- x -%}`: the space before and behind goes. What is inside without the signs.
std::string_view take_signs(std::string_view inner, std::vector<Piece>& out, bool& trim_next) {
  if (inner.starts_with('-')) {
    inner.remove_prefix(1);
    if (!out.empty() && out.back().kind == Piece::Kind::text) out.back().text.resize(out.back().text.find_last_not_of(kSpace) + 1);
  }
  trim_next = inner.ends_with('-');
  if (trim_next) inner.remove_suffix(1);
  return trim(inner);
}

Result<std::vector<Piece>> cut(std::string_view text) {
  std::vector<Piece> out;
  int line = 1;
  bool trim_next = false;
  while (!text.empty()) {
    if (trim_next) {
      size_t spaces = std::min(text.find_first_not_of(kSpace), text.size());
      line += static_cast<int>(std::ranges::count(text.substr(0, spaces), '\n'));
      text.remove_prefix(spaces);
      trim_next = false;
      continue;
    }
    size_t open = text.size();
    for (size_t at = text.find('{'); at != text.npos && at + 1 < text.size(); at = text.find('{', at + 1)) {
      if (text[at + 1] != '{' && text[at + 1] != '%' && text[at + 1] != '#') continue;
      open = at;
      break;
    }
    if (open) out.push_back({Piece::Kind::text, std::string(text.substr(0, open)), line});
    line += static_cast<int>(std::ranges::count(text.substr(0, open), '\n'));
    if (open == text.size()) break;
    char kind = text[open + 1];
    size_t close = text.find(kind == '{' ? "}}" : kind == '%' ? "%}" : "#}", open + 2);
    if (close == text.npos) return fail(Code::invalid, "Line {}: a tag without an end", line);
    std::string inner(take_signs(text.substr(open + 2, close - open - 2), out, trim_next));
    if (kind != '#') out.push_back({kind == '{' ? Piece::Kind::output : Piece::Kind::tag, inner, line});
    line += static_cast<int>(std::ranges::count(text.substr(open, close + 2 - open), '\n'));
    text.remove_prefix(close + 2);
  }
  out.push_back({Piece::Kind::end, "", line});
  return out;
}

class Parser {
 public:
  explicit Parser(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  Result<Nodes> whole() {
    Nodes nodes = TRY(block());
    if (pieces_[at_].kind != Piece::Kind::end) return error("Unexpected tag " + quote(word()));
    return nodes;
  }

 private:
  const Piece& piece() const { return pieces_[at_]; }
  std::string word() const { return piece().kind == Piece::Kind::tag ? split(piece().text, ' ', 2)[0] : ""; }
  std::string rest() const {
    StringList parts = split(piece().text, ' ', 2);
    return parts.size() > 1 ? std::string(trim(parts[1])) : "";
  }
  Failure error(const std::string& what) const { return fail(Code::invalid, "Line {}: {}", piece().line, what); }
  Result<ExpressionPtr> expression(const std::string& text) const { return TRY_CTX(parse_expression(text), "Line {}", piece().line); }
  Result<> end(std::string_view tag) {
    if (word() != tag) return error("Expected " + quote(tag));
    at_++;
    return {};
  }

  /// Nodes up to a tag that closes or continues an outer one.
  Result<Nodes> block() {
    if (++depth_ > kMaxDepth) return error("Tags nested too deeply");
    Nodes out;
    for (;; ) {
      const Piece& now = piece();
      if (now.kind == Piece::Kind::text) {
        out.push_back({.kind = Node::Kind::text, .text = now.text});
        at_++;
      } else if (now.kind == Piece::Kind::output) {
        out.push_back({.kind = Node::Kind::output, .expression = TRY(expression(now.text))});
        at_++;
      } else if (word() == "comment") {
        TRY(skip_comment());
      } else if (now.kind == Piece::Kind::tag && contains({"if", "for", "set", "autoescape", "with"}, word())) {
        out.push_back(TRY(tag(word())));
      } else if (now.kind == Piece::Kind::tag && !contains({"elif", "else", "empty", "endif", "endfor", "endautoescape", "endwith"}, word())) {
        return error("Unknown tag " + quote(word()));
      } else {
        break;
      }
    }
    depth_--;
    return out;
  }

  Result<> skip_comment() {
    while (word() != "endcomment") {
      if (piece().kind == Piece::Kind::end) return error("Expected \"endcomment\"");
      at_++;
    }
    at_++;
    return {};
  }

  Result<Node> tag(const std::string& name) {
    if (name == "if") return condition();
    if (name == "for") return loop();
    Node node{.kind = name == "set" ? Node::Kind::set : Node::Kind::group};
    if (name != "autoescape") {
      StringList parts = split(rest(), '=', 2);
      if (parts.size() != 2) return error(name + " needs NAME = VALUE");
      node.expression = TRY(expression(parts[1]));
      node.text = trim(parts[0]);
    }
    at_++;
    if (name == "set") return node;
    node.body = TRY(block());
    TRY(end("end" + name));
    return node;
  }

  Result<Node> condition() {
    Node node{.kind = Node::Kind::branches};
    do {
      ExpressionPtr test = word() == "else" ? nullptr : TRY(expression(rest()));
      bool last = !test;
      at_++;
      Nodes body = TRY(block());
      node.branches.push_back({std::move(test), std::move(body)});
      if (last) break;
    } while (word() == "elif" || word() == "else");
    TRY(end("endif"));
    return node;
  }

  Result<Node> loop() {
    std::string text = rest();
    size_t in = text.find(" in ");
    if (in == std::string::npos) return error("for needs NAME in VALUE");
    Node node{.kind = Node::Kind::loop, .expression = TRY(expression(text.substr(in + 4))), .names = split_list(text.substr(0, in))};
    if (node.names.empty() || node.names.size() > 2) return error("for takes one or two names");
    at_++;
    node.body = TRY(block());
    if (word() == "empty" || word() == "else") {
      at_++;
      node.otherwise = TRY(block());
    }
    TRY(end("endfor"));
    return node;
  }

  std::vector<Piece> pieces_;
  size_t at_ = 0;
  int depth_ = 0;
};

class Renderer {
 public:
  explicit Renderer(const Json& variables) : scopes_{&variables, &set_} {}
  Result<> run(const Nodes& nodes) {
    for (const Node& node : nodes) {
      if (++steps_ > kMaxSteps || out_.size() > kMaxOutput) return fail(Code::too_large, "Template output is too large");
      TRY(run(node));
    }
    return {};
  }
  std::string take() { return std::move(out_); }

 private:
  Result<> run(const Node& node) {
    switch (node.kind) {
      case Node::Kind::text: out_ += node.text; return {};
      case Node::Kind::output: out_ += to_text(TRY(node.expression->evaluate(scopes_))); return {};
      case Node::Kind::set: set_[node.text] = TRY(node.expression->evaluate(scopes_)); return {};
      case Node::Kind::group: return group(node);
      case Node::Kind::branches:
        for (const Branch& branch : node.branches)
          if (!branch.condition || truthy(TRY(branch.condition->evaluate(scopes_)))) return run(branch.body);
        return {};
      case Node::Kind::loop: return loop(node);
    }
    return {};
  }

  Result<> group(const Node& node) {
    if (!node.expression) return run(node.body);
    Json scope = Json::object();
    scope[node.text] = TRY(node.expression->evaluate(scopes_));
    return within(scope, node.body);
  }

  Result<> within(const Json& scope, const Nodes& nodes) {
    scopes_.push_back(&scope);
    auto done = run(nodes);
    scopes_.pop_back();
    return done;
  }

  Result<> loop(const Node& node) {
    Json list = TRY(node.expression->evaluate(scopes_));
    if (!list.is_structured() || list.empty()) return run(node.otherwise);
    StringList keys;
    if (list.is_object())
      for (const auto& [key, value] : list.items()) keys.push_back(key);
    std::ranges::sort(keys);
    size_t count = list.size();
    for (size_t i = 0; i < count; i++) {
      Json scope = {{"forloop", {{"Counter", i + 1}, {"Counter0", i}, {"First", i == 0}, {"Last", i + 1 == count}}}};
      scope[node.names[0]] = list.is_object() ? Json(keys[i]) : list[i];
      if (node.names.size() > 1) scope[node.names[1]] = list.is_object() ? list[keys[i]] : Json(nullptr);
      TRY(within(scope, node.body));
    }
    return {};
  }

  Json set_ = Json::object();
  Scopes scopes_;
  std::string out_;
  int steps_ = 0;
};

}  // namespace

Result<std::string> render_template(std::string_view text, const Json& variables) {
  Nodes nodes = TRY(Parser(TRY(cut(text))).whole());
  Renderer renderer(variables);
  TRY(renderer.run(nodes));
  return renderer.take();
}

}  // namespace imagefmt
