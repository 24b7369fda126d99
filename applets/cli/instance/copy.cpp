// `incus copy`: a new instance from another or from a snapshot.
#include "applets/cli/instance/copy.h"

#include <algorithm>

#include "applets/cli/input.h"

namespace cli {
namespace {

/// Keys of the source's own past: a copy keeps only which image it came from.
bool stays_with_source(const std::string& key) { return key.starts_with("volatile.") && key != "volatile.base_image"; }

const std::string* root_device(const api::DevicesMap& devices) {
  for (const auto& [name, device] : devices) {
    if (get_or(device, "type") == "disk" && get_or(device, "path") == "/" && get_or(device, "source").empty()) return &name;
  }
  return nullptr;
}

void apply_pool(api::DevicesMap& devices, const api::DevicesMap& overrides, const std::string& pool) {
  if (pool.empty()) return;
  const std::string* root = root_device(devices);
  for (auto& [name, device] : devices) {
    bool ours = (root && name == *root) || is_true(get_or(device, "dependent"));
    auto given = overrides.find(name);
    bool overridden = given != overrides.end() && given->second.contains("pool");
    if (get_or(device, "type") == "disk" && ours && !overridden) device["pool"] = pool;
  }
  if (!root) devices["root"] = {{"type", "disk"}, {"path", "/"}, {"pool", pool}};
}

Result<> apply_flags(Call& call, const CopyOrder& order, api::InstancePut& entry) {
  StringList profiles = call.flags.list("profile");
  if (!profiles.empty()) entry.profiles = profiles;
  else if (call.flags.on("no-profiles")) entry.profiles.clear();
  for (auto& [key, value] : TRY(parse_pairs(call.flags.list("config")))) entry.config[key] = value;
  api::DevicesMap overrides = TRY(parse_device_overrides(call.flags.list("device")));
  for (const auto& [name, device] : overrides) {
    if (get_or(device, "type") == "none") entry.devices[name] = {{"type", "none"}};
    else for (const auto& [key, value] : device) entry.devices[name][key] = value;
  }
  if (order.ephemeral) entry.ephemeral = *order.ephemeral;
  apply_pool(entry.devices, overrides, order.pool);
  entry.config.erase("volatile.last_state.power");
  if (!order.keep_volatile) std::erase_if(entry.config, [](const auto& item) { return stays_with_source(item.first); });
  return {};
}

/// A refreshed copy takes over the source's configuration, but keeps its own id map and pool.
Result<> update_refreshed(Call& call, client::Server& to, const CopyOrder& order, api::InstancePut entry) {
  auto reply = TRY_CTX(to.get(call.ctx, instance_url(order.target)), "Failed to refresh target instance '{}'", order.target);
  auto target = TRY(client::decode<api::Instance>(reply.metadata));
  entry.config["volatile.idmap.next"] = get_or(target.config, "volatile.idmap.next");
  const std::string *source_root = root_device(entry.devices), *target_root = root_device(target.devices);
  if (source_root && target_root && *source_root == *target_root) entry.devices[*source_root]["pool"] = get_or(target.devices[*target_root], "pool");
  TRY(run_and_wait(call, to, http::Method::put, instance_url(order.target), api::to_json(entry), reply.etag, "Refreshing instance: {}"));
  return {};
}

}  // namespace

Result<> copy_instance(Call& call, client::Server& from, client::Server& to, bool same_server, const CopyOrder& order) {
  if (!same_server) {
    return fail(Code::unsupported, "Copying instances between servers isn't available yet: export the instance, then import it on the other server");
  }
  std::string url = order.snapshot.empty() ? instance_url(order.source) : snapshot_url(order.source, order.snapshot);
  auto reply = TRY(from.get(call.ctx, url));
  api::InstancesPost request;
  static_cast<api::InstancePut&>(request) = TRY(client::decode<api::InstancePut>(reply.metadata));
  request.restore.clear();
  TRY(apply_flags(call, order, request));
  api::InstancePut writable = request;
  request.name = order.target;
  if (order.snapshot.empty()) request.type = reply.metadata.value("type", "container");
  request.source.type = "copy";
  request.source.source = order.snapshot.empty() ? order.source : order.source + "/" + order.snapshot;
  request.source.base_image = get_or(request.config, "volatile.base_image");
  request.source.project = from.project_name();
  request.source.instance_only = order.instance_only;
  request.source.live = order.live && reply.metadata.value("stateful", false);
  request.source.refresh = order.refresh;
  request.source.refresh_exclude_older = order.exclude_older;
  request.source.allow_inconsistent = order.allow_inconsistent;
  TRY(run_and_wait(call, to, http::Method::post, "/1.0/instances", api::to_json(request), "", "Transferring instance: {}"));
  if (order.refresh) TRY(update_refreshed(call, to, order, writable));
  return {};
}

namespace {

Result<> run_copy(Call& call) {
  const Arg &source = call.args[0], &target = call.args[1];
  if (call.flags.on("refresh") && call.flags.on("no-profiles")) return fail(Code::invalid, "--no-profiles cannot be used with --refresh");
  client::Server from = TRY(call.server(source)), to = TRY(call.server(target));
  bool same_server = source.remote == target.remote;
  CopyOrder order{.source = source.object().parts[0].text, .snapshot = source.object().parts[1].get(), .target = target.object().get()};
  if (order.target.empty()) {
    if (same_server && call.flags.text("target").empty()) return fail(Code::invalid, "You must specify a destination instance name");
    order.target = order.source;
  }
  if (!order.snapshot.empty() && call.flags.on("instance-only")) {
    return fail(Code::invalid, "--instance-only can't be passed when the source is a snapshot");
  }
  if (!order.snapshot.empty() && call.flags.on("refresh")) return fail(Code::invalid, "--refresh can only be used with instances");
  if (!call.flags.text("target").empty()) return fail(Code::invalid, "To use --target, the destination remote must be a cluster");
  if (std::string project = call.flags.text("target-project"); !project.empty()) to = to.project(project);
  order.pool = call.flags.text("storage");
  order.mode = call.flags.text("mode");
  order.refresh = order.keep_volatile = call.flags.on("refresh");
  order.exclude_older = call.flags.on("refresh-exclude-older");
  order.instance_only = call.flags.on("instance-only");
  order.live = !call.flags.on("stateless") && !order.refresh;
  order.allow_inconsistent = call.flags.on("allow-inconsistent");
  order.ephemeral = call.flags.on("ephemeral");
  return copy_instance(call, from, to, same_server, order);
}

constexpr Flag kFlags[] = {{"allow-inconsistent", FlagKind::boolean, "Ignore files that change while they are copied"},
                           {"config|c", FlagKind::list, "Configuration key/value of the copy (repeatable)"},
                           {"device|d", FlagKind::list, "Key/value of one device, as device,key=value (repeatable)"},
                           {"ephemeral|e", FlagKind::boolean, "Delete the copy when it stops"},
                           {"instance-only", FlagKind::boolean, "Leave the snapshots out"},
                           {"mode", FlagKind::text, "Transfer mode: pull, push or relay", "pull"},
                           {"no-profiles", FlagKind::boolean, "Apply no profile to the copy"},
                           {"profile|p", FlagKind::list, "Profile of the copy (repeatable, in order)"},
                           {"refresh", FlagKind::boolean, "Bring an existing copy up to date"},
                           {"refresh-exclude-older", FlagKind::boolean, "With --refresh, leave out snapshots older than the copy's newest"},
                           {"stateless", FlagKind::boolean, "Copy without the saved running state"},
                           {"storage|s", FlagKind::text, "Storage pool of the copy"},
                           {"target", FlagKind::text, "Cluster member name"},
                           {"target-project", FlagKind::text, "Project of the copy"}};
constexpr Command kCopy[] = {{.path = "copy", .usage = "[<remote>:]<instance>[/<snapshot>] [<remote>:][<new instance name>]",
                              .summary = "Copy instances or snapshots", .run = run_copy, .flags = kFlags, .aliases = "cp"}};

}  // namespace

extern const CommandTable copy_commands = kCopy;

}  // namespace cli
