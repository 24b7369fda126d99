#include "instance/memory_limit.h"

#include "base/strings.h"
#include "base/units.h"
#include "sys/proc.h"

namespace instance {

Result<int64_t> parse_memory_limit(const std::string& text) {
  if (text.ends_with('%')) {
    auto percent = parse_int(text.substr(0, text.size() - 1));
    if (!percent) return fail(Code::invalid, "Invalid memory limit {}", quote(text));
    return sys::meminfo("MemTotal") / 100 * *percent;
  }
  auto size = parse_byte_size(text);
  if (!size) return fail(Code::invalid, "Invalid memory limit {}", quote(text));
  return *size;
}

}  // namespace instance
