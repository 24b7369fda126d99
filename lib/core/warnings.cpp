// Warnings: texts, severities and the paths of what they are about.
#include "core/warnings.h"

#include "base/strings.h"
#include "db/projects.h"

namespace core {

namespace {

struct TypeRow {
  int code;
  std::string_view severity, text;
};
constexpr TypeRow kTypes[] = {
#define WARNING_TYPE(symbol, code, severity, text) {code, severity, text},
#include "core/warning_types.def"
#undef WARNING_TYPE
};

const TypeRow& row_of(WarningType type) {
  auto found = std::ranges::find(kTypes, static_cast<int>(type), &TypeRow::code);
  return found == std::end(kTypes) ? kTypes[0] : *found;
}

/// How to find an entity's path: `sql` yields the values for the {} of `pattern`, in order.
struct PathRow {
  EntityType entity;
  std::string_view pattern;
  std::string_view sql;
};
constexpr PathRow kPaths[] = {
    {EntityType::certificate, "/1.0/certificates/{}", "SELECT fingerprint FROM certificates WHERE id = ?"},
    {EntityType::cluster_group, "/1.0/cluster/groups/{}", "SELECT name FROM cluster_groups WHERE id = ?"},
    {EntityType::container, "/1.0/instances/{}?project={}",
     "SELECT i.name, p.name FROM instances i JOIN projects p ON p.id = i.project_id WHERE i.id = ?"},
    {EntityType::image, "/1.0/images/{}?project={}",
     "SELECT i.fingerprint, p.name FROM images i JOIN projects p ON p.id = i.project_id WHERE i.id = ?"},
    {EntityType::instance, "/1.0/instances/{}?project={}",
     "SELECT i.name, p.name FROM instances i JOIN projects p ON p.id = i.project_id WHERE i.id = ?"},
    {EntityType::instance_backup, "/1.0/instances/{}/backups/{}?project={}",
     "SELECT i.name, b.name, p.name FROM instances_backups b JOIN instances i ON i.id = b.instance_id JOIN projects p ON p.id = i.project_id "
     "WHERE b.id = ?"},
    {EntityType::instance_snapshot, "/1.0/instances/{}/snapshots/{}?project={}",
     "SELECT i.name, s.name, p.name FROM instances_snapshots s JOIN instances i ON i.id = s.instance_id JOIN projects p ON p.id = i.project_id "
     "WHERE s.id = ?"},
    {EntityType::network, "/1.0/networks/{}?project={}",
     "SELECT n.name, p.name FROM networks n JOIN projects p ON p.id = n.project_id WHERE n.id = ?"},
    {EntityType::network_acl, "/1.0/network-acls/{}?project={}",
     "SELECT n.name, p.name FROM networks_acls n JOIN projects p ON p.id = n.project_id WHERE n.id = ?"},
    {EntityType::node, "/1.0/cluster/members/{}", "SELECT name FROM nodes WHERE id = ?"},
    {EntityType::operation, "/1.0/operations/{}", "SELECT uuid FROM operations WHERE id = ?"},
    {EntityType::profile, "/1.0/profiles/{}?project={}",
     "SELECT o.name, p.name FROM profiles o JOIN projects p ON p.id = o.project_id WHERE o.id = ?"},
    {EntityType::project, "/1.0/projects/{}", "SELECT name FROM projects WHERE id = ?"},
    {EntityType::server, "/1.0", "SELECT ?"},
    {EntityType::storage_bucket, "/1.0/storage-pools/{}/buckets/{}?project={}",
     "SELECT s.name, b.name, p.name FROM storage_buckets b JOIN storage_pools s ON s.id = b.storage_pool_id JOIN projects p ON p.id = b.project_id "
     "WHERE b.id = ?"},
    {EntityType::storage_pool, "/1.0/storage-pools/{}", "SELECT name FROM storage_pools WHERE id = ?"},
    {EntityType::storage_volume, "/1.0/storage-pools/{}/volumes/{}/{}?project={}",
     "SELECT s.name, CASE v.type WHEN 0 THEN 'container' WHEN 1 THEN 'image' WHEN 2 THEN 'custom' ELSE 'virtual-machine' END, v.name, p.name "
     "FROM storage_volumes v JOIN storage_pools s ON s.id = v.storage_pool_id JOIN projects p ON p.id = v.project_id WHERE v.id = ?"},
    {EntityType::warning, "/1.0/warnings/{}", "SELECT uuid FROM warnings WHERE id = ?"},
};

std::string fill(std::string_view pattern, const db::Row& row) {
  std::string out;
  int column = 0;
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (!pattern.substr(at).starts_with("{}")) {
      out += pattern[at];
      continue;
    }
    out += row.text(column++);
    ++at;
  }
  return out;
}

}  // namespace

