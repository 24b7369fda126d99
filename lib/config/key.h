// A config key, declared once: validation, defaults, metadata, completion and man pages read the same row.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strings.h"

namespace config {

enum class Type { string, boolean, integer, size, bits, list, duration };

/// An additional check; an error's message completes "Invalid value for key …: ".
using Check = Result<> (*)(std::string_view value);

/// One row of a key table. `name` may end in ".*" or contain "*" for one part (a pattern).
struct Key {
  std::string_view name;
  std::string_view group;
  Type type = Type::string;
  std::string_view def = "";       ///< default as documented
  std::string_view unit = "";
  std::string_view live = "";      ///< "yes", "no", or empty where it makes no sense (as the metadata prints it)
  std::string_view condition = ""; ///< "container", "virtual machine", ""
  std::string_view required = "";
  std::string_view scope = "";     ///< "global", "local"
  std::string_view summary = "";   ///< one line, our own words
  Check check = nullptr;           ///< null: by type only
  bool managed = false;
  bool secret = false;
};

using Keys = std::span<const Key>;

/// The row for `name`: an exact one first, else a matching pattern.
const Key* find(Keys keys, std::string_view name);
/// Type and check of one value; an empty value (unset) is always valid. Errors: invalid.
Result<> validate(const Key& key, std::string_view value);
/// Every key known and valid. Errors: invalid: `Unknown configuration key: "x"` and which keys are close.
Result<> validate_all(Keys keys, const StringMap& values);

}  // namespace config
