// `incus publish`: an image from an instance or a snapshot.
#include <print>

#include "applets/cli/image/common.h"
#include "applets/cli/image/copy.h"
#include "applets/cli/input.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/progress.h"
#include "applets/cli/wait.h"

namespace cli {
namespace {

Result<> set_ephemeral(Call& call, client::Server& server, const std::string& name, bool ephemeral) {
  return update_object(call, server, instance_url(name), {.what = "instance", .title = "Instance", .collection = "/1.0/instances", .wire = kWire<api::Instance, api::InstancePut>, .edit_help = ""},
                       [&](Json& writable) -> Result<> {
                         writable["ephemeral"] = ephemeral;
                         return {};
                       });
}

/// Stops a running instance for the time of the publication; an ephemeral one must not vanish meanwhile.
Result<bool> stop_if_running(Call& call, client::Server& server, const std::string& name) {
  auto reply = TRY(server.get(call.ctx, instance_url(name)));
  int status = reply.metadata.value("status_code", 0);
  if (status == 0 || status == 102) return false;
  if (!call.flags.on("force")) return fail(Code::invalid, "The instance is currently running. Use --force to have it stopped and restarted");
  bool ephemeral = reply.metadata.value("ephemeral", false);
  if (ephemeral) TRY(set_ephemeral(call, server, name, false));
  TRY_CTX(change_state(call, server, name, {.action = "stop", .force = true}), "Stopping instance failed!");
  if (ephemeral) TRY(set_ephemeral(call, server, name, true));
  return true;
}

Result<Json> request_for(Call& call, const std::string& instance, const std::string& snapshot) {
  Json source{{"type", snapshot.empty() ? "instance" : "snapshot"}, {"name", snapshot.empty() ? instance : instance + "/" + snapshot}};
  Json body{{"source", source}, {"compression_algorithm", call.flags.text("compression")}, {"public", call.flags.on("public")},
            {"format", call.flags.text("format")}};
  if (StringMap properties = TRY(read_pairs(call.args[2])); !properties.empty()) body["properties"] = properties;
  if (std::string expires = call.flags.text("expire"); !expires.empty()) {
    auto time = Timestamp::parse(expires);
    if (!time) return fail(Code::invalid, "Invalid expiration date: {} isn't RFC 3339 (2026-01-02T15:04:05Z)", quote(expires));
    body["expires_at"] = time->rfc3339();
  }
  return body;
}

Result<> check_aliases(Call& call, client::Server& server, const StringList& aliases) {
  StringList existing;
  for (const std::string& name : aliases) {
    if (server.get(call.ctx, "/1.0/images/aliases/" + url_escape(name))) existing.push_back(name);
  }
  if (!existing.empty() && !call.flags.on("reuse")) return fail(Code::conflict, "Aliases already exists: {}", join(existing, ", "));
  return {};
}

Result<std::string> create_image(Call& call, client::Server& server, const Json& body) {
  Progress progress("Publishing instance: {}", call.quiet());
  auto operation = TRY(run_request(call, server, http::Method::post, "/1.0/images", api::dump_json(body), "", &progress));
  progress.done();
  std::string fingerprint = operation && operation->metadata.is_object() ? operation->metadata.value("fingerprint", "") : "";
  if (fingerprint.empty()) return fail(Code::internal, "Bad fingerprint");
  return fingerprint;
}

/// The image goes to another server and doesn't stay here.
Result<> hand_over(Call& call, client::Server& server, client::Server& target, const std::string& fingerprint) {
  std::string path = "/1.0/images/" + fingerprint;
  auto moved = [&]() -> Result<> {
    ImageCopy copy{.image = TRY(server.get(call.ctx, path)).metadata, .name = fingerprint};
    copy.is_public = call.flags.on("public");
    Progress progress("", true);
    return send_image(call, server, target, copy, progress);
  }();
  (void)run_request(call, server, http::Method::delete_, path);
  return moved;
}

/// With the instance stopped: makes the image, brings it where it shall be, names it.
Result<> publish(Call& call, client::Server& server, client::Server& target, const std::string& instance, const std::string& snapshot) {
  bool elsewhere = call.args[1].remote != call.args[0].remote;
  Json body = TRY(request_for(call, instance, snapshot));
  StringList aliases = call.flags.list("alias");
  TRY(check_aliases(call, target, aliases));
  if (elsewhere) body["public"] = false;
  std::string fingerprint = TRY(create_image(call, server, body));
  if (elsewhere) TRY(hand_over(call, server, target, fingerprint));
  if (call.flags.on("reuse")) TRY(delete_aliased_images(call, target, aliases));
  TRY(ensure_aliases(call, target, aliases, fingerprint));
  std::println("Instance published with fingerprint: {}", fingerprint);
  return {};
}

Result<> run_publish(Call& call) {
  client::Server server = TRY(call.server(call.args[0])), target = TRY(call.server(call.args[1]));
  std::string instance = call.args[0].object().parts[0].text, snapshot = call.args[0].object().parts[1].get();
  bool restart = snapshot.empty() && TRY(stop_if_running(call, server, instance));
  auto published = publish(call, server, target, instance, snapshot);
  if (restart) TRY(change_state(call, server, instance, {.action = "start"}));
  return published;
}

constexpr Flag kFlags[] = {{"alias", FlagKind::list, "Alias for the image (repeatable)"},
                           {"compression", FlagKind::text, "Compressor (`none` for none)"},
                           {"expire", FlagKind::text, "When the image expires, in RFC 3339"},
                           {"force|f", FlagKind::boolean, "Stop a running instance meanwhile"},
                           {"format", FlagKind::text, "Image format: unified or split", "unified"},
                           {"public", FlagKind::boolean, "Let anybody use the image"},
                           {"reuse", FlagKind::boolean, "Take the alias over, and delete the image that had it"}};
constexpr Command kPublish[] = {{.path = "publish", .usage = "[<remote>:]<instance>[/<snapshot>] [<remote>:] [<key>=<value>...]",
                                 .summary = "Make an image of an instance or snapshot", .run = run_publish, .flags = kFlags}};

}  // namespace

extern const CommandTable publish_commands = kPublish;

}  // namespace cli
