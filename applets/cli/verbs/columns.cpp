// Shared cells.
#include "applets/cli/verbs/columns.h"

#include "base/timestamp.h"

namespace cli {

std::string member_text(const Json& item, const char* name) {
  auto found = item.find(name);
  if (found == item.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string yes_no(bool value) { return value ? "YES" : "NO"; }

std::string local_date(const std::string& time, const std::string& zero) {
  auto parsed = Timestamp::parse(time);
  if (!parsed || parsed->is_zero()) return zero;
  return parsed->format_local("%Y/%m/%d %H:%M %Z");
}

}  // namespace cli
