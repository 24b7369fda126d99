#include "sys/idmap.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sys {
namespace {

bool kinds_meet(const IdMapEntry& a, const IdMapEntry& b) { return (a.is_uid && b.is_uid) || (a.is_gid && b.is_gid); }
bool ranges_meet(int64_t a, int64_t a_size, int64_t b, int64_t b_size) { return a < b + b_size && b < a + a_size; }
bool hosts_meet(const IdMapEntry& a, const IdMapEntry& b) { return kinds_meet(a, b) && ranges_meet(a.hostid, a.size, b.hostid, b.size); }
bool entries_meet(const IdMapEntry& a, const IdMapEntry& b) { return hosts_meet(a, b) || (kinds_meet(a, b) && ranges_meet(a.nsid, a.size, b.nsid, b.size)); }

/// One entry for users and one for groups each, in a fixed order.
std::vector<IdMapEntry> canonical(std::vector<IdMapEntry> entries) {
  std::vector<IdMapEntry> all;
  for (IdMapEntry entry : entries) {
    if (entry.is_uid) all.push_back({true, false, entry.hostid, entry.nsid, entry.size});
    if (entry.is_gid) all.push_back({false, true, entry.hostid, entry.nsid, entry.size});
  }
  std::ranges::sort(all, [](const IdMapEntry& a, const IdMapEntry& b) { return a.is_uid != b.is_uid ? a.is_uid : a.nsid < b.nsid; });
  return all;
}

/// "1000" or "1000-1999" -> first id and count.
Result<std::pair<int64_t, int64_t>> parse_id_range(const std::string& text) {
  StringList parts = ::split(text, '-');
  if (parts.size() > 2) return fail(Code::invalid, "Invalid ID map range: {}", text);
  auto first = parse_int(parts[0]);
  if (!first) return fail(Code::invalid, "Invalid ID map range: {}", text);
  if (parts.size() == 1) return std::pair{*first, int64_t{1}};
  auto last = parse_int(parts[1]);
  if (!last || *last < *first) return fail(Code::invalid, "Invalid ID map range: {}", text);
  return std::pair{*first, *last - *first + 1};
}

Result<IdMapEntry> parse_raw_line(const std::string& line) {
  StringList words = ::split(line, ' ');
  if (words.size() != 3) return fail(Code::invalid, "Invalid ID map line: {}", line);
  auto [host, host_size] = TRY(parse_id_range(words[1]));
  auto [inside, inside_size] = TRY(parse_id_range(words[2]));
  if (host_size != inside_size) return fail(Code::invalid, "The ID map ranges are of different sizes: {}", line);
  IdMapEntry entry{words[0] == "both" || words[0] == "uid", words[0] == "both" || words[0] == "gid", host, inside, host_size};
  if (!entry.is_uid && !entry.is_gid) return fail(Code::invalid, "Invalid ID map type: {}", line);
  return entry;
}

}  // namespace

IdMap IdMap::range(int64_t hostid, int64_t size) { return IdMap({{true, false, hostid, 0, size}, {false, true, hostid, 0, size}}); }

Result<IdMap> IdMap::from_json(const std::string& text) {
  if (text.empty()) return IdMap();
  auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_null()) return IdMap();
  if (!document.is_array()) return fail(Code::invalid, "Invalid ID map {}", quote(text));
  IdMap map;
  for (const auto& item : document) {
    if (!item.is_object()) return fail(Code::invalid, "Invalid ID map {}", quote(text));
    auto number = [&](const char* key) { return item.contains(key) && item[key].is_number_integer() ? item[key].get<int64_t>() : 0; };
    auto flag = [&](const char* key) { return item.contains(key) && item[key].is_boolean() && item[key].get<bool>(); };
    map.entries_.push_back({flag("Isuid"), flag("Isgid"), number("Hostid"), number("Nsid"), number("Maprange")});
  }
  return map;
}

Result<IdMap> IdMap::from_raw(const std::string& text) {
  IdMap map;
  for (const std::string& line : ::split(text, '\n')) {
    if (!line.empty()) TRY(map.add(TRY(parse_raw_line(line))));
  }
  return map;
}

Result<> IdMap::append(const std::string& text) {
  StringList parts = ::split(text, ':');
  if (parts.size() != 4) return fail(Code::invalid, "Bad idmap: {}", quote(text));
  IdMapEntry entry{parts[0] == "u" || parts[0] == "b", parts[0] == "g" || parts[0] == "b"};
  if (!entry.is_uid && !entry.is_gid) return fail(Code::invalid, "Bad idmap type in {}", quote(text));
  int64_t* const fields[] = {&entry.nsid, &entry.hostid, &entry.size};
  for (size_t i = 0; i < 3; ++i) {
    auto value = parse_uint(parts[i + 1]);
    if (!value || *value > UINT32_MAX) return fail(Code::invalid, "Bad number {} in idmap {}", quote(parts[i + 1]), quote(text));
    *fields[i] = static_cast<int64_t>(*value);
  }
  if (intersects(entry)) return fail(Code::invalid, "Conflicting id mapping");
  entries_.push_back(entry);
  return {};
}

