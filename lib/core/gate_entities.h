// Everything of one project that limits and restrictions look at.
#pragma once
#include <optional>

#include "core/gate.h"
#include "db/profiles.h"

namespace core::gate {

struct Member {
  std::string name;
  db::InstanceType type = db::InstanceType::container;
  StringMap config;
  api::DevicesMap devices;
  StringList profiles;
};

struct VolumeEntry {
  std::string name;
  std::string pool;
  StringMap config;
};

struct Entities {
  std::string project;
  StringMap config;
  std::vector<db::profiles::Row> profiles;
  std::vector<Member> instances;  ///< own config and devices until expand_members()
  std::vector<VolumeEntry> volumes;  ///< custom ones
};

/// The answer to a request that breaks a limit or a restriction is 500 on upstream's server, as its errors there carry no
/// status; clients only look at the text.
inline constexpr Code kViolation = Code::internal;

bool has_limits_or_restrictions(const StringMap& project_config);
Result<Entities> load_entities(db::Tx& tx, const std::string& project);
/// Nothing for a project without limits and restrictions: most are, and then nothing needs to be loaded.
Result<std::optional<Entities>> load_if_gated(db::Tx& tx, const std::string& project);
void expand_members(Entities& entities);

/// What is judged against restrictions: an instance or (no type) a profile.
struct Judged {
  std::optional<db::InstanceType> type;
  const std::string& name;
  const StringMap& config;
  const api::DevicesMap& devices;

  std::string_view label() const { return type ? db::name_of(*type) : "profile"; }
  bool maybe_container() const { return !type || *type == db::InstanceType::container; }
  bool maybe_vm() const { return !type || *type == db::InstanceType::vm; }
};

/// All members and profiles against the project's restricted.* keys, whether the project is restricted or not.
Result<> check_restrictions(const Entities& entities);
/// limits.containers, limits.virtual-machines and limits.instances, for one more instance of `type`.
Result<> check_instance_count(const Entities& entities, db::InstanceType type);
/// The sums over members and volumes against limits.cpu, .memory, .processes, .disk and .disk.pool.*.
Result<> check_sums(const Entities& entities);
/// One limit key with a new value against what is there now.
Result<> check_new_limit(const Entities& entities, const std::string& key, const std::string& value);
/// Sum over members and volumes of one limit key; entities without a value are an error, or skipped.
Result<int64_t> sum_of(const Entities& entities, const std::string& key, bool skip_unset);
/// The number behind a limit's text. Errors: invalid.
Result<int64_t> parse_limit(const std::string& key, const std::string& value);
bool is_sum_limit(const std::string& key);
int64_t count_of(const Entities& entities, std::optional<db::InstanceType> type);

}  // namespace core::gate
