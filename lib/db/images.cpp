// Image rows.
#include "db/images.h"

#include "api/architecture.h"
#include "db/image_details.h"
#include "db/query.h"

namespace db::images {

namespace {

constexpr std::string_view kFrom = " FROM images JOIN projects ON projects.id = images.project_id";
constexpr std::string_view kColumns =
    "SELECT images.id, projects.name, fingerprint, filename, size, public, cached, auto_update, type, architecture, creation_date, expiry_date, "
    "upload_date, last_use_date";

Row read(const db::Row& row) {
  Row image;
  image.id = row.integer(0);
  image.project = row.text(1);
  image.fingerprint = row.text(2);
  image.filename = row.text(3);
  image.size = row.integer(4);
  image.public_ = row.boolean(5);
  image.cached = row.boolean(6);
  image.auto_update = row.boolean(7);
  image.type = static_cast<InstanceType>(row.integer(8));
  image.architecture = static_cast<int>(row.integer(9));
  image.created_at = row.time(10);
  image.expires_at = row.time(11);
  image.uploaded_at = row.time(12);
  image.last_used_at = row.time(13);
  return image;
}

Result<std::vector<Row>> query(Tx& tx, const Where& where) {
  std::string from = std::string(kFrom) + where.sql();
  auto rows = TRY(select<Row>(tx, std::string(kColumns) + from + " ORDER BY projects.name, fingerprint", where.values(), read));
  if (!rows.empty()) TRY(add_details(tx, rows, "SELECT images.id" + from, where.values()));
  return rows;
}

}  // namespace

api::Image Row::to_api() const {
  api::Image image;
  image.auto_update = auto_update;
  image.properties = properties;
  image.public_ = public_;
  image.expires_at = expires_at;
  image.profiles = profiles;
  image.locations = {"none"};  // the name of a server without a cluster
  image.aliases = aliases;
  image.architecture = api::architecture_name(architecture);
  image.cached = cached;
  image.filename = filename;
  image.fingerprint = fingerprint;
  image.size = size;
  image.update_source = source;
  image.type = name_of(type);
  image.created_at = created_at;
  image.last_used_at = last_used_at;
  image.uploaded_at = uploaded_at;
  image.project = project;
  return image;
}

Result<std::vector<Row>> load_all(Tx& tx, const Filter& filter) {
  Where where;
  if (filter.project) where.add("projects.name = ?", *filter.project);
  if (filter.fingerprint) where.add("fingerprint = ?", *filter.fingerprint);
  if (filter.cached) where.add("cached = ?", number(*filter.cached));
  if (filter.public_only) where.add("public = 1");
  return query(tx, where);
}

Result<Row> load(Tx& tx, const std::string& project, const std::string& prefix) {
  if (prefix.empty()) return fail(Code::invalid, "No fingerprint prefix specified for the image");
  Where where;
  where.add("projects.name = ?", project);
  where.add("substr(fingerprint, 1, length(?2)) = ?2", prefix);
  auto rows = TRY(query(tx, where));
  if (rows.size() > 1) return fail(Code::invalid, "More than one image matches");
  return only(std::move(rows), "Image");
}

Result<std::vector<Row>> load_anywhere(Tx& tx, const std::string& fingerprint) {
  auto rows = TRY(load_all(tx, {.fingerprint = fingerprint}));
  if (rows.empty()) return fail(Code::not_found, "Image not found");
  return rows;
}

Result<int64_t> create(Tx& tx, const Row& row) {
  auto project = TRY(tx.query_integer("SELECT id FROM projects WHERE name = ?", {row.project}));
  if (!project) return fail(Code::not_found, "Project not found");
  int64_t id = TRY(or_conflict(
      tx.insert("INSERT INTO images (fingerprint, filename, size, public, architecture, creation_date, expiry_date, upload_date, cached, "
                "last_use_date, auto_update, project_id, type) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                {row.fingerprint, row.filename, row.size, number(row.public_), number(row.architecture), time_or_null(row.created_at),
                 time_or_null(row.expires_at), time_or_now(row.uploaded_at), number(row.cached), time_or_null(row.last_used_at),
                 number(row.auto_update), *project, number(row.type)}),
      "Image record already exists"));
  TRY(tx.insert("INSERT INTO images_nodes (image_id, node_id) VALUES (?, 1)", {id}));
  TRY(save_details(tx, id, row));
  if (row.source) TRY(set_source(tx, id, *row.source));
  return id;
}

Result<> update(Tx& tx, Row row) {
  std::erase_if(row.properties, [](const auto& property) { return property.second.empty(); });
  TRY(tx.exec("UPDATE images SET filename = ?, size = ?, public = ?, auto_update = ?, architecture = ?, creation_date = ?, expiry_date = ? "
              "WHERE id = ?",
              {row.filename, row.size, number(row.public_), number(row.auto_update), number(row.architecture), time_or_null(row.created_at),
               time_or_null(row.expires_at), row.id}));
  return save_details(tx, row.id, row);
}

Result<> set_cached(Tx& tx, int64_t id, bool cached) {
  TRY(tx.exec("UPDATE images SET cached = ? WHERE id = ?", {number(cached), id}));
  return {};
}

Result<> set_last_used(Tx& tx, int64_t id, Timestamp when) {
  TRY(tx.exec("UPDATE images SET last_use_date = ? WHERE id = ?", {time_value(when), id}));
  return {};
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM images WHERE id = ?", {id}));
  return {};
}

Result<std::optional<std::string>> find_by_source(Tx& tx, const api::ImageSource& source, InstanceType type, int architecture) {
  int protocol = TRY(image_protocol_code(source.protocol));
  return tx.query_text(
      "SELECT fingerprint FROM images_source JOIN images ON images.id = image_id WHERE server = ? AND protocol = ? AND certificate = ? AND alias = ? AND "
      "auto_update = 1 AND architecture = ? AND type = ? ORDER BY creation_date DESC",
      {source.server, number(protocol), source.certificate, source.alias, number(architecture), number(type)});
}

}  // namespace db::images
