// A recursive-descent parser: or < and < not < comparison, in < + - < * / % < filters < access.
#include "imagefmt/template_expression.h"

#include "base/strings.h"

namespace imagefmt {
namespace {

struct Token {
  enum class Kind { end, name, number, text, symbol } kind = Kind::end;
  std::string value;
};

Result<std::vector<Token>> tokenize(std::string_view text) {
  std::vector<Token> out;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    if (isspace(static_cast<unsigned char>(c))) {
      i++;
    } else if (isalpha(static_cast<unsigned char>(c)) || c == '_') {
      size_t start = i;
      while (i < text.size() && (isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_')) i++;
      out.push_back({Token::Kind::name, std::string(text.substr(start, i - start))});
    } else if (isdigit(static_cast<unsigned char>(c))) {
      size_t start = i;
      while (i < text.size() && (isdigit(static_cast<unsigned char>(text[i])) || (text[i] == '.' && i + 1 < text.size() && isdigit(static_cast<unsigned char>(text[i + 1]))))) i++;
      out.push_back({Token::Kind::number, std::string(text.substr(start, i - start))});
    } else if (c == '"' || c == '\'') {
      std::string value;
      for (i++; i < text.size() && text[i] != c; i++) {
        if (text[i] == '\\' && i + 1 < text.size()) {
          char escaped = text[++i];
          value += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
        } else {
          value += text[i];
        }
      }
      if (i >= text.size()) return fail(Code::invalid, "String without an end");
      i++;
      out.push_back({Token::Kind::text, std::move(value)});
    } else {
      std::string symbol(1, c);
      for (std::string_view two : {"==", "!=", "<=", ">=", "&&", "||", "<>"})
        if (text.substr(i, 2) == two) symbol = two;
      i += symbol.size();
      out.push_back({Token::Kind::symbol, std::move(symbol)});
    }
  }
  out.push_back({});
  return out;
}

/// Every node is a function over the scopes: no class per operator needed.
class Function : public Expression {
 public:
  explicit Function(std::function<Result<Json>(const Scopes&)> body) : body_(std::move(body)) {}
  Result<Json> evaluate(const Scopes& scopes) const override { return body_(scopes); }

 private:
  std::function<Result<Json>(const Scopes&)> body_;
};
using Node = std::shared_ptr<const Expression>;

Node make(std::function<Result<Json>(const Scopes&)> body) { return std::make_shared<Function>(std::move(body)); }

Json lookup(const Scopes& scopes, const std::string& name) {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if ((*scope)->contains(name)) return (**scope)[name];
  return nullptr;
}

Json member(const Json& object, const Json& key) {
  if (object.is_object() && object.contains(to_text(key))) return object[to_text(key)];
  if (object.is_array()) {
    auto index = parse_int(to_text(key));
    if (index && *index >= 0 && static_cast<size_t>(*index) < object.size()) return object[static_cast<size_t>(*index)];
  }
  return nullptr;
}

/// config_get(key, default): a config value without its trailing line breaks.
Json config_get(const Scopes& scopes, const std::vector<Json>& arguments) {
  Json config = lookup(scopes, "config");
  std::string key = arguments.empty() ? "" : to_text(arguments[0]);
  if (!config.is_object() || !config.contains(key)) return arguments.size() > 1 ? arguments[1] : Json(nullptr);
  std::string value = to_text(config[key]);
  while (value.ends_with('\n') || value.ends_with('\r')) value.pop_back();
  return value;
}

double as_number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  return parse_double(to_text(value)).value_or(0);
}

bool equal(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return as_number(a) == as_number(b);
  if (a.is_structured() || b.is_structured()) return a == b;
  if (a.type() != b.type() && !(a.is_number() || b.is_number())) return false;
  return a.type() == b.type() && a == b;
}

Result<Json> compare(const std::string& op, const Json& a, const Json& b) {
  if (op == "==") return Json(equal(a, b));
  if (op == "!=" || op == "<>") return Json(!equal(a, b));
  bool less, same;
  if (a.is_string() && b.is_string()) {
    less = a.get_ref<const std::string&>() < b.get_ref<const std::string&>();
    same = a == b;
  } else {
    less = as_number(a) < as_number(b);
    same = as_number(a) == as_number(b);
  }
  if (op == "<") return Json(less);
  if (op == "<=") return Json(less || same);
  if (op == ">") return Json(!less && !same);
  return Json(!less);
}

Json contains_value(const Json& item, const Json& where) {
  if (where.is_object()) return where.contains(to_text(item));
  if (where.is_array()) {
    for (const Json& element : where)
      if (equal(element, item)) return true;
    return false;
  }
  return to_text(where).contains(to_text(item));
}

Result<Json> arithmetic(char op, const Json& a, const Json& b) {
  if (op == '+' && (a.is_string() || b.is_string())) return Json(to_text(a) + to_text(b));
  if (a.is_number_float() || b.is_number_float()) {
    double x = as_number(a), y = as_number(b);
    if (op == '/' && y == 0) return fail(Code::invalid, "Division by zero");
    return Json(op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y);
  }
  int64_t x = static_cast<int64_t>(as_number(a)), y = static_cast<int64_t>(as_number(b)), result = 0;
  if ((op == '/' || op == '%') && (y == 0 || y == -1)) {
    if (y == 0) return fail(Code::invalid, "Division by zero");
    op = '*';
  }
  bool overflow = op == '+' ? __builtin_add_overflow(x, y, &result) : op == '-' ? __builtin_sub_overflow(x, y, &result)
                : op == '*' ? __builtin_mul_overflow(x, y, &result) : (result = op == '/' ? x / y : x % y, false);
  if (overflow) return fail(Code::invalid, "Number out of range");
  return Json(result);
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Node> whole() {
    Node node = TRY(either());
    if (peek().kind != Token::Kind::end) return fail(Code::invalid, "Unexpected {}", quote(peek().value));
    return node;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  bool take(std::string_view value) {
    if (peek().kind == Token::Kind::text || peek().kind == Token::Kind::end || peek().value != value) return false;
    at_++;
    return true;
  }
  Result<> expect(std::string_view value) {
    if (take(value)) return {};
    return fail(Code::invalid, "Expected {} before {}", quote(value), quote(peek().value));
  }

  Result<Node> either() {
    Node left = TRY(both());
    while (take("or") || take("||")) {
      Node right = TRY(both());
      left = make([left, right](const Scopes& s) -> Result<Json> {
        return Json(truthy(TRY(left->evaluate(s))) || truthy(TRY(right->evaluate(s))));
      });
    }
    return left;
  }
  Result<Node> both() {
    Node left = TRY(negated());
    while (take("and") || take("&&")) {
      Node right = TRY(negated());
      left = make([left, right](const Scopes& s) -> Result<Json> {
        return Json(truthy(TRY(left->evaluate(s))) && truthy(TRY(right->evaluate(s))));
      });
    }
    return left;
  }
  Result<Node> negated() {
    if (++depth_ > 64) return fail(Code::invalid, "Expression nested too deeply");
    if (take("not") || take("!")) {
      Node inner = TRY(negated());
      depth_--;
      return make([inner](const Scopes& s) -> Result<Json> { return Json(!truthy(TRY(inner->evaluate(s)))); });
    }
    auto node = comparison();
    depth_--;
    return node;
  }
  Result<Node> comparison() {
    Node left = TRY(sum());
    for (std::string_view op : {"==", "!=", "<>", "<=", ">=", "<", ">", "in"}) {
      if (!take(op)) continue;
      Node right = TRY(sum());
      return make([left, right, op = std::string(op)](const Scopes& s) -> Result<Json> {
        Json a = TRY(left->evaluate(s)), b = TRY(right->evaluate(s));
        return op == "in" ? contains_value(a, b) : compare(op, a, b);
      });
    }
    return left;
  }
  template <auto next>
  Result<Node> binary(std::string_view operators) {
    Node left = TRY((this->*next)());
    while (peek().kind == Token::Kind::symbol && peek().value.size() == 1 && operators.contains(peek().value[0])) {
      char op = tokens_[at_++].value[0];
      Node right = TRY((this->*next)());
      left = make([left, right, op](const Scopes& s) -> Result<Json> { return arithmetic(op, TRY(left->evaluate(s)), TRY(right->evaluate(s))); });
    }
    return left;
  }
  Result<Node> sum() { return binary<&Parser::product>("+-"); }
  Result<Node> product() { return binary<&Parser::filtered>("*/%"); }

  Result<Node> filtered() {
    Node value = TRY(access());
    while (take("|")) {
      if (peek().kind != Token::Kind::name) return fail(Code::invalid, "Expected a filter name before {}", quote(peek().value));
      std::string name = tokens_[at_++].value;
      Node argument;
      if (take(":")) argument = TRY(access());
      value = make([value, name, argument](const Scopes& s) -> Result<Json> {
        Json given = argument ? TRY(argument->evaluate(s)) : Json(nullptr);
        return apply_filter(name, TRY(value->evaluate(s)), given);
      });
    }
    return value;
  }

  Result<Node> access() {
    Node value = TRY(primary());
    for (;;) {
      if (take(".")) {
        std::string name = peek().value;
        if (peek().kind != Token::Kind::name && peek().kind != Token::Kind::number) return fail(Code::invalid, "Expected a name after \".\"");
        at_++;
        value = make([value, name](const Scopes& s) -> Result<Json> { return member(TRY(value->evaluate(s)), name); });
      } else if (take("[")) {
        Node key = TRY(either());
        TRY(expect("]"));
        value = make([value, key](const Scopes& s) -> Result<Json> { return member(TRY(value->evaluate(s)), TRY(key->evaluate(s))); });
      } else {
        return value;
      }
    }
  }

  Result<Node> call(const std::string& name) {
    std::vector<Node> arguments;
    while (!take(")")) {
      if (!arguments.empty()) TRY(expect(","));
      arguments.push_back(TRY(either()));
    }
    if (name != "config_get") return fail(Code::invalid, "Unknown function {}", quote(name));
    return make([arguments](const Scopes& s) -> Result<Json> {
      std::vector<Json> values;
      for (const Node& argument : arguments) values.push_back(TRY(argument->evaluate(s)));
      return config_get(s, values);
    });
  }

  Result<Node> primary() {
    Token token = peek();
    at_ += token.kind != Token::Kind::end;
    if (token.kind == Token::Kind::text) return make([v = token.value](const Scopes&) -> Result<Json> { return Json(v); });
    if (token.kind == Token::Kind::number) {
      auto whole = parse_int(token.value);
      Json value = whole ? Json(*whole) : Json(parse_double(token.value).value_or(0));
      return make([value](const Scopes&) -> Result<Json> { return value; });
    }
    if (token.kind == Token::Kind::name) {
      std::string lower = to_lower(token.value);
      if (lower == "true" || lower == "false") return make([v = lower == "true"](const Scopes&) -> Result<Json> { return Json(v); });
      if (lower == "none" || lower == "nil") return make([](const Scopes&) -> Result<Json> { return Json(nullptr); });
      if (take("(")) return call(token.value);
      return make([name = token.value](const Scopes& s) -> Result<Json> { return lookup(s, name); });
    }
    if (token.value == "(") {
      Node inner = TRY(either());
      TRY(expect(")"));
      return inner;
    }
    if (token.value == "-") {
      Node inner = TRY(access());
      return make([inner](const Scopes& s) -> Result<Json> { return arithmetic('-', Json(0), TRY(inner->evaluate(s))); });
    }
    return fail(Code::invalid, "Expected a value, found {}", quote(token.value));
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<ExpressionPtr> parse_expression(std::string_view text) {
  Node node = TRY(Parser(TRY(tokenize(text))).whole());
  return std::make_unique<Function>([node](const Scopes& scopes) { return node->evaluate(scopes); });
}

bool truthy(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return as_number(value) != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();
}

std::string to_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_number_float()) return std::format("{:f}", value.get<double>());
  return api::dump_json(value);
}

}  // namespace imagefmt
