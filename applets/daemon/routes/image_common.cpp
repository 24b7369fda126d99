#include "applets/daemon/routes/image_common.h"

#include "base/encode.h"

namespace incusd {

Result<std::string> image_project(Call& call) { return call.daemon.projects->effective(call.project, "image"); }

bool may_view_images(Call& call, const std::string& project) { return call.identity.check({"image", project, ""}, "can_view").has_value(); }

image::Job image_job(const Context& ctx, core::Operation& operation) { return {ctx, operation.requestor(), &operation}; }

std::shared_ptr<core::Operation> use_image_secret(Call& call, const std::string& project, const std::string& fingerprint, const std::string& secret) {
  if (secret.empty()) return nullptr;
  for (const auto& operation : call.daemon.operations->all()) {
    if (operation->type() != core::OperationType::image_token || operation->project() != project) continue;
    Json metadata = operation->metadata();
    if (!metadata.is_object() || metadata.value("secret", "") != secret) continue;
    if (!metadata.value("fingerprint", "").starts_with(fingerprint)) continue;
    if (!operation->finished()) (void)operation->cancel();
    return operation;
  }
  return nullptr;
}

Result<db::images::Row> visible_image(Call& call, const std::string& project) {
  const std::string& name = call.param("fingerprint");
  auto row = call.daemon.global->read([&](db::Tx& tx) { return db::images::load(tx, project, name); });
  auto hidden = [&] { return fail(Code::not_found, "Image {} not found", quote(name)); };
  if (!row) return row.error().code() == Code::not_found ? hidden() : Failure(row.error());
  if (row->public_ || may_view_images(call, project)) return row;
  if (use_image_secret(call, project, row->fingerprint, call.query("secret"))) return row;
  return hidden();
}

Result<Reply> image_token(Call& call, const std::string& project, const std::string& fingerprint, Json metadata) {
  if (!metadata.is_object()) metadata = Json::object();
  metadata["secret"] = random_secret();
  metadata["fingerprint"] = fingerprint;
  core::OperationSpec spec;
  spec.type = core::OperationType::image_token;
  spec.cls = core::OperationClass::token;
  spec.project = project;
  spec.resources["images"] = {entity_url("images/" + fingerprint)};
  spec.metadata = std::move(metadata);
  spec.may_cancel = true;
  Reply reply = TRY(accepted(call, std::move(spec)));
  emit(call, project, "image-secret-created", image::image_url(fingerprint, project));
  return reply;
}

}  // namespace incusd
