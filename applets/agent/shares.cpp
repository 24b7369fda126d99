#include <unistd.h>

#include <filesystem>

#include "api/json.h"
#include "applets/agent/files.h"
#include "base/log.h"
#include "sys/mounts.h"

namespace agent {
namespace {

/// A device that was just plugged in takes a while to appear.
constexpr int kHotplugTries = 20;
constexpr milliseconds kHotplugPause{500};

std::string text(const Json& json, const char* name) {
  auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// What is mounted there already stays.
Result<> mount_share(const std::string& source, std::string target, const std::string& type, const StringList& options) {
  if (!target.starts_with('/')) target.insert(0, "/");
  std::error_code error;
  if (access(target.c_str(), F_OK) != 0 && !std::filesystem::create_directories(target, error)) return fail(Code::internal, "Failed to create mount target {}", quote(target));
  if (sys::is_mount_point(target)) return {};
  return sys::mount_path(source, target, type, options);
}

void unmount_share(const std::string& source) {
  for (const auto& mount : sys::mount_table()) {
    if (mount.source == source && mount.type == "virtiofs") (void)sys::unmount(mount.target);  // in use: it goes with its last user
  }
}

}  // namespace

void mount_shares(const std::string& file) {
  if (access(file.c_str(), F_OK) != 0) return;
  auto list = api::parse_json(read_file(file).value_or(""));
  if (!list || !list->is_array()) return log_error("Failed to parse agent mounts file", {{"path", file}});
  for (const Json& item : *list) {
    if (!item.is_object()) continue;
    std::string type = text(item, "fstype");
    if (type != "9p" && type != "virtiofs") {
      log_info("Unsupported mount fstype", {{"fstype", type}});
      continue;
    }
    StringList options;
    if (auto found = item.find("options"); found != item.end() && found->is_array()) {
      for (const Json& option : *found)
        if (option.is_string()) options.push_back(option.get<std::string>());
    }
    auto done = mount_share(text(item, "source"), text(item, "target"), type, options);
    if (!done) log_info("Failed to mount a shared folder", {{"source", text(item, "source")}, {"err", done.error().message()}});
  }
}

void follow_device_event(const Context& ctx, const std::string& metadata) {
  auto event = api::parse_json(metadata);
  if (!event || !event->is_object() || !event->contains("config") || !(*event)["config"].is_object()) return;
  const Json& config = (*event)["config"];
  std::string action = text(*event, "action"), source = "incus_" + text(*event, "name"), target = text(config, "path");
  if (text(config, "type") != "disk" || target.empty()) return;
  if (action == "removed") return unmount_share(source);
  if (action != "added") return;
  Result<> done;
  for (int left = kHotplugTries; left > 0; left--) {
    if (!ctx.sleep(kHotplugPause)) return;
    done = mount_share(source, target, "virtiofs", {});
    if (done) return;
  }
  log_info("Failed to mount a plugged folder", {{"source", source}, {"err", done.error().message()}});
}

}  // namespace agent
