#include "image/refresh.h"

#include "base/log.h"
#include "core/operation.h"
#include "core/project_cache.h"
#include "image/download.h"
#include "image/remote.h"

namespace image {

namespace {

/// What the user set on the old image stays on the new one.
Result<> take_over(Store& store, const db::images::Row& old, db::images::Row fresh) {
  return store.services().global.write([&](db::Tx& tx) -> Result<> {
    fresh.public_ = old.public_;
    fresh.auto_update = old.auto_update;
    fresh.profiles = old.profiles;
    TRY(db::images::update(tx, fresh));
    TRY(db::images::set_cached(tx, fresh.id, old.cached));
    TRY(db::images::set_last_used(tx, fresh.id, old.last_used_at));
    return db::images::move_aliases(tx, old.id, fresh.id);
  });
}

int64_t expiry_days(Store& store, const std::string& project) {
  auto info = store.services().projects.get(project);
  std::string days = info ? get_or(info->config, "images.remote_cache_expiry") : "";
  if (days.empty()) days = get_or(store.services().server_config(), "images.remote_cache_expiry", "10");
  return parse_int(days).value_or(10);
}

}  // namespace

Result<bool> refresh(const Job& job, Store& store, const db::images::Row& row) {
  if (!row.source || row.source->alias.empty()) {
    return fail(Code::not_found, "Failed to update image {} in project {}: Image source not found", quote(row.fingerprint), quote(row.project));
  }
  DownloadRequest request;
  request.source = *row.source;
  request.source.image_type = std::string(db::name_of(row.type));
  request.project = row.project;
  request.cache = row.cached;
  request.public_ = row.public_;
  request.auto_update = row.auto_update;
  request.prefer_cached = false;
  auto fresh = TRY(download(job, store, request));
  if (fresh.fingerprint == row.fingerprint) return false;
  TRY(take_over(store, row, fresh));
  auto old = row;
  old.aliases.clear();
  TRY(store.remove(job, old));
  return true;
}

void refresh_all(const Job& job, Store& store) {
  auto rows = store.services().global.read([](db::Tx& tx) { return db::images::load_all(tx); });
  if (!rows) return log_error("Cannot read images", {{"error", rows.error().message()}});
  for (const auto& row : *rows) {
    if (!row.auto_update || !row.source || job.ctx.stopped()) continue;
    auto done = refresh(job, store, row);
    if (!done) log_error("Failed updating an image", {{"fingerprint", row.fingerprint}, {"error", done.error().message()}});
  }
}

void remove_expired(const Job& job, Store& store, Timestamp now) {
  auto rows = store.services().global.read([](db::Tx& tx) { return db::images::load_all(tx, {.project = {}, .fingerprint = {}, .cached = true}); });
  if (!rows) return log_error("Cannot read images", {{"error", rows.error().message()}});
  if (int64_t days = expiry_days(store, "default"); days > 0) trim_layers(store, now.plus(-std::chrono::hours(24 * days)));
  for (const auto& row : *rows) {
    int64_t days = expiry_days(store, row.project);
    Timestamp used = row.last_used_at.is_zero() ? row.uploaded_at : row.last_used_at;
    if (days <= 0 || now < used.plus(std::chrono::hours(24 * days))) continue;
    auto removed = store.remove(job, row);
    if (!removed) log_error("Failed removing an expired image", {{"fingerprint", row.fingerprint}, {"error", removed.error().message()}});
  }
}

}  // namespace image
