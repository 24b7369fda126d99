// Certificate rows.
#include "db/certificates.h"

#include "db/query.h"

namespace db::certificates {

namespace {

constexpr std::string_view kSelect = "SELECT id, fingerprint, type, name, certificate, restricted, description FROM certificates";

Row read(const db::Row& row) {
  return {.id = row.integer(0), .fingerprint = row.text(1), .type = static_cast<CertificateType>(row.integer(2)), .name = row.text(3),
          .certificate = row.text(4), .restricted = row.boolean(5), .description = row.text(6), .projects = {}};
}

Result<std::vector<Row>> query(Tx& tx, const std::string& where, const Values& values) {
  auto rows = TRY(select<Row>(tx, std::string(kSelect) + where + " ORDER BY fingerprint", values, read));
  std::map<int64_t, StringList> projects;
  TRY(tx.query("SELECT certificate_id, name FROM certificates_projects JOIN projects ON projects.id = project_id ORDER BY name", {},
               [&](const db::Row& row) -> Result<> {
                 projects[row.integer(0)].push_back(row.text(1));
                 return {};
               }));
  for (Row& row : rows) row.projects = std::move(projects[row.id]);
  return rows;
}

Result<> save_projects(Tx& tx, const Row& row, int64_t id) {
  TRY(tx.exec("DELETE FROM certificates_projects WHERE certificate_id = ?", {id}));
  for (const std::string& name : row.projects) {
    auto project = TRY(tx.query_integer("SELECT id FROM projects WHERE name = ?", {name}));
    if (!project) return fail(Code::not_found, "Project {} not found", quote(name));
    TRY(tx.exec("INSERT OR IGNORE INTO certificates_projects (certificate_id, project_id) VALUES (?, ?)", {id, *project}));
  }
  return {};
}

}  // namespace

api::Certificate Row::to_api() const {
  api::Certificate out;
  out.fingerprint = fingerprint;
  out.type = name_of(type);
  out.name = name;
  out.certificate = certificate;
  out.restricted = restricted;
  out.description = description;
  out.projects = projects;
  return out;
}

Result<std::vector<Row>> load_all(Tx& tx) { return query(tx, "", {}); }

Result<Row> load(Tx& tx, const std::string& prefix) {
  if (prefix.empty()) return fail(Code::not_found, "Certificate not found");
  auto rows = TRY(query(tx, " WHERE substr(fingerprint, 1, length(?1)) = ?1", {prefix}));
  if (rows.size() > 1) return fail(Code::invalid, "More than one certificate matches");
  return only(std::move(rows), "Certificate");
}

Result<int64_t> create(Tx& tx, const Row& row) {
  int64_t id = TRY(or_conflict(
      tx.insert("INSERT INTO certificates (fingerprint, type, name, certificate, restricted, description) VALUES (?, ?, ?, ?, ?, ?)",
                {row.fingerprint, number(row.type), row.name, row.certificate, number(row.restricted), row.description}),
      "Certificate already in trust store"));
  TRY(save_projects(tx, row, id));
  return id;
}

Result<> update(Tx& tx, const Row& row) {
  TRY(tx.exec("UPDATE certificates SET fingerprint = ?, type = ?, name = ?, certificate = ?, restricted = ?, description = ? WHERE id = ?",
              {row.fingerprint, number(row.type), row.name, row.certificate, number(row.restricted), row.description, row.id}));
  return save_projects(tx, row, row.id);
}

Result<> remove(Tx& tx, int64_t id) {
  TRY(tx.exec("DELETE FROM certificates WHERE id = ?", {id}));
  return {};
}

}  // namespace db::certificates
