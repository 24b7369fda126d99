#include "image/download.h"

#include <algorithm>

#include "api/architecture.h"
#include "base/units.h"
#include "base/version.h"
#include "client/fetch_file.h"
#include "core/gate.h"
#include "core/locks.h"
#include "core/operation.h"
#include "core/project_cache.h"
#include "image/build.h"
#include "image/remote.h"

namespace image {

client::ProxySettings proxy_of(Store& store) {
  client::ProxySettings proxy = client::ProxySettings::from_environment();
  StringMap config = store.services().server_config();
  if (auto value = get_or(config, "core.proxy_http"); !value.empty()) proxy.http = value;
  if (auto value = get_or(config, "core.proxy_https"); !value.empty()) proxy.https = value;
  if (auto value = get_or(config, "core.proxy_ignore_hosts"); !value.empty()) proxy.ignore_hosts = value;
  return proxy;
}

namespace {

FetchProgress progress_of(core::Operation* operation) {
  if (!operation) return nullptr;
  return [operation, start = Clock::now()](int64_t done, int64_t total) {
    double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    int64_t speed = elapsed > 0 ? static_cast<int64_t>(static_cast<double>(done) / elapsed) : 0;
    int percent = total > 0 ? static_cast<int>(done * 100 / total) : 0;
    std::string text = total > 0 ? std::format("{}% ({}/s)", percent, format_byte_size_decimal(speed)) : std::format("{} ({}/s)", format_byte_size_decimal(done), format_byte_size_decimal(speed));
    operation->progress("download", text, percent, speed);
  };
}

Result<Remote> find_remote(const Context& ctx, Store& store, const DownloadRequest& request) {
  if (request.source.protocol == "oci") return find_oci(ctx, store, request);
  if (request.source.protocol == "direct") return find_direct(ctx, store, request);
  if (request.source.protocol == "simplestreams") return find_simplestreams(ctx, store, request);
  if (request.source.protocol == "incus" || request.source.protocol == "lxd" || request.source.protocol.empty()) return find_incus(ctx, request);
  return fail(Code::unsupported, "Image protocol {} is not supported", quote(request.source.protocol));
}

/// An image with that fingerprint that this server has: in the project, or copied to it from another one.
Result<std::optional<db::images::Row>> already_here(Store& store, const DownloadRequest& request, const std::string& fingerprint) {
  return store.services().global.write([&](db::Tx& tx) -> Result<std::optional<db::images::Row>> {
    auto rows = db::images::load_anywhere(tx, fingerprint);
    if (!rows) return rows.error().code() == Code::not_found ? Result<std::optional<db::images::Row>>(std::nullopt) : Failure(rows.error());
    for (const auto& row : *rows) {
      if (row.project == request.project) return row;
    }
    db::images::Row copy = rows->front();
    copy.project = request.project;
    copy.public_ = request.public_;
    copy.cached = request.cache;
    copy.aliases.clear();
    copy.profiles = {"default"};
    copy.source = request.source;
    copy.uploaded_at = Timestamp::now();
    TRY(db::images::create(tx, copy));
    return TRY(db::images::load(tx, request.project, fingerprint));
  });
}

/// With auto-update on, an image that came from the same alias is recent enough.
std::optional<std::string> cached_fingerprint(Store& store, const DownloadRequest& request, const std::string& fingerprint) {
  auto interval = parse_int(get_or(store.services().server_config(), "images.auto_update_interval", "6")).value_or(6);
  if (!request.prefer_cached || interval <= 0 || request.source.alias == fingerprint) return std::nullopt;
  auto type = db::instance_type(request.source.image_type).value_or(db::InstanceType::container);
  auto found = store.services().global.read([&](db::Tx& tx) { return db::images::find_by_source(tx, request.source, type, api::local_architecture()); });
  return found ? *found : std::nullopt;
}

Result<db::images::Row> fetch(const Job& job, Store& store, const DownloadRequest& request, const Remote& remote) {
  auto build = TRY(Build::create(store, request.project));
  TRY(remote.fetch(job.ctx, *build, progress_of(job.operation)));
  if (!build->fingerprint().starts_with(remote.fingerprint)) {
    return fail(Code::invalid, "Image fingerprint doesn't match. Got {} expected {}", build->fingerprint(), remote.fingerprint);
  }
  db::images::Row row;
  row.type = db::instance_type(remote.info.type).value_or(db::InstanceType::container);
  if (remote.described) row.properties = remote.info.properties;
  TRY(build->describe(job.ctx, row));
  if (remote.described) {
    row.properties = remote.info.properties;
    row.filename = remote.info.filename;
    if (!remote.info.expires_at.is_zero()) row.expires_at = remote.info.expires_at;
  }
  row.project = request.project;
  row.public_ = request.public_;
  row.auto_update = request.auto_update;
  row.cached = request.cache;
  row.profiles = {"default"};
  row.source = request.source;
  TRY(build->install());
  TRY(store.add(job, row, {}));
  return store.find(request.project, row.fingerprint);
}

}  // namespace

Result<db::images::Row> download(const Job& job, Store& store, const DownloadRequest& request) {
  TRY(store.services().global.read([&](db::Tx& tx) { return core::gate::check_image_server(tx, request.project, request.source.server); }));
  if (auto cached = cached_fingerprint(store, request, "")) {
    if (auto row = already_here(store, request, *cached); row && *row) return **row;
  }
  Remote remote = TRY(find_remote(job.ctx, store, request));
  if (remote.fingerprint.empty() || remote.fingerprint.size() > 64 || remote.fingerprint.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail(Code::invalid, "Invalid image fingerprint");
  }
  auto held = TRY(core::acquire_lock(job.ctx, "image/" + remote.fingerprint));
  if (auto row = TRY(already_here(store, request, remote.fingerprint))) return *row;
  return fetch(job, store, request, remote);
}

Result<Direct> ask_direct(const Context& ctx, Store& store, const std::string& url) {
  client::DownloadOptions options;
  options.method = http::Method::head;
  options.proxy = proxy_of(store);
  options.headers.set("Incus-Server-Architectures", join(api::local_architecture_names(), ", "));
  options.headers.set("Incus-Server-Version", std::string(kCompatibleVersion));
  auto answer = TRY(client::download(ctx, url, options));
  Direct direct{answer.headers.get("Incus-Image-Hash"), answer.headers.get("Incus-Image-URL")};
  if (direct.fingerprint.empty()) return fail(Code::invalid, "Missing Incus-Image-Hash header");
  if (direct.url.empty()) return fail(Code::invalid, "Missing Incus-Image-URL header");
  return direct;
}

Result<Remote> find_direct(const Context&, Store& store, const DownloadRequest& request) {
  Remote remote;
  remote.fingerprint = request.source.alias;
  remote.fetch = [url = request.source.server, proxy = proxy_of(store)](const Context& ctx, Build& build, const FetchProgress& progress) -> Result<> {
    client::DownloadOptions options;
    options.proxy = proxy;
    int64_t done = 0, total = 0;
    options.on_headers = [&](const client::Answer& answer) -> Result<> {
      total = static_cast<int64_t>(answer.content_length.value_or(0));
      return {};
    };
    options.sink = [&](std::string_view data) -> Result<> {
      done += static_cast<int64_t>(data.size());
      if (progress) progress(done, total);
      return build.write(data);
    };
    return client::fetch_file(ctx, {.url = url, .sha256 = {}}, options);
  };
  return remote;
}

}  // namespace image
