// Expressions of image templates.
#pragma once
#include <memory>

#include "api/json.h"

namespace imagefmt {

/// Variables in scope, innermost last.
using Scopes = std::vector<const Json*>;

/// One parsed expression. Evaluation has no side effects.
class Expression {
 public:
  virtual ~Expression() = default;
  virtual Result<Json> evaluate(const Scopes& scopes) const = 0;
};
using ExpressionPtr = std::unique_ptr<const Expression>;

/// Errors: invalid, saying what was expected.
Result<ExpressionPtr> parse_expression(std::string_view text);

/// `value|name:argument`. Errors: invalid for unknown filters.
Result<Json> apply_filter(const std::string& name, const Json& value, const Json& argument);
bool truthy(const Json& value);
std::string to_text(const Json& value);

}  // namespace imagefmt