bool is_warning_type(int64_t code) { return std::ranges::contains(kTypes, code, &TypeRow::code); }
std::string_view warning_text(WarningType type) { return row_of(type).text; }
std::string_view warning_severity(WarningType type) { return row_of(type).severity; }

bool is_entity_type(int64_t code) {
  constexpr int kCodes[] = {
#define ENTITY_TYPE(symbol, code, name) code,
#include "core/entity_types.def"
#undef ENTITY_TYPE
  };
  return std::ranges::contains(kCodes, code);
}

Result<> warn(db::Tx& tx, const WarningSubject& subject, const std::string& message) {
  if (!subject.project.empty()) TRY_CTX(db::projects::id_of(tx, subject.project), "Unknown project {}", quote(subject.project));
  if (subject.entity != EntityType::none && subject.entity_id != -1 && TRY(entity_path(tx, subject.entity, subject.entity_id)).empty())
    return fail(Code::not_found, "Unknown entity ID");
  return db::warnings::upsert(tx,
                              {.location = subject.location, .project = subject.project, .entity_type = static_cast<int64_t>(subject.entity), .entity_id = subject.entity_id,
                               .type = static_cast<int>(subject.type)},
                              message);
}

Result<> resolve_warnings(db::Tx& tx, const WarningSubject& subject) {
  db::warnings::Match match{.project = {}, .type = static_cast<int>(subject.type), .entity_type = {}, .entity_id = {}};
  if (!subject.project.empty()) match.project = subject.project;
  if (subject.entity != EntityType::none) match.entity_type = static_cast<int64_t>(subject.entity);
  if (subject.entity_id != -1) match.entity_id = subject.entity_id;
  return db::warnings::resolve(tx, match);
}

Result<> forget_entity(db::Tx& tx, EntityType entity, int64_t id) {
  return db::warnings::remove_of_entity(tx, static_cast<int64_t>(entity), id);
}

Result<std::string> entity_path(db::Tx& tx, EntityType entity, int64_t id) {
  std::string path;
  auto known = std::ranges::find(kPaths, entity, &PathRow::entity);
  if (id == -1 || known == std::end(kPaths)) return path;
  TRY(tx.query(known->sql, {id}, [&](const db::Row& row) -> Result<> {
    path = fill(known->pattern, row);
    return {};
  }));
  return path;
}

Result<api::Warning> render_warning(db::Tx& tx, const db::warnings::Row& row) {
  api::Warning warning;
  warning.status = db::name_of(row.status);
  warning.uuid = row.uuid;
  warning.location = row.location;
  warning.project = row.project;
  warning.type = warning_text(static_cast<WarningType>(row.type));
  warning.count = row.count;
  warning.first_seen_at = row.first_seen;
  warning.last_seen_at = row.last_seen;
  warning.last_message = row.message;
  warning.severity = warning_severity(static_cast<WarningType>(row.type));
  warning.entity_url = TRY(entity_path(tx, static_cast<EntityType>(row.entity_type), row.entity_id));
  return warning;
}

}  // namespace core
