// Counting snapshot names.
#include "db/snapshot_index.h"

#include <algorithm>

namespace db {

int next_index(const StringList& names, const std::string& pattern) {
  size_t at = pattern.find("%d");
  if (at == std::string::npos) return 0;
  std::string before = pattern.substr(0, at), after = pattern.substr(at + 2);
  int highest = -1;
  for (const std::string& name : names) {
    if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after)) continue;
    auto number = parse_int(std::string_view(name).substr(before.size(), name.size() - before.size() - after.size()));
    if (number && *number >= 0 && *number < INT32_MAX) highest = std::max(highest, static_cast<int>(*number));
  }
  return highest + 1;
}

}  // namespace db
