#include "config/file_checks.h"

#include "base/strings.h"

namespace config {

Result<> is_unix_id(std::string_view value) {
  auto id = parse_uint(value);
  return id && *id <= UINT32_MAX ? Result<>() : fail(Code::invalid, "Invalid value for a UNIX ID");
}

Result<> is_file_mode(std::string_view value) {
  return parse_uint(value, 8) ? Result<>() : fail(Code::invalid, "Invalid value for an octal file mode");
}

}  // namespace config
