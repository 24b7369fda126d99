// Attaching custom volumes to instances and profiles.
#include <optional>

#include "api/types/instance.h"
#include "api/types/profile.h"
#include "applets/cli/nouns/volume.h"
#include "applets/cli/verbs/columns.h"

namespace cli {

namespace {

/// Where the volume appears: device name and path inside.
struct Place {
  std::string device, path;
};

Place place_of(const Call& call) {
  const Arg& arg = call.args[3];
  if (arg.skipped) return {call.args[1].text, ""};
  return {arg.parts[0].text, arg.parts[1].get()};
}

template <class Put>
Result<> add_device(Call& call, client::Server& server, const std::string& path, const std::string& name, const Json& device) {
  return change_devices<Put>(call, server, path, [&](Json& devices) -> Result<> {
    if (devices.contains(name)) return fail(Code::conflict, "Device already exists: {}", name);
    devices[name] = device;
    return {};
  });
}

/// The device to remove: the named one after a check, or the only one that shows the volume.
Result<std::string> matching_device(const Json& devices, const Volume& volume, const Arg& wanted) {
  std::optional<std::string> found;
  for (const auto& [name, device] : devices.items()) {
    std::string type = member_text(device, "type"), pool = member_text(device, "pool"), source = member_text(device, "source");
    if (!wanted.skipped) {
      if (name != wanted.text) continue;
      if (type != "disk") return fail(Code::invalid, "The specified device is not a disk ({} device)", type);
      if (pool != volume.pool) return fail(Code::invalid, "The specified disk is not in the given pool (found {})", pool);
      if (source != volume.name) return fail(Code::invalid, "The specified disk does not point to the given storage volume (found {})", source);
      return name;
    }
    if (type != "disk" || pool != volume.pool || source != volume.name) continue;
    if (found) return fail(Code::invalid, "More than one device matches, specify the device name");
    found = name;
  }
  if (!found) return fail(Code::not_found, "No device found for this storage volume");
  return *found;
}

template <class Put>
Result<> detach(Call& call, const std::string& collection) {
  Volume volume = TRY(volume_of(call));
  return change_devices<Put>(call, volume.server, collection + url_escape(call.args[2].text), [&](Json& devices) -> Result<> {
    devices.erase(TRY(matching_device(devices, volume, call.args[3])));
    return {};
  });
}

/// Makes the volume unless it exists. True if it was made: block content for a virtual machine that gets no path.
Result<bool> make_missing(Call& call, Volume& volume, const std::string& instance, const std::string& path) {
  auto there = volume.server.get(call.ctx, volume.path());
  if (there) return false;
  if (there.error().code() != Code::not_found) return std::unexpected(there.error());
  std::string content = "filesystem";
  if (path.empty()) {
    Json owner = TRY(volume.server.get(call.ctx, "/1.0/instances/" + url_escape(instance))).metadata;
    if (member_text(owner, "type") == "virtual-machine") content = "block";
  }
  TRY(run_request(call, volume.server, http::Method::post, volume.collection(), api::dump_json({{"name", volume.name}, {"type", "custom"}, {"content_type", content}})));
  return true;
}

}  // namespace

Result<> volume_attach(Call& call) {
  Volume volume = TRY(volume_of(call));
  Place place = place_of(call);
  const std::string& instance = call.args[2].text;
  bool made = call.flags.on("create") && TRY(make_missing(call, volume, instance, place.path));
  Json device = {{"type", "disk"}, {"pool", volume.pool}, {"source", volume.name}, {"path", place.path}};
  Result<> added = add_device<api::InstancePut>(call, volume.server, "/1.0/instances/" + url_escape(instance), place.device, device);
  if (!added && made) (void)run_request(call, volume.server, http::Method::delete_, volume.path());  // the first error is the one to show
  return added;
}

Result<> volume_attach_profile(Call& call) {
  Volume volume = TRY(volume_of(call));
  Place place = place_of(call);
  Json found = TRY(volume.server.get(call.ctx, volume.path())).metadata;
  Json device = {{"type", "disk"}, {"pool", volume.pool}, {"source", volume.name}};
  if (member_text(found, "content_type") != "block") device["path"] = place.path;
  return add_device<api::ProfilePut>(call, volume.server, "/1.0/profiles/" + url_escape(call.args[2].text), place.device, device);
}

Result<> volume_detach(Call& call) { return detach<api::InstancePut>(call, "/1.0/instances/"); }
Result<> volume_detach_profile(Call& call) { return detach<api::ProfilePut>(call, "/1.0/profiles/"); }

}  // namespace cli
