// Filling MAC address patterns.
#include "network/hwaddr.h"

#include <cstdint>

#include "base/encode.h"
#include "core/project_cache.h"
#include "network/network.h"

namespace network {
namespace {

/// Each `x` becomes the next digit.
template <class Next>
std::string fill(std::string_view pattern, Next next) {
  std::string out;
  for (char c : pattern) out += c == 'x' || c == 'X' ? "0123456789abcdef"[next() & 15] : static_cast<char>(tolower(c));
  return out;
}

}  // namespace

std::string hwaddr_pattern(const Environment& env, const std::string& project) {
  if (auto info = env.projects.get(project))
    if (std::string pattern = get_or(info->config, "network.hwaddr_pattern"); !pattern.empty()) return pattern;
  std::string pattern = env.server_config ? get_or(env.server_config(), "network.hwaddr_pattern") : "";
  return pattern.empty() ? std::string(kDefaultHwaddrPattern) : pattern;
}

std::string fill_hwaddr(std::string_view pattern) {
  std::string bytes = random_bytes(pattern.size());
  size_t at = 0;
  return fill(pattern, [&] { return bytes[at++]; });
}

std::string stable_hwaddr(std::string_view pattern, std::string_view seed) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, then a multiply-and-shift per digit
  for (unsigned char c : seed) hash = (hash ^ c) * 0x100000001b3;
  return fill(pattern, [&] {
    hash = hash * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
    return static_cast<unsigned>(hash >> 59);
  });
}

std::string random_hwaddr(const Environment& env, const std::string& project) { return fill_hwaddr(hwaddr_pattern(env, project)); }
std::string random_hwaddr() { return fill_hwaddr(kDefaultHwaddrPattern); }

}  // namespace network
