#include "sys/cpu_set.h"

#include <algorithm>

#include "base/strings.h"

namespace sys {
namespace {

/// Above any machine's number of CPUs: a longer set is a mistake.
constexpr uint64_t kMaxCpu = 8191;

}  // namespace

Result<std::vector<int>> parse_cpu_set(const std::string& text) {
  std::vector<int> out;
  for (const std::string& part : split(text, ',')) {
    StringList ends = split(part, '-', 2);
    auto first = parse_uint(ends[0]), last = parse_uint(ends.back());
    if (!first || !last || *first > *last || *last > kMaxCpu) return fail(Code::invalid, "Invalid cpuset value: {}", text);
    for (uint64_t cpu = *first; cpu <= *last; cpu++) out.push_back(static_cast<int>(cpu));
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace sys
