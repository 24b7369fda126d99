// `incus config device` and `incus profile device`: the devices of instances and profiles.
#include <print>

#include "api/types/instance.h"
#include "api/types/profile.h"
#include "api/yaml.h"
#include "applets/cli/input.h"
#include "applets/cli/nouns/config.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/wait.h"

namespace cli {

namespace {

constexpr Noun kInstance = {.what = "instance", .title = "Instance", .collection = "/1.0/instances", .wire = kWire<api::Instance, api::InstancePut>, .edit_help = ""};
constexpr Noun kProfile = {.what = "profile", .title = "Profile", .collection = "/1.0/profiles", .wire = kWire<api::Profile, api::ProfilePut>, .edit_help = ""};

bool of_profile(const Call& call) { return call.command.data == &kProfile; }

/// The instance or profile of the first argument, with its devices.
struct Owner {
  client::Server server;
  std::string path, name, etag;
  Json object;  ///< as the server sent it

  const Json* own(const std::string& device) const { return find("devices", device); }
  /// From a profile, for an instance.
  const Json* inherited(const std::string& device) const { return find("expanded_devices", device); }

 private:
  const Json* find(const char* member, const std::string& device) const {
    auto devices = object.find(member);
    if (devices == object.end() || !devices->is_object() || !devices->contains(device)) return nullptr;
    return &(*devices)[device];
  }
};

Result<Owner> owner_of(Call& call) {
  Owner owner{.server = TRY(call.server(call.args[0])), .name = call.args[0].object().text};
  owner.path = std::format("{}/{}", noun_of(call).collection, url_escape(owner.name));
  client::Reply reply = TRY(owner.server.get(call.ctx, owner.path));
  owner.object = std::move(reply.metadata);
  owner.etag = reply.etag;
  return owner;
}

Result<> save(Call& call, Owner& owner, const std::function<void(Json& devices)>& change) {
  Json writable = TRY(noun_of(call).wire.to_writable(owner.object));
  change(writable["devices"]);
  TRY(run_request(call, owner.server, http::Method::put, owner.path, api::dump_json(writable), owner.etag));
  return {};
}

Result<> add(Call& call) {
  StringMap pairs = TRY(read_pairs(call.args[3]));
  const std::string& name = call.args[1].text;
  pairs["type"] = call.args[2].text;
  Owner owner = TRY(owner_of(call));
  if (owner.own(name)) return fail(Code::conflict, "The device already exists");
  TRY(save(call, owner, [&](Json& devices) { devices[name] = pairs; }));
  call.say(std::format("Device {} added to {}", name, owner.name));
  return {};
}

/// A device that may be read or changed here. `what`: why not, if it comes from a profile.
Result<Json> own_device(const Call& call, const Owner& owner, const std::string& name, std::string_view what) {
  if (const Json* device = owner.own(name)) return *device;
  if (of_profile(call) || !owner.inherited(name)) return fail(Code::not_found, "Device doesn't exist");
  return fail(Code::invalid, "Device from profile(s) cannot be {}", what);
}

Result<> get(Call& call) {
  Owner owner = TRY(owner_of(call));
  Json device = TRY(own_device(call, owner, call.args[1].text, "retrieved for individual instance"));
  std::println("{}", member_text(device, call.args[2].text.c_str()));
  return {};
}

Result<> list(Call& call) {
  Owner owner = TRY(owner_of(call));
  StringList names;
  for (const auto& [name, device] : owner.object["devices"].items()) names.push_back(name);
  std::println("{}", join(names, "\n"));
  return {};
}

Result<> override_device(Call& call) {
  const std::string& name = call.args[1].text;
  Owner owner = TRY(owner_of(call));
  if (owner.own(name)) return fail(Code::conflict, "The device already exists");
  const Json* inherited = owner.inherited(name);
  if (!inherited) return fail(Code::not_found, "The profile device doesn't exist");
  Json device = *inherited;
  for (const auto& [key, value] : TRY(read_pairs(call.args[2]))) device[key] = value;
  TRY(save(call, owner, [&](Json& devices) { devices[name] = device; }));
  call.say(std::format("Device {} overridden for {}", name, owner.name));
  return {};
}

Result<> remove(Call& call) {
  Owner owner = TRY(owner_of(call));
  StringList names = call.args[1].texts();
  StringList problems;
  for (const std::string& name : names) {
    if (owner.own(name)) continue;
    if (of_profile(call) || !owner.inherited(name)) problems.push_back(std::format("Device “{}” doesn't exist", name));
    if (!of_profile(call)) problems.push_back(std::format("Device from profile(s) cannot be removed from individual instance. Override device “{}” or modify profile instead", name));
  }
  if (!problems.empty()) return fail(Code::invalid, "{}", join(problems, "\n"));
  TRY(save(call, owner, [&](Json& devices) {
    for (const std::string& name : names) devices.erase(name);
  }));
  call.say(std::format("Device {} removed from {}", join(names, ", "), owner.name));
  return {};
}

Result<> change(Call& call, const StringMap& pairs) {
  const std::string& name = call.args[1].text;
  Owner owner = TRY(owner_of(call));
  Json device = TRY(own_device(call, owner, name, "modified for individual instance. Override device or modify profile instead"));
  for (const auto& [key, value] : pairs) device[key] = value;
  return save(call, owner, [&](Json& devices) { devices[name] = device; });
}

Result<> set(Call& call) { return change(call, TRY(read_pairs(call.args[2]))); }

Result<> unset(Call& call) {
  StringMap pairs;
  for (const std::string& key : call.args[2].texts()) pairs[key] = "";
  return change(call, pairs);
}

Result<> show(Call& call) {
  Owner owner = TRY(owner_of(call));
  std::print("{}", api::dump_yaml(owner.object["devices"]));
  return {};
}

constexpr std::string_view kDiskExample =
    "incus config device add c1 share disk source=/srv/share path=/mnt\n    Show the host's /srv/share as /mnt in instance c1.\n\n"
    "incus config device add c1 data disk pool=p1 source=v1 path=/data\n    Show volume v1 of pool p1 as /data.";

constexpr Command kCommands[] = {
    {.path = "config device", .summary = "Manage the devices of instances", .options = kGroup},
    {.path = "config device add", .usage = "[<remote>:]<instance> <new device name> <type> [<key>=<value>...]", .summary = "Add a device to an instance", .run = add, .aliases = "create", .examples = kDiskExample, .data = &kInstance},
    {.path = "config device get", .usage = "[<remote>:]<instance> <device> <key>", .summary = "Print the value of a key", .run = get, .data = &kInstance},
    {.path = "config device list", .usage = "[<remote>:]<instance>", .summary = "List the names of an instance's devices", .run = list, .aliases = "ls", .data = &kInstance},
    {.path = "config device override", .usage = "[<remote>:]<instance> <device> [<key>=<value>...]", .summary = "Copy a device of a profile into the instance and change it there", .run = override_device, .data = &kInstance},
    {.path = "config device remove", .usage = "[<remote>:]<instance> <device>...", .summary = "Remove devices from an instance", .run = remove, .aliases = "delete,rm", .data = &kInstance},
    {.path = "config device set", .usage = "[<remote>:]<instance> <device> <key>=<value>...", .summary = "Set keys of a device", .run = set, .data = &kInstance},
    {.path = "config device show", .usage = "[<remote>:]<instance>", .summary = "Show the devices of an instance", .run = show, .data = &kInstance},
    {.path = "config device unset", .usage = "[<remote>:]<instance> <device> <key>...", .summary = "Unset keys of a device", .run = unset, .data = &kInstance},
    {.path = "profile device", .summary = "Manage the devices of profiles", .options = kGroup},
    {.path = "profile device add", .usage = "[<remote>:]<profile> <new device name> <type> [<key>=<value>...]", .summary = "Add a device to a profile", .run = add, .aliases = "create", .data = &kProfile},
    {.path = "profile device get", .usage = "[<remote>:]<profile> <device> <key>", .summary = "Print the value of a key", .run = get, .data = &kProfile},
    {.path = "profile device list", .usage = "[<remote>:]<profile>", .summary = "List the names of a profile's devices", .run = list, .aliases = "ls", .data = &kProfile},
    {.path = "profile device remove", .usage = "[<remote>:]<profile> <device>...", .summary = "Remove devices from a profile", .run = remove, .aliases = "delete,rm", .data = &kProfile},
    {.path = "profile device set", .usage = "[<remote>:]<profile> <device> <key>=<value>...", .summary = "Set keys of a device", .run = set, .data = &kProfile},
    {.path = "profile device show", .usage = "[<remote>:]<profile>", .summary = "Show the devices of a profile", .run = show, .data = &kProfile},
    {.path = "profile device unset", .usage = "[<remote>:]<profile> <device> <key>...", .summary = "Unset keys of a device", .run = unset, .data = &kProfile},
};

}  // namespace

extern const CommandTable config_device_commands = kCommands;

}  // namespace cli
