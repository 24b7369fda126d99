#include "sys/os_release.h"

#include "base/strings.h"

namespace sys {

std::string os_release(std::string_view key) {
  for (const std::string& line : split(read_file("/etc/os-release").value_or(""), '\n')) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
    std::string value = line.substr(key.size() + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return "";
}

}  // namespace sys
