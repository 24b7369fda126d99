// `incus image copy`: between servers, or between projects of one.
#include "applets/cli/image/copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/image/common.h"
#include "applets/cli/image/files.h"
#include "applets/cli/image/registry.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/peers.h"
#include "applets/cli/wait.h"
#include "base/unique_fd.h"
#include "sys/unnamed_file.h"

namespace cli {
namespace {

constexpr const char* kImages = "/1.0/images";
constexpr const char* kAliases = "/1.0/images/aliases";

std::string fingerprint_of(const ImageCopy& copy) { return copy.image.value("fingerprint", ""); }

/// The secret in the metadata of a token operation.
Result<std::string> secret_of(const client::Reply& reply) {
  Json details = reply.metadata.is_object() ? reply.metadata.value("metadata", Json::object()) : Json::object();
  std::string secret = details.is_object() ? details.value("secret", "") : "";
  if (secret.empty()) return fail(Code::internal, "No token provided");
  return secret;
}

Result<> pull(Call& call, client::Server& from, client::Server& to, const ImageCopy& copy, const PeerInfo& source, Progress& progress) {
  Json body{{"source", {{"type", "image"}, {"mode", "pull"}, {"protocol", "incus"}, {"certificate", source.certificate}, {"project", source.project},
                        {"fingerprint", copy.name}, {"image_type", copy.type}}},
            {"aliases", copy.aliases}, {"profiles", copy.profiles}, {"public", copy.is_public}, {"auto_update", copy.auto_update}};
  if (copy.profiles.empty()) body["profiles"] = nullptr;
  if (!copy.image.value("public", false)) body["source"]["secret"] = TRY(image_secret(call, from, fingerprint_of(copy)));
  return try_urls(source.urls, "Failed remote image download", [&](const std::string& url) -> Result<> {
    body["source"]["server"] = url;
    TRY(run_request(call, to, http::Method::post, kImages, api::dump_json(body), "", &progress));
    return {};
  });
}

/// The target hands out a token; with it the source uploads.
Result<> push(Call& call, client::Server& from, client::Server& to, const ImageCopy& copy, const PeerInfo& target, Progress& progress) {
  if (target.urls.empty()) return fail(Code::invalid, "The target server isn't listening on the network");
  Json wanted{{"source", {{"fingerprint", fingerprint_of(copy)}, {"mode", "push"}}}, {"aliases", copy.aliases}, {"public", copy.is_public},
              {"properties", copy.image.value("properties", Json::object())}, {"expires_at", copy.image.value("expires_at", "0001-01-01T00:00:00Z")}};
  client::Reply token = TRY(to.query(call.ctx, http::Method::post, kImages, api::dump_json(wanted)));
  Json order{{"target", target.urls.front()}, {"certificate", target.certificate}, {"secret", TRY(secret_of(token))}, {"project", target.project}};
  order["profiles"] = copy.profiles.empty() ? Json(nullptr) : Json(copy.profiles);
  auto sent = run_request(call, from, http::Method::post, std::format("{}/{}/export", kImages, fingerprint_of(copy)), api::dump_json(order), "", &progress);
  (void)to.cancel_operation(call.ctx, token.operation);  // used up if all went well
  TRY(std::move(sent));
  return {};
}

Result<UniqueFd> temporary_file() {
  return sys::unnamed_file(std::filesystem::temp_directory_path());
}

/// Down to this machine and up again: neither server needs to reach the other.
Result<> send_files(Call& call, client::Server& from, client::Server& to, const ImageCopy& copy, Progress& progress) {
  UniqueFd meta = TRY(temporary_file()), rootfs = TRY(temporary_file());
  ImageFiles files = TRY(download_image(call, from, fingerprint_of(copy), progress, meta.get(), rootfs.get()));
  lseek(meta.get(), 0, SEEK_SET);
  lseek(rootfs.get(), 0, SEEK_SET);
  std::string name = copy.image.value("filename", "");
  ImageUpload upload{.meta = meta.get(), .rootfs = files.split ? rootfs.get() : -1, .filename = name, .rootfs_name = name};
  upload.type = copy.image.value("type", "");
  upload.is_public = copy.is_public;
  upload.properties = copy.image.value("properties", StringMap());
  upload.profiles = copy.profiles;
  std::string operation = TRY(upload_image(call.ctx, to, upload, progress));
  TRY_CTX(wait_for(call, to, operation, &progress), "Failed to copy image");
  return {};
}

/// Files that the target has already need no second way there.
Result<> relay(Call& call, client::Server& from, client::Server& to, const ImageCopy& copy, Progress& progress) {
  bool there = to.get(call.ctx, std::format("{}/{}", kImages, fingerprint_of(copy))).has_value();
  if (!there) TRY(send_files(call, from, to, copy, progress));
  for (const Json& alias : copy.aliases) {
    Json body{{"name", alias.value("name", "")}, {"description", alias.value("description", "")}, {"target", fingerprint_of(copy)}, {"type", ""}};
    auto added = to.query(call.ctx, http::Method::post, kAliases, api::dump_json(body));
    if (!added && !(there && added.error().code() == Code::conflict)) return Failure(std::move(added).error().wrap("Failed to add alias"));
  }
  return {};
}

}  // namespace

Result<std::string> image_secret(Call& call, client::Server& server, const std::string& fingerprint) {
  return secret_of(TRY(server.query(call.ctx, http::Method::post, std::format("{}/{}/secret", kImages, fingerprint), "{}")));
}

Result<> send_image(Call& call, client::Server& from, client::Server& to, const ImageCopy& copy, Progress& progress) {
  if (!contains({"pull", "push", "relay"}, copy.mode)) return fail(Code::invalid, "Unknown transfer mode {}: use pull, push or relay", quote(copy.mode));
  PeerInfo source = TRY(peer_info(call, from)), target = TRY(peer_info(call, to));
  if (same_place(source, target)) return fail(Code::invalid, "The source and target servers must be different");
  if (copy.mode == "pull") return pull(call, from, to, copy, source, progress);
  if (copy.mode == "push") return push(call, from, to, copy, target, progress);
  return relay(call, from, to, copy, progress);
}

namespace {

Result<> check_flags(Call& call) {
  if (call.flags.text("mode") != "pull" && call.flags.on("auto-update")) return fail(Code::invalid, "Auto update is only available in pull mode");
  if (call.flags.on("reuse") && !call.flags.on("copy-aliases")) return fail(Code::invalid, "--reuse requires --copy-aliases");
  return {};
}

/// Image servers of other kinds resolve names themselves, and all they have is public.
Result<> copy_from_image_server(Call& call, const std::string& name, const Remote& remote, client::Server& to, const ImageCopy& copy, Progress& progress) {
  if (copy.mode != "pull") return fail(Code::invalid, "Images of a {} server can only be copied with --mode=pull", remote.protocol);
  std::string server = TRY(server_address(call.ctx, remote));
  std::string keys = remote.protocol == "oci" ? TRY(signing_keys(call.config, name)) : "";
  Json body{{"source", {{"type", "image"}, {"mode", "pull"}, {"server", server}, {"protocol", remote.protocol}, {"fingerprint", copy.name},
                        {"certificate", keys}, {"image_type", copy.type}}},
            {"aliases", copy.aliases}, {"profiles", copy.profiles}, {"public", copy.is_public}, {"auto_update", copy.auto_update}};
  TRY_CTX(run_request(call, to, http::Method::post, kImages, api::dump_json(body), "", &progress), "Failed remote image download");
  return {};
}

/// Looks the image up; a public one that was named by an alias is followed by that alias.
Result<> describe_source(Call& call, client::Server& from, ImageCopy& copy) {
  copy.image = TRY(from.get(call.ctx, std::format("{}/{}", kImages, url_escape(image_fingerprint(call, from, copy.name))))).metadata;
  std::string fingerprint = fingerprint_of(copy);
  bool by_alias = copy.image.value("public", false) && !fingerprint.starts_with(copy.name);
  if (!by_alias) copy.name = fingerprint;
  if (call.flags.on("copy-aliases")) copy.aliases = copy.image.value("aliases", Json::array());
  return {};
}

void drop_aliases(Call& call, client::Server& server, const Json& aliases) {
  for (const Json& alias : aliases) {  // absent ones are fine
    (void)server.query(call.ctx, http::Method::delete_, std::format("{}/{}", kAliases, url_escape(alias.value("name", ""))));
  }
}

}  // namespace

Result<> copy_image(Call& call) {
  TRY(check_flags(call));
  const Remote& remote = *TRY(call.config.find(call.args[0].remote));
  bool incus = remote.protocol == "incus";
  client::Server to = TRY(call.server(call.args[1]));
  if (std::string project = call.flags.text("target-project"); !project.empty()) to = to.project(project);
  else to = to.project(TRY(call.config.find(call.args[1].remote))->project);  // --project chooses the source's
  ImageCopy copy{.image = {}, .name = call.args[0].object().get("default"), .profiles = call.flags.list("profile"), .mode = call.flags.text("mode")};
  copy.type = call.flags.on("vm") ? "virtual-machine" : "";
  copy.is_public = call.flags.on("public");
  copy.auto_update = call.flags.on("auto-update");
  std::optional<client::Server> from;
  if (remote.protocol != "oci") {
    from = TRY(call.public_server(call.args[0].remote));
    TRY(describe_source(call, *from, copy));
  }
  for (const std::string& name : call.flags.list("alias")) copy.aliases.push_back({{"name", name}, {"description", ""}});
  if (call.flags.on("reuse")) drop_aliases(call, to, copy.aliases);
  Progress progress("Copying the image: {}", call.quiet());
  TRY(incus ? send_image(call, *from, to, copy, progress) : copy_from_image_server(call, call.args[0].remote, remote, to, copy, progress));
  progress.done("Image copied successfully!");
  return {};
}

}  // namespace cli
