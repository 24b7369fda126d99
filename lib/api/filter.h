// List filters: `field eq value`, joined by and/or, evaluated from left to right without precedence (wire.md, section 4).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "base/result.h"

namespace api {

class Filter {
 public:
  /// Errors: invalid.
  static Result<Filter> parse(std::string_view text);
  /// Does `object` pass? An empty filter passes everything. Errors: invalid (a value that does not fit the field's type).
  Result<bool> match(const Json& object) const;
  bool empty() const { return clauses_.empty(); }

 private:
  struct Clause {
    bool or_ = false;  ///< how it joins what stands before it
    bool not_ = false;
    std::string field;
    std::string op;
    std::string value;
  };
  Result<bool> match_clause(const Clause& clause, const Json& object) const;
  std::vector<Clause> clauses_;
};

}  // namespace api
