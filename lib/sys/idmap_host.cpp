// Which ids this host lends, and which of them a container gets.
#include <algorithm>

#include "sys/idmap.h"
#include "sys/spawn.h"

namespace sys {
namespace {

constexpr int64_t kFullRange = 65536;      ///< fewer ids don't hold a POSIX system (nobody is 65534)
constexpr int64_t kPreferredBase = 1000000;
constexpr int64_t kPreferredSize = 1000000000;

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

void add_ranges(std::vector<IdMapEntry>& entries, const Ranges& ranges, bool uid) {
  for (auto [base, size] : ranges) {
    if (size >= kFullRange) entries.push_back({uid, !uid, base, 0, size});
  }
}

/// root's ranges in /etc/subuid and /etc/subgid; nothing where the system doesn't use them.
std::optional<IdMap> system_idmap() {
  auto uids = read_file("/etc/subuid");
  auto gids = read_file("/etc/subgid");
  if (!uids || !gids || !find_program("newuidmap") || !find_program("newgidmap")) return std::nullopt;
  std::vector<IdMapEntry> entries;
  add_ranges(entries, parse_subids(*uids, "root", "0"), true);
  add_ranges(entries, parse_subids(*gids, "root", "0"), false);
  return IdMap(std::move(entries));
}

/// The ids our own user namespace has, as host ids.
IdMap process_idmap() {
  std::vector<IdMapEntry> entries;
  for (bool uid : {true, false}) {
    auto text = read_file(uid ? "/proc/self/uid_map" : "/proc/self/gid_map");
    if (!text) continue;
    for (const std::string& line : split_list(*text, '\n')) {
      StringList fields = split_list(line, ' ');
      if (fields.size() != 3) continue;
      entries.push_back({uid, !uid, parse_int(fields[0]).value_or(0), 0, parse_int(fields[2]).value_or(0)});
    }
  }
  return IdMap(std::move(entries));
}

Result<int64_t> wanted_size(const IdMap& host, const IdMapRequest& request) {
  if (request.size.empty() || request.size == "auto") return request.isolated ? kFullRange : host.entries()[0].size;
  auto size = parse_int(request.size);
  if (!size || *size <= 0) return fail(Code::invalid, "Invalid value {} for security.idmap.size", quote(request.size));
  return *size;
}

Result<IdMap> with_raw(IdMap map, const IdMap& raw) {
  for (const IdMapEntry& entry : raw.entries()) TRY(map.add(entry));
  return map;
}

/// The lowest gap of `size` ids between the ranges taken, from `low` up to `end`.
std::optional<int64_t> find_gap(std::vector<IdRange> taken, int64_t low, int64_t end, int64_t size) {
  std::ranges::sort(taken, {}, &IdRange::base);
  int64_t base = low;
  for (const IdRange& range : taken) {
    if (base + size <= range.base) break;
    base = std::max(base, range.base + range.size);
  }
  if (base + size > end) return std::nullopt;
  return base;
}

}  // namespace

std::vector<std::pair<int64_t, int64_t>> parse_subids(const std::string& text, const std::string& user, const std::string& number) {
  Ranges by_name, by_number;
  for (const std::string& line : split(text, '\n')) {
    StringList fields = split(split(line, '#')[0], ':');
    if (fields.size() < 3) continue;
    auto base = parse_uint(trim(fields[1]));
    auto size = parse_uint(trim(fields[2]));
    if (!base || !size || *base > UINT32_MAX || *size > UINT32_MAX) continue;
    std::pair<int64_t, int64_t> range{*base, *size};
    if (iequals(fields[0], user)) by_name.push_back(range);
    if (fields[0] == number) by_number.push_back(range);
  }
  return by_name.empty() ? by_number : by_name;
}

IdMap host_idmap() {
  auto system = system_idmap();
  if (system && !system->empty()) return *system;
  IdMap own = process_idmap();
  for (int64_t base : {kPreferredBase, kFullRange}) {
    auto part = own.split(kFullRange, kPreferredSize, base);
    if (part) return *part;
  }
  return {};
}

Result<IdMapChoice> choose_idmap(const IdMap& host, const IdMapRequest& request) {
  if (host.empty()) return fail(Code::internal, "System doesn't have a functional idmap setup");
  IdMap raw = TRY(IdMap::from_raw(request.raw));
  int64_t size = TRY(wanted_size(host, request));
  if (!request.isolated) {
    IdMap map = host;
    if (!request.size.empty()) map.limit_size(size);
    return IdMapChoice{TRY(with_raw(std::move(map), raw)), 0};
  }
  const IdMapEntry& first = host.entries()[0];
  std::optional<int64_t> base;
  if (!request.base.empty()) {
    base = parse_int(request.base);
    if (!base) return fail(Code::invalid, "Invalid value {} for security.idmap.base", quote(request.base));
  } else {
    // The first full range stays with the containers that share the host's map.
    base = find_gap(request.taken, first.hostid + kFullRange, first.hostid + first.size, size);
    if (!base) return fail(Code::internal, "Not enough uid/gid available for the container");
  }
  return IdMapChoice{TRY(with_raw(IdMap::range(*base, size), raw)), *base};
}

}  // namespace sys
