// Maps between the ids inside a container and those on the host: user_namespaces(7), subuid(5).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/strings.h"

namespace sys {

/// `size` ids from `nsid` inside stand for those from `hostid` on the host.
struct IdMapEntry {
  bool is_uid = false;
  bool is_gid = false;
  int64_t hostid = 0;
  int64_t nsid = 0;
  int64_t size = 0;
  friend bool operator==(const IdMapEntry&, const IdMapEntry&) = default;
};

/// A user and a group id; -1 where there is none.
struct IdPair {
  int64_t uid = -1;
  int64_t gid = -1;
};

class IdMap {
 public:
  IdMap() = default;
  explicit IdMap(std::vector<IdMapEntry> entries) : entries_(std::move(entries)) {}
  /// One range for users and the same for groups, from id 0 inside.
  static IdMap range(int64_t hostid, int64_t size);
  /// volatile.idmap.*: `[{"Isuid":true,"Isgid":false,"Hostid":1000000,"Nsid":0,"Maprange":65536},…]`. An empty text or list is the empty map.
  static Result<IdMap> from_json(const std::string& text);
  /// raw.idmap: lines `both|uid|gid HOST[-HOST] INSIDE[-INSIDE]`.
  static Result<IdMap> from_raw(const std::string& text);
  /// `u:0:100000:65536`, `g:…`, `b:…`.
  Result<> append(const std::string& text);

  const std::vector<IdMapEntry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  std::string to_json() const;  ///< "[]" when empty
  StringList lxc_lines() const;  ///< "u 0 1000000 65536"

  /// Adds an entry, splitting those it overlaps inside. Errors: conflict if the same host ids are mapped twice.
  Result<> add(const IdMapEntry& entry);
  /// Every range at most `size` ids long.
  void limit_size(int64_t size);
  /// Are all host ids of `other` among ours?
  bool includes(const IdMap& other) const;
  bool intersects(const IdMapEntry& entry) const;
  /// The same mapping, however it is written down.
  bool same_as(const IdMap& other) const;
  /// Largest uid and gid range that fits: [min_size, max_size] ids from host id `min_host` up (-1: no bound).
  std::optional<IdMap> split(int64_t min_size, int64_t max_size, int64_t min_host) const;

  /// The host's ids for ids inside, and back. -1 where not mapped.
  IdPair to_host(int64_t uid, int64_t gid) const;
  IdPair to_inside(int64_t uid, int64_t gid) const;

 private:
  std::vector<IdMapEntry> entries_;
};

/// The ranges this host lends to containers: root's subuid and subgid where newuidmap is installed, else a part of our own map (1000000:1000000000).
/// Empty: only privileged containers work.
IdMap host_idmap();
/// Parses subuid(5) text for a user name or number.
std::vector<std::pair<int64_t, int64_t>> parse_subids(const std::string& text, const std::string& user, const std::string& number);

/// A range that an isolated container holds.
struct IdRange {
  int64_t base = 0;
  int64_t size = 0;
};

/// What one container's map is made from.
struct IdMapRequest {
  bool isolated = false;
  std::string size;       ///< security.idmap.size: empty, "auto" or a number
  std::string base;       ///< security.idmap.base
  std::string raw;        ///< raw.idmap
  std::vector<IdRange> taken;  ///< ranges of the other isolated containers
};
struct IdMapChoice {
  IdMap map;
  int64_t base = 0;  ///< volatile.idmap.base
};
/// Errors: invalid (texts), internal when no ids are left or the host has none.
Result<IdMapChoice> choose_idmap(const IdMap& host, const IdMapRequest& request);

}  // namespace sys
