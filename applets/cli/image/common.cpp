#include "applets/cli/image/common.h"

#include "applets/cli/wait.h"

namespace cli {

constexpr Noun kImage = {
    .what = "image", .title = "Image", .collection = "/1.0/images", .wire = kWire<api::Image, api::ImagePut>,
    .edit_help = "The image as YAML; comment lines like these are dropped.\n\nMembers: auto_update, properties (keys and values), public, expires_at, profiles.",
    .id = "fingerprint"};
const Noun kImageNoun = kImage;

std::string image_fingerprint(Call& call, client::Server& server, const std::string& name) {
  std::string wanted = name.empty() ? "default" : name;
  bool machine = call.flags.known("vm") && call.flags.on("vm");
  auto alias = server.get(call.ctx, "/1.0/images/aliases/" + url_escape(wanted) + (machine ? "?type=virtual-machine" : ""));
  bool other_type = alias && machine && alias->metadata.value("type", "") != "virtual-machine";
  return alias && !other_type ? alias->metadata.value("target", wanted) : wanted;
}

Result<ImageTarget> image_target(Call& call, const Arg& arg, bool public_server) {
  client::Server server = public_server ? TRY(call.public_server(arg.remote)) : TRY(call.server(arg));
  std::string fingerprint = image_fingerprint(call, server, arg.object().text);
  return ImageTarget{server, fingerprint};
}

Result<> ensure_aliases(Call& call, client::Server& server, const StringList& aliases, const std::string& fingerprint) {
  for (const std::string& name : aliases) {
    std::string path = "/1.0/images/aliases/" + url_escape(name);
    if (server.get(call.ctx, path)) TRY(server.query(call.ctx, http::Method::delete_, path));
    Json body{{"name", name}, {"target", fingerprint}, {"description", ""}, {"type", ""}};
    TRY_CTX(server.query(call.ctx, http::Method::post, "/1.0/images/aliases", api::dump_json(body)), "Failed to create alias {}", name);
  }
  return {};
}

Result<> delete_aliased_images(Call& call, client::Server& server, const StringList& aliases) {
  for (const std::string& name : aliases) {
    auto alias = server.get(call.ctx, "/1.0/images/aliases/" + url_escape(name));
    if (!alias) continue;
    auto image = server.get(call.ctx, "/1.0/images/" + alias->metadata.value("target", ""));
    if (!image || image->metadata.value("aliases", Json::array()).size() > 1) continue;  // still known under another name
    TRY(run_request(call, server, http::Method::delete_, "/1.0/images/" + image->metadata.value("fingerprint", "")));
  }
  return {};
}

}  // namespace cli
