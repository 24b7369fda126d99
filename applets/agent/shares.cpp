#include <unistd.h>

#include <filesystem>

#include "api/json_member.h"
#include "applets/agent/files.h"
#include "base/log.h"
#include "core/share_tag.h"
#include "sys/mounts.h"

namespace agent {
namespace {

/// A device that was just plugged in takes a while to appear.
constexpr int kHotplugTries = 20;
constexpr milliseconds kHotplugPause{500};

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
    std::string type = api::member_text(item, "fstype");
    if (type != "9p" && type != "virtiofs") {
      log_info("Unsupported mount fstype", {{"fstype", type}});
      continue;
    }
    StringList options;
    if (const Json& given = api::member(item, "options"); given.is_array()) {
      for (const Json& option : given)
        if (option.is_string()) options.push_back(option.get<std::string>());
    }
    std::string source = api::member_text(item, "source");
    auto done = mount_share(source, api::member_text(item, "target"), type, options);
    if (!done) log_info("Failed to mount a shared folder", {{"source", source}, {"err", done.error().message()}});
  }
}

void follow_device_event(const Context& ctx, const std::string& metadata) {
  auto event = api::parse_json(metadata);
  if (!event) return;
  const Json& config = api::member(*event, "config");
  std::string action = api::member_text(*event, "action"), source = core::share_tag(api::member_text(*event, "name")), target = api::member_text(config, "path");
  if (api::member_text(config, "type") != "disk" || target.empty()) return;
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
