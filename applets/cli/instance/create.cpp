// `incus create` (init) and `incus launch`: an instance from an image, or an empty one.
#include <unistd.h>

#include <print>

#include "api/yaml.h"
#include "applets/cli/created.h"
#include "applets/cli/input.h"
#include "applets/cli/instance/common.h"

namespace cli {
namespace {

/// A description of the instance on standard input (YAML), where that is no terminal.
Result<api::InstancePut> from_stdin() {
  if (isatty(STDIN_FILENO)) return api::InstancePut{};
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(STDIN_FILENO, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  if (trim(text).empty()) return api::InstancePut{};
  return api::from_json<api::InstancePut>(TRY(api::parse_yaml(text)));
}

/// The device --network asks for. Errors: not_found.
Result<StringMap> nic_for(Call& call, client::Server& server, const std::string& network) {
  auto reply = TRY_CTX(server.get(call.ctx, "/1.0/networks/" + url_escape(network)), "Failed loading network {}", quote(network));
  if (reply.metadata.value("managed", false)) return StringMap{{"name", "eth0"}, {"type", "nic"}, {"network", network}};
  bool bridge = reply.metadata.value("type", "") == "bridge";
  return StringMap{{"name", "eth0"}, {"type", "nic"}, {"nictype", bridge ? "bridged" : "macvlan"}, {"parent", network}};
}

Result<> take_config(Call& call, StringMap& config) {
  for (const std::string& path : call.flags.list("environment-file")) {
    if (path.empty()) continue;
    for (const auto& [name, value] : TRY(read_environment_file(path))) config["environment." + name] = value;
  }
  for (auto& [key, value] : TRY(parse_pairs(call.flags.list("config")))) config[key] = value;
  return {};
}

Result<> take_devices(Call& call, client::Server& server, api::InstancesPost& request, const StringList& profiles) {
  if (std::string network = call.flags.text("network"); !network.empty()) request.devices["eth0"] = TRY(nic_for(call, server, network));
  if (std::string pool = call.flags.text("storage"); !pool.empty()) {
    TRY_CTX(server.get(call.ctx, "/1.0/storage-pools/" + url_escape(pool)), "Failed loading storage pool {}", quote(pool));
    request.devices["root"] = {{"type", "disk"}, {"path", "/"}, {"pool", pool}};
  }
  return apply_device_overrides(call, server, TRY(parse_device_overrides(call.flags.list("device"))), profiles, request.devices);
}

/// The request as JSON: without profiles given, the member is null and the server takes its default.
Result<Json> request_for(Call& call, client::Server& server, bool start, api::InstancesPost& request) {
  api::InstancePut given = TRY(from_stdin());
  static_cast<api::InstancePut&>(request) = given;
  TRY(take_config(call, request.config));
  StringList profiles = call.flags.list("profile");
  bool no_profiles = call.flags.on("no-profiles");
  if (profiles.empty() && !no_profiles) profiles = given.profiles;
  request.profiles = profiles;
  TRY(take_devices(call, server, request, profiles));
  request.instance_type = call.flags.text("type");
  request.type = call.flags.on("vm") ? "virtual-machine" : "container";
  request.start = start;
  if (call.flags.on("ephemeral")) request.ephemeral = true;
  if (std::string text = call.flags.text("description"); !text.empty()) request.description = text;
  Json body = api::to_json(request);
  if (profiles.empty() && !no_profiles) body["profiles"] = nullptr;
  return body;
}

void warn_without_network(Call& call, client::Server& server, const std::string& name) {
  auto reply = server.get(call.ctx, instance_url(name));
  if (!reply) return;
  for (const auto& [device, config] : reply->metadata["expanded_devices"].items()) {
    if (config.value("type", "") == "nic") return;
  }
  std::println(stderr, "\nNo network is attached to this instance.");
  std::println(stderr, "  Create one with: incus network create\n  Attach one with: incus network attach\n");
}

Result<> create(Call& call, bool start) {
  const Arg& target = call.args[1];
  client::Server server = TRY(call.server(target));
  if (std::string member = call.flags.text("target"); !member.empty()) server = server.target(member);
  std::string name = target.object().get();
  std::string_view verb = start ? "Launching" : "Creating";
  call.say(name.empty() ? std::format("{} the instance", verb) : std::format("{} {}", verb, call.shown(target)));

  api::InstancesPost request;
  request.name = name;
  Json body = TRY(request_for(call, server, start, request));
  ChosenImage chosen;
  chosen.source.type = "none";
  if (call.args[0].branch != 0) {
    chosen = TRY(choose_image(call, call.args[0].remote, call.args[0].object().text, target.remote));
    if (call.flags.on("vm") && chosen.image.type == "container") return fail(Code::invalid, "Asked for a VM but image is of type container");
    if (!chosen.image.type.empty()) body["type"] = chosen.image.type;
  }
  auto operation = TRY(run_with_image(call, server, chosen, {"/1.0/instances", std::move(body), "Failed instance creation", "Retrieving image: {}"}));
  std::string made = operation ? created_name(*operation, "instances") : "";
  if (made.empty()) return fail(Code::internal, "Didn't get name of new instance from the server");
  if (name.empty()) std::println("Instance name is: {}", made);
  warn_without_network(call, server, made);
  if (start && call.flags.known("console") && !call.flags.text("console").empty()) {
    return show_console(call, server, made, call.flags.text("console"));
  }
  return {};
}

Result<> run_create(Call& call) { return create(call, false); }
Result<> run_launch(Call& call) { return create(call, true); }

#define CREATE_FLAGS                                                                                                  \
  {"config|c", FlagKind::list, "Configuration key/value of the new instance (repeatable)"},                           \
      {"description", FlagKind::text, "Description of the instance"},                                                 \
      {"device|d", FlagKind::list, "Key/value of one device, as device,key=value (repeatable)"},                      \
      {"empty", FlagKind::boolean, "Make an instance without an image"},                                              \
      {"environment-file", FlagKind::list, "File of environment variables, NAME=value per line (repeatable)"},        \
      {"ephemeral|e", FlagKind::boolean, "Delete the instance when it stops"},                                        \
      {"network|n", FlagKind::text, "Network to attach as eth0"},                                                     \
      {"no-profiles", FlagKind::boolean, "Apply no profile, not even the default one"},                               \
      {"profile|p", FlagKind::list, "Profile to apply (repeatable, in order)"},                                       \
      {"storage|s", FlagKind::text, "Storage pool for the root disk"},                                                \
      {"target", FlagKind::text, "Cluster member name"},                                                              \
      {"type|t", FlagKind::text, "Instance type, a set of limits such as t2.micro"},                                  \
      {"vm", FlagKind::boolean, "Make a virtual machine"}

constexpr Flag kCreateFlags[] = {CREATE_FLAGS};
constexpr Flag kLaunchFlags[] = {CREATE_FLAGS, {"console", FlagKind::text, "Attach to the console once it runs", "", "console"}};
constexpr std::string_view kUsage = "(--empty|[<remote>:]<image>) [<remote>:][<new instance name>]";

constexpr Command kCreate[] = {{.path = "create", .usage = kUsage, .summary = "Make an instance from an image", .run = run_create,
                                .flags = kCreateFlags, .aliases = "init",
                                .examples = "incus create images:debian/13 c1\nincus create images:debian/13 v1 --vm < settings.yaml"}};
constexpr Command kLaunch[] = {{.path = "launch", .usage = kUsage, .summary = "Make an instance from an image and start it", .run = run_launch,
                                .flags = kLaunchFlags,
                                .examples = "incus launch images:debian/13 c1\nincus launch images:debian/13 c2 -c limits.memory=1GiB"}};

}  // namespace

extern const CommandTable create_commands = kCreate;
extern const CommandTable launch_commands = kLaunch;

}  // namespace cli
