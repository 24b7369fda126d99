// `incus image copy`: between servers, or between projects of one.
#include "applets/cli/image/common.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/progress.h"
#include "applets/cli/wait.h"

namespace cli {
namespace {

Result<Json> source_of(Call& call, const Remote& remote, client::Server& from, const std::string& name, Json& aliases) {
  Json source{{"type", "image"}, {"mode", "pull"}, {"server", remote.addresses.front()}, {"protocol", remote.protocol}};
  if (remote.protocol != "incus") {
    source["alias"] = name;
    return source;
  }
  auto image = TRY(from.get(call.ctx, "/1.0/images/" + url_escape(image_fingerprint(call, from, name))));
  std::string fingerprint = image.metadata.value("fingerprint", "");
  bool is_public = image.metadata.value("public", false);
  if (is_public && !fingerprint.starts_with(name)) source["alias"] = name;
  else source["fingerprint"] = fingerprint;
  source["certificate"] = from.endpoint().server_certificate;
  source["project"] = from.project_name();
  if (!is_public) {
    auto secret = TRY(from.query(call.ctx, http::Method::post, "/1.0/images/" + fingerprint + "/secret", "{}"));
    source["secret"] = secret.metadata["metadata"].value("secret", "");
  }
  if (call.flags.on("copy-aliases")) aliases = image.metadata.value("aliases", Json::array());
  return source;
}

Result<> check_flags(Call& call) {
  std::string mode = call.flags.text("mode");
  if (mode != "pull" && call.flags.on("auto-update")) return fail(Code::invalid, "Auto update is only available in pull mode");
  if (call.flags.on("reuse") && !call.flags.on("copy-aliases")) return fail(Code::invalid, "--reuse requires --copy-aliases");
  if (mode != "pull") return fail(Code::unsupported, "Only --mode=pull is available: the target server fetches the image itself");
  return {};
}

}  // namespace

Result<> copy_image(Call& call) {
  TRY(check_flags(call));
  const Remote& remote = *TRY(call.config.find(call.args[0].remote));
  client::Server from = TRY(call.public_server(call.args[0].remote));
  client::Server to = TRY(call.server(call.args[1]));
  if (std::string project = call.flags.text("target-project"); !project.empty()) to = to.project(project);
  Json aliases = Json::array();
  Json body{{"source", TRY(source_of(call, remote, from, call.args[0].object().text, aliases))},
            {"public", call.flags.on("public")}, {"auto_update", call.flags.on("auto-update")}, {"profiles", call.flags.list("profile")}};
  if (call.flags.on("vm")) body["source"]["image_type"] = "virtual-machine";
  for (const std::string& name : call.flags.list("alias")) aliases.push_back({{"name", name}, {"description", ""}});
  if (call.flags.on("reuse")) {
    for (const Json& alias : aliases) (void)to.query(call.ctx, http::Method::delete_, "/1.0/images/aliases/" + url_escape(alias.value("name", "")));  // absent ones are fine
  }
  body["aliases"] = aliases;
  Progress progress("Copying the image: {}", call.quiet());
  TRY(run_request(call, to, http::Method::post, "/1.0/images", api::dump_json(body), "", &progress));
  progress.done("Image copied successfully!");
  return {};
}

}  // namespace cli
