#include "image/store.h"

#include <unistd.h>

#include <filesystem>

#include "archive/remove_tree.h"
#include "core/locks.h"
#include "core/operation.h"
#include "image/download.h"

namespace image {

std::string image_url(const std::string& fingerprint, const std::string& project) {
  return "/1.0/images/" + fingerprint + (project == "default" ? "" : "?project=" + url_escape(project));
}

std::string alias_url(const std::string& name, const std::string& project) {
  return "/1.0/images/aliases/" + url_escape(name) + (project == "default" ? "" : "?project=" + url_escape(project));
}

Result<db::images::Row> Store::find(const std::string& project, const std::string& name) {
  return services_.global.read([&](db::Tx& tx) -> Result<db::images::Row> {
    auto alias = db::images::load_alias(tx, project, name);
    if (!alias && alias.error().code() != Code::not_found) return Failure(alias.error());
    return db::images::load(tx, project, alias ? alias->fingerprint : name);
  });
}

Result<db::images::Row> Store::obtain(const Job& job, const std::string& project, const api::InstanceSource& source, db::InstanceType type) {
  Result<db::images::Row> row = fail(Code::not_found, "Image not found");
  std::string name = source.alias.empty() ? source.fingerprint : source.alias;
  if (name.empty()) return fail(Code::invalid, "Must specify one of alias, fingerprint or properties for init from image");
  if (!source.server.empty()) {
    DownloadRequest request;
    request.source.server = source.server;
    request.source.protocol = source.protocol.empty() ? "incus" : source.protocol;
    request.source.certificate = source.certificate;
    request.source.alias = name;
    request.source.image_type = std::string(db::name_of(type));
    request.secret = source.secret;
    request.project = project;
    request.source_project = source.project;
    request.cache = true;
    request.auto_update = is_true(get_or(services_.server_config(), "images.auto_update_cached", "true"));
    row = download(job, *this, request);
  } else {
    row = find(project, name);
  }
  if (!row) return row;
  (void)services_.global.write([&](db::Tx& tx) { return db::images::set_last_used(tx, row->id, Timestamp::now()); });
  return row;
}

Result<> Store::add(const Job& job, const db::images::Row& row, const std::vector<api::ImageAlias>& aliases) {
  auto id = services_.global.write([&](db::Tx& tx) { return db::images::create(tx, row); });
  if (!id && id.error().code() == Code::conflict) return fail(Code::conflict, "Image with same fingerprint already exists");
  if (!id) return Failure(id.error());
  TRY(add_aliases(job, row.project, row.fingerprint, aliases));
  services_.events.lifecycle(row.project, "image-created", image_url(row.fingerprint, row.project), job.requestor, {{"type", db::name_of(row.type)}});
  return {};
}

Result<> Store::add_aliases(const Job& job, const std::string& project, const std::string& fingerprint, const std::vector<api::ImageAlias>& aliases) {
  if (aliases.empty()) return {};
  auto added = services_.global.write([&](db::Tx& tx) -> Result<> {
    auto image = TRY(db::images::load(tx, project, fingerprint));
    for (const auto& alias : aliases) {
      auto created = db::images::create_alias(tx, project, alias.name, alias.description, image.id);
      if (!created && created.error().code() == Code::conflict) return fail(Code::conflict, "Alias already exists: {}", alias.name);
      if (!created) return Failure(created.error());
    }
    return {};
  });
  TRY(std::move(added));
  for (const auto& alias : aliases) {
    services_.events.lifecycle(project, "image-alias-created", alias_url(alias.name, project), job.requestor, {{"target", fingerprint}});
  }
  return {};
}

Result<> Store::remove(const Job& job, const db::images::Row& row) {
  auto held = TRY(core::acquire_lock(job.ctx, "image/" + row.fingerprint));
  bool last = false;
  TRY(services_.global.write([&](db::Tx& tx) -> Result<> {
    auto rows = TRY(db::images::load_anywhere(tx, row.fingerprint));
    bool present = false;
    for (const auto& item : rows) present |= item.project == row.project;
    if (!present) return fail(Code::not_found, "Image not found");
    last = rows.size() == 1;
    return db::images::remove(tx, row.id);
  }));
  for (const auto& alias : row.aliases) services_.events.lifecycle(row.project, "image-alias-deleted", alias_url(alias.name, row.project), job.requestor);
  services_.events.lifecycle(row.project, "image-deleted", image_url(row.fingerprint, row.project), job.requestor);
  if (!last) return {};
  unlink(path(row.fingerprint).c_str());
  unlink((path(row.fingerprint) + ".rootfs").c_str());
  if (on_gone) on_gone(row.fingerprint);
  return {};
}

void Store::sweep() {
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(folder(), error)) {
    if (item.path().filename().string().starts_with("incus_build_")) (void)archive::remove_tree(Context(), item.path().string());
  }
}

}  // namespace image
