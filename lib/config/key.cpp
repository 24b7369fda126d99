// Lookup and validation of config values by their rows.
#include "config/key.h"

#include <algorithm>
#include <vector>

#include "base/units.h"

namespace config {
namespace {

/// "*" at the end matches any rest; a "*" or "<name>" part elsewhere matches one or more characters up to the following text.
bool matches(std::string_view pattern, std::string_view name) {
  size_t star = pattern.find('*'), length = 1;
  if (star == pattern.npos && (star = pattern.find('<')) != pattern.npos) length = pattern.find('>', star) - star + 1;
  if (star == pattern.npos) return pattern == name;
  std::string_view before = pattern.substr(0, star), after = pattern.substr(star + length);
  if (!name.starts_with(before) || name.size() <= before.size()) return false;
  std::string_view rest = name.substr(before.size());
  if (after.empty()) return true;
  for (size_t at = rest.find(after.substr(0, 1), 1); at != rest.npos; at = rest.find(after.substr(0, 1), at + 1))
    if (matches(after, rest.substr(at))) return true;
  return false;
}

/// Edits needed to turn `a` into `b`, for "did you mean".
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row[b.size()];
}

Result<> check_type(Type type, std::string_view value) {
  switch (type) {
    case Type::boolean:
      if (!is_true(value) && !is_false(value)) return fail(Code::invalid, "Invalid value for a boolean {}", quote(value));
      break;
    case Type::integer:
      if (!parse_int(value)) return fail(Code::invalid, "Invalid value for an integer {}", quote(value));
      break;
    case Type::size:
      if (!parse_byte_size(value)) return fail(Code::invalid, "Invalid value for a size {}", quote(value));
      break;
    case Type::bits:
      if (!parse_bit_size(value)) return fail(Code::invalid, "Invalid value for a rate {}", quote(value));
      break;
    case Type::string:
    case Type::list:
    case Type::duration: break;
  }
  return {};
}

}  // namespace

const Key* find(Keys keys, std::string_view name) {
  const Key* pattern = nullptr;
  for (const Key& key : keys) {
    if (key.name == name) return &key;
    if (!pattern && matches(key.name, name)) pattern = &key;
  }
  return pattern;
}

Result<> validate(const Key& key, std::string_view value) {
  if (value.empty()) return {};
  if (key.check) return key.check(value);
  return check_type(key.type, value);
}

Result<> validate_all(Keys keys, const StringMap& values) {
  for (const auto& [name, value] : values) {
    const Key* key = find(keys, name);
    if (!key) {
      const Key* close = nullptr;
      for (const Key& candidate : keys)
        if (distance(name, candidate.name) <= 2) close = &candidate;
      return close ? fail(Code::invalid, "Unknown configuration key: {} (did you mean {}?)", quote(name), quote(close->name))
                   : fail(Code::invalid, "Unknown configuration key: {}", quote(name));
    }
    TRY_CTX(validate(*key, value), "Invalid value for key {}", quote(name));
  }
  return {};
}

}  // namespace config
