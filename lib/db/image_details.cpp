// Properties, profiles, sources and aliases of images.
#include "db/image_details.h"

#include "db/query.h"

namespace db::images {

namespace {

using Each = std::function<void(Row&, const db::Row&)>;

/// Runs a query whose first column is an image id and hands each row to that image.
Result<> distribute(Tx& tx, std::vector<Row>& rows, const std::string& sql, const Values& values, const Each& each) {
  std::map<int64_t, Row*> by_id;
  for (Row& row : rows) by_id[row.id] = &row;
  return tx.query(sql, values, [&](const db::Row& found) -> Result<> {
    if (auto image = by_id.find(found.integer(0)); image != by_id.end()) each(*image->second, found);
    return {};
  });
}

}  // namespace

Result<> add_details(Tx& tx, std::vector<Row>& rows, const std::string& ids_sql, const Values& values) {
  TRY(distribute(tx, rows, "SELECT image_id, key, value FROM images_properties WHERE image_id IN (" + ids_sql + ")", values,
                 [](Row& image, const db::Row& row) { image.properties[row.text(1)] = row.text(2); }));
  TRY(distribute(tx, rows, "SELECT image_id, name, description FROM images_aliases WHERE image_id IN (" + ids_sql + ") ORDER BY name", values,
                 [](Row& image, const db::Row& row) { image.aliases.push_back({.name = row.text(1), .description = row.text(2)}); }));
  TRY(distribute(tx, rows, "SELECT image_id, name FROM images_profiles JOIN profiles ON profiles.id = profile_id WHERE image_id IN (" + ids_sql +
                     ") ORDER BY images_profiles.rowid", values,
                 [](Row& image, const db::Row& row) { image.profiles.push_back(row.text(1)); }));
  return distribute(tx, rows, "SELECT image_id, server, protocol, certificate, alias FROM images_source WHERE image_id IN (" + ids_sql + ")", values,
                    [](Row& image, const db::Row& row) {
                      api::ImageSource source;
                      source.server = row.text(1);
                      source.protocol = image_protocol_name(static_cast<int>(row.integer(2)));
                      source.certificate = row.text(3);
                      source.alias = row.text(4);
                      source.image_type = name_of(image.type);
                      image.source = std::move(source);
                    });
}

Result<> save_details(Tx& tx, int64_t id, const Row& row) {
  TRY(tx.exec("DELETE FROM images_properties WHERE image_id = ?", {id}));
  for (const auto& [key, value] : row.properties) {
    TRY(tx.insert("INSERT INTO images_properties (image_id, type, key, value) VALUES (?, 0, ?, ?)", {id, key, value}));
  }
  TRY(tx.exec("DELETE FROM images_profiles WHERE image_id = ?", {id}));
  // Profiles live in that project unless it shares the default project's.
  const std::string& project = row.profile_project.empty() ? row.project : row.profile_project;
  for (const std::string& name : row.profiles) {
    auto profile = TRY(tx.query_integer(
        "SELECT profiles.id FROM profiles JOIN projects ON projects.id = profiles.project_id WHERE profiles.name = ? AND "
        "projects.name IN (?, 'default') ORDER BY projects.name = 'default'", {name, project}));
    if (!profile) return fail(Code::not_found, "Profile '{}' doesn't exist", name);
    TRY(tx.exec("INSERT OR IGNORE INTO images_profiles (image_id, profile_id) VALUES (?, ?)", {id, *profile}));
  }
  return {};
}

Result<> set_source(Tx& tx, int64_t id, const api::ImageSource& source) {
  int protocol = TRY(image_protocol_code(source.protocol));
  TRY(tx.exec("DELETE FROM images_source WHERE image_id = ?", {id}));
  TRY(tx.insert("INSERT INTO images_source (image_id, server, protocol, certificate, alias) VALUES (?, ?, ?, ?, ?)",
                {id, source.server, number(protocol), source.certificate, source.alias}));
  return {};
}

namespace {

constexpr std::string_view kAliases =
    "SELECT a.id, a.name, a.description, i.fingerprint, i.type FROM images_aliases a JOIN images i ON i.id = a.image_id "
    "JOIN projects p ON p.id = a.project_id WHERE p.name = ?";

AliasRow read_alias(const db::Row& row) {
  return {.id = row.integer(0), .name = row.text(1), .description = row.text(2), .fingerprint = row.text(3),
          .type = static_cast<InstanceType>(row.integer(4))};
}

std::string alias_exists(const std::string& name) { return "Alias " + quote(name) + " already exists"; }

}  // namespace

Result<std::vector<AliasRow>> load_aliases(Tx& tx, const std::string& project) {
  return select<AliasRow>(tx, std::string(kAliases) + " ORDER BY a.name", {project}, read_alias);
}

Result<AliasRow> load_alias(Tx& tx, const std::string& project, const std::string& name) {
  return only(TRY(select<AliasRow>(tx, std::string(kAliases) + " AND a.name = ?", {project, name}, read_alias)), "Image alias");
}

Result<int64_t> create_alias(Tx& tx, const std::string& project, const std::string& name, const std::string& description, int64_t image_id) {
  return or_conflict(tx.insert("INSERT INTO images_aliases (name, image_id, description, project_id) VALUES (?, ?, ?, (SELECT id FROM projects "
                               "WHERE name = ?))", {name, image_id, description, project}),
                     alias_exists(name));
}

Result<> update_alias(Tx& tx, int64_t id, const std::string& description, int64_t image_id) {
  TRY(tx.exec("UPDATE images_aliases SET description = ?, image_id = ? WHERE id = ?", {description, image_id, id}));
  return {};
}

Result<> rename_alias(Tx& tx, int64_t id, const std::string& name) {
  TRY(or_conflict(tx.exec("UPDATE images_aliases SET name = ? WHERE id = ?", {name, id}), alias_exists(name)));
  return {};
}

Result<> remove_alias(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM images_aliases WHERE id = ?", {id}));
  return {};
}

Result<> move_aliases(Tx& tx, int64_t from, int64_t to) {
  TRY(tx.exec("UPDATE images_aliases SET image_id = ? WHERE image_id = ?", {to, from}));
  return {};
}

}  // namespace db::images
