#include "sys/unprivileged.h"

#include <grp.h>
#include <pwd.h>

#include <optional>

#include "base/strings.h"

namespace sys {
namespace {

/// Does a process here have this id? `map`: /proc/self/uid_map or gid_map, lines of "first parent's-first count".
bool is_mapped(const char* map, uint64_t id) {
  auto text = read_file(map);
  if (!text) return true;
  for (const std::string& line : split(*text, '\n')) {
    StringList fields = split_list(line, ' ');
    auto first = fields.size() == 3 ? parse_uint(fields[0]) : std::nullopt, count = fields.size() == 3 ? parse_uint(fields[2]) : std::nullopt;
    if (first && count && id >= *first && id - *first < *count) return true;
  }
  return false;
}

constexpr size_t kEntrySize = 64 << 10;  ///< more than a line of passwd(5) or group(5) has, but for groups of thousands

struct User {
  uid_t uid;
  gid_t gid;
};

std::optional<User> find_user(const char* name) {
  std::string buffer(kEntrySize, '\0');
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return User{entry.pw_uid, entry.pw_gid};
}

std::optional<gid_t> find_group(const char* name) {
  std::string buffer(kEntrySize, '\0');
  group entry{};
  group* found = nullptr;
  if (getgrnam_r(name, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return entry.gr_gid;
}

}  // namespace

Unprivileged unprivileged() {
  Unprivileged out;
  for (const char* name : {"incus", "nobody"}) {
    auto user = find_user(name);
    if (!user || !is_mapped("/proc/self/uid_map", user->uid) || !is_mapped("/proc/self/gid_map", user->gid)) continue;
    out.user = name;
    out.uid = user->uid;
    out.gid = user->gid;
    break;
  }
  for (const char* name : {"incus", "nogroup", "nobody"}) {
    auto group = find_group(name);
    if (!group || !is_mapped("/proc/self/gid_map", *group)) continue;
    out.group = name;
    break;
  }
  return out;
}

}  // namespace sys