std::string IdMap::to_json() const {
  std::string text = "[";
  for (const IdMapEntry& entry : entries_) {
    text += std::format("{}{{\"Isuid\":{},\"Isgid\":{},\"Hostid\":{},\"Nsid\":{},\"Maprange\":{}}}", text.size() > 1 ? "," : "", entry.is_uid, entry.is_gid,
                        entry.hostid, entry.nsid, entry.size);
  }
  return text + "]";
}

StringList IdMap::lxc_lines() const {
  StringList lines;
  for (const IdMapEntry& entry : entries_) {
    std::string rest = std::format(" {} {} {}", entry.nsid, entry.hostid, entry.size);
    if (entry.is_uid && !contains(lines, "u" + rest)) lines.push_back("u" + rest);
    if (entry.is_gid && !contains(lines, "g" + rest)) lines.push_back("g" + rest);
  }
  return lines;
}

Result<> IdMap::add(const IdMapEntry& added) {
  std::vector<IdMapEntry> result;
  bool placed = false;
  for (const IdMapEntry& entry : entries_) {
    if (!entries_meet(entry, added)) {
      result.push_back(entry);
      continue;
    }
    if (hosts_meet(entry, added)) return fail(Code::conflict, "Host ID is in the range of subids");
    IdMapEntry lower = entry;
    lower.size = added.nsid - entry.nsid;
    IdMapEntry upper = entry;
    upper.hostid = entry.hostid + lower.size + added.size;
    upper.nsid = added.nsid + added.size;
    upper.size = entry.size - added.size - lower.size;
    if (lower.size > 0) result.push_back(lower);
    if (!placed) result.push_back(added);
    placed = true;
    if (upper.size > 0) result.push_back(upper);
  }
  if (!placed) result.push_back(added);
  entries_ = std::move(result);
  return {};
}

void IdMap::limit_size(int64_t size) {
  for (IdMapEntry& entry : entries_) entry.size = std::min(entry.size, size);
}

bool IdMap::intersects(const IdMapEntry& entry) const {
  return std::ranges::any_of(entries_, [&](const IdMapEntry& mine) { return entries_meet(mine, entry); });
}

bool IdMap::includes(const IdMap& other) const {
  return std::ranges::all_of(canonical(other.entries_), [&](const IdMapEntry& theirs) {
    return std::ranges::any_of(entries_, [&](const IdMapEntry& mine) {
      return kinds_meet(mine, theirs) && theirs.hostid >= mine.hostid && theirs.hostid + theirs.size <= mine.hostid + mine.size;
    });
  });
}

bool IdMap::same_as(const IdMap& other) const { return canonical(entries_) == canonical(other.entries_); }

std::optional<IdMap> IdMap::split(int64_t min_size, int64_t max_size, int64_t min_host) const {
  std::optional<IdMapEntry> uid, gid;
  for (IdMapEntry entry : entries_) {
    if (entry.hostid < min_host) {
      entry.size -= min_host - entry.hostid;
      entry.hostid = min_host;
    }
    if (entry.size < std::max<int64_t>(min_size, 1)) continue;
    if (max_size >= 0) entry.size = std::min(entry.size, max_size);
    if (entry.is_uid && (!uid || uid->size < entry.size)) uid = {true, false, entry.hostid, entry.nsid, entry.size};
    if (entry.is_gid && (!gid || gid->size < entry.size)) gid = {false, true, entry.hostid, entry.nsid, entry.size};
  }
  if (!uid || !gid) return std::nullopt;
  return IdMap({*uid, *gid});
}

namespace {

/// Ids counted from one start in each entry, counted from the other one; the first entry that has the id decides.
IdPair translate(const std::vector<IdMapEntry>& entries, int64_t uid, int64_t gid, int64_t IdMapEntry::*from, int64_t IdMapEntry::*to) {
  IdPair result;
  for (const IdMapEntry& entry : entries) {
    auto covers = [&](int64_t id) { return id >= entry.*from && id < entry.*from + entry.size; };
    if (entry.is_uid && result.uid < 0 && covers(uid)) result.uid = uid - entry.*from + entry.*to;
    if (entry.is_gid && result.gid < 0 && covers(gid)) result.gid = gid - entry.*from + entry.*to;
  }
  return result;
}

}  // namespace

IdPair IdMap::to_host(int64_t uid, int64_t gid) const { return translate(entries_, uid, gid, &IdMapEntry::nsid, &IdMapEntry::hostid); }

IdPair IdMap::to_inside(int64_t uid, int64_t gid) const { return translate(entries_, uid, gid, &IdMapEntry::hostid, &IdMapEntry::nsid); }

}  // namespace sys
