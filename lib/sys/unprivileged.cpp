#include "sys/unprivileged.h"

#include <grp.h>
#include <pwd.h>

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

}  // namespace

Unprivileged unprivileged() {
  Unprivileged out;
  for (const char* name : {"incus", "nobody"}) {
    const passwd* entry = getpwnam(name);
    if (!entry || !is_mapped("/proc/self/uid_map", entry->pw_uid) || !is_mapped("/proc/self/gid_map", entry->pw_gid)) continue;
    out.user = name;
    out.uid = entry->pw_uid;
    out.gid = entry->pw_gid;
    break;
  }
  for (const char* name : {"incus", "nogroup", "nobody"}) {
    const group* entry = getgrnam(name);
    if (!entry || !is_mapped("/proc/self/gid_map", entry->gr_gid)) continue;
    out.group = name;
    break;
  }
  return out;
}

}  // namespace sys
