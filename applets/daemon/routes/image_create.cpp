// POST /1.0/images: uploads, and the requests that make an image from an instance, another server or a URL.
#include "applets/daemon/routes/image_common.h"
#include "base/encode.h"
#include "core/gate.h"
#include "http/stream.h"
#include "image/download.h"
#include "image/upload.h"

namespace incusd {
namespace {

/// A JSON request is small; whatever is larger is an image.
constexpr size_t kMaxRequest = 1 << 20;

archive::Source source_of(Call& call) {
  return [&call](std::span<char> buffer) { return call.request.stream->read(call.ctx, buffer); };
}

/// Reads the body as a request if it is one. `head` gets what was read if not.
Result<std::optional<api::ImagesPost>> read_request(Call& call, const archive::Source& body, std::string& head) {
  bool json = call.request.headers.get("Content-Type") == "application/json";
  head.resize(kMaxRequest);
  size_t got = 0;
  while (got < head.size()) {
    size_t count = TRY(body(std::span(head).subspan(got)));
    if (count == 0) break;
    got += count;
    // Images don't begin like an object, so there is no need to read on.
    if (!json && head[0] != '{') break;
  }
  head.resize(got);
  if (!json && !head.starts_with('{')) return std::optional<api::ImagesPost>();
  auto request = api::parse<api::ImagesPost>(head);
  if (request) return std::optional(std::move(*request));
  if (json) return Failure(request.error());
  return std::optional<api::ImagesPost>();
}

/// What the client sees of the result, whatever came of it. A secret in the metadata stays: who holds it may wait for the operation.
void show(core::Operation& operation, const std::string& fingerprint, int64_t size) {
  Json shown{{"fingerprint", fingerprint}, {"size", std::to_string(size)}};
  Json before = operation.metadata();
  if (before.is_object() && before.contains("secret")) shown["secret"] = before["secret"];
  (void)operation.update_metadata(shown);
}

Result<Reply> start(Call& call, std::function<Result<>(const Context&, core::Operation&)> run, Json metadata = nullptr) {
  core::OperationSpec spec;
  spec.type = core::OperationType::image_download;
  spec.project = call.project;
  spec.metadata = std::move(metadata);
  spec.run = std::move(run);
  return accepted(call, std::move(spec));
}

Result<Reply> upload(Call& call, const std::string& project, std::string head, const Json& token) {
  auto uploaded = std::make_shared<image::Uploaded>(
      TRY(image::receive(call.ctx, *call.daemon.images, call.request.headers, std::move(head), *call.request.stream, project)));
  if (token.is_object()) {
    if (token.contains("public")) uploaded->row.public_ = token.value("public", false);
    if (auto properties = token.find("properties"); properties != token.end() && properties->is_object()) {
      for (const auto& [key, value] : properties->items()) uploaded->row.properties[key] = value.get<std::string>();
    }
    if (auto aliases = token.find("aliases"); aliases != token.end() && aliases->is_array()) {
      uploaded->aliases.clear();
      for (const Json& alias : *aliases) uploaded->aliases.push_back({alias.value("name", ""), alias.value("description", "")});
    }
  }
  return start(call, [store = call.daemon.images, uploaded](const Context& ctx, core::Operation& operation) -> Result<> {
    show(operation, uploaded->build->fingerprint(), uploaded->build->size());
    return image::finish(image_job(ctx, operation), *store, std::move(*uploaded)).transform([](db::images::Row&&) {});
  }, token.is_object() ? Json{{"secret", random_secret()}} : Json());  // who pushed with a token has no other right to wait for the end
}

/// Values of the request that stand above what the image itself says.
Result<> apply_request(const image::Job& job, image::Store& store, db::images::Row row, const api::ImagesPost& request) {
  for (const auto& [key, value] : request.properties) row.properties[key] = value;
  if (request.public_) row.public_ = true;
  if (request.auto_update) row.auto_update = true;
  if (!request.filename.empty()) row.filename = request.filename;
  if (!request.profiles.empty()) row.profiles = request.profiles;
  row.cached = false;
  TRY(store.services().global.write([&](db::Tx& tx) -> Result<> {
    TRY(db::images::set_cached(tx, row.id, false));
    return db::images::update(tx, row);
  }));
  return store.add_aliases(job, row.project, row.fingerprint, request.aliases);
}

/// Downloads what `wanted` names, whatever copy there may be, and does with it what the request says.
Result<> fetch(const image::Job& job, image::Store& store, const std::string& project, const api::ImagesPost& request, image::DownloadRequest wanted) {
  wanted.project = project;
  wanted.public_ = request.public_;
  wanted.auto_update = request.auto_update;
  wanted.prefer_cached = false;
  auto row = TRY(image::download(job, store, wanted));
  show(*job.operation, row.fingerprint, row.size);
  return apply_request(job, store, std::move(row), request);
}

Result<> copy_remote(const image::Job& job, image::Store& store, const std::string& project, const api::ImagesPost& request) {
  const api::ImagesPostSource& source = *request.source;
  image::DownloadRequest wanted;
  wanted.source = source;
  wanted.source.alias = source.fingerprint.empty() ? source.alias : source.fingerprint;
  if (wanted.source.alias.empty()) return fail(Code::invalid, "must specify one of alias or fingerprint for init from image");
  if (wanted.source.protocol.empty()) wanted.source.protocol = "incus";
  wanted.secret = source.secret;
  wanted.source_project = source.project;
  return fetch(job, store, project, request, std::move(wanted));
}

Result<> copy_url(const image::Job& job, image::Store& store, const std::string& project, const api::ImagesPost& request) {
  if (request.source->url.empty()) return fail(Code::invalid, "Missing URL");
  TRY(store.services().global.read([&](db::Tx& tx) { return core::gate::check_image_server(tx, project, request.source->url); }));
  auto direct = TRY(image::ask_direct(job.ctx, store, request.source->url));
  image::DownloadRequest wanted;
  wanted.source.server = direct.url;
  wanted.source.protocol = "direct";
  wanted.source.alias = direct.fingerprint;
  return fetch(job, store, project, request, std::move(wanted));
}

Result<Reply> from_request(Call& call, const std::string& project, const api::ImagesPost& request) {
  if (!request.source) return fail(Code::internal, "Invalid images JSON");
  const api::ImagesPostSource& source = *request.source;
  if (source.mode == "push") {
    Json metadata = {{"aliases", Json::parse(api::dump(request.aliases))}, {"properties", Json::object()}, {"public", request.public_}};
    for (const auto& [key, value] : request.properties) metadata["properties"][key] = value;
    return image_token(call, project, source.fingerprint, std::move(metadata));
  }
  auto store = call.daemon.images;
  if (source.type == "image") {
    return start(call, [=](const Context& ctx, core::Operation& operation) { return copy_remote(image_job(ctx, operation), *store, project, request); });
  }
  if (source.type == "url") {
    return start(call, [=](const Context& ctx, core::Operation& operation) { return copy_url(image_job(ctx, operation), *store, project, request); });
  }
  if (contains({"container", "instance", "virtual-machine", "snapshot"}, source.type)) return publish_instance(call, project, request);
  return fail(Code::internal, "Invalid images JSON");
}

}  // namespace

Result<Reply> create_image(Call& call) {
  std::string project = TRY(image_project(call));
  std::string secret = call.request.headers.get("X-Incus-secret"), fingerprint = call.request.headers.get("X-Incus-fingerprint");
  bool trusted = call.identity.check({"project", project, project}, "can_create_images").has_value();
  if (!trusted && (secret.empty() || fingerprint.empty())) return fail(Code::forbidden, "Forbidden");
  auto token = use_image_secret(call, project, fingerprint, secret);
  if (!trusted && !token) return fail(Code::forbidden, "Forbidden");
  archive::Source body = source_of(call);
  std::string head;
  auto request = TRY(read_request(call, body, head));
  if (request && trusted) return from_request(call, project, *request);
  return upload(call, project, std::move(head), token ? token->metadata() : Json());
}

}  // namespace incusd
