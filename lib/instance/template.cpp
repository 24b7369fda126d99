#include "instance/template.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/architecture.h"
#include "base/write_all.h"
#include "imagefmt/template.h"
#include "instance/metadata.h"
#include "sys/beneath.h"

namespace instance {
namespace {

Json variables_of(const View& view, const std::string& trigger) {
  Json self = {{"name", view.row.name},
               {"type", db::name_of(view.row.type)},
               {"architecture", api::architecture_name(view.row.architecture)},
               {"ephemeral", view.row.ephemeral ? "true" : "false"},
               {"privileged", view.privileged() ? "true" : "false"}};
  Json config = Json::object(), devices = Json::object();
  for (const auto& [key, value] : view.config) config[key] = value;
  for (const auto& [name, device] : view.devices)
    for (const auto& [key, value] : device) devices[name][key] = value;
  return {{"trigger", trigger}, {"instance", self}, {"container", self}, {"config", config}, {"devices", devices}};
}

struct Owner {
  const sys::IdMap& map;
  std::pair<int64_t, int64_t> on_disk(int64_t uid, int64_t gid) const {
    if (map.empty()) return {uid, gid};
    sys::IdPair host = map.to_host(uid, gid);
    return {host.uid, host.gid};
  }
};

/// Missing folders on the way to `path`, owned by root inside.
Result<> make_parents(int root, const std::string& path, const Owner& owner) {
  auto [uid, gid] = owner.on_disk(0, 0);
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    std::string folder = path.substr(0, slash);
    auto exists = sys::open_beneath(root, folder, O_PATH | O_DIRECTORY, 0, sys::Symlinks::beneath);
    if (exists) continue;
    if (exists.error().code() != Code::not_found) return std::unexpected(exists.error());
    size_t last = folder.rfind('/');
    std::string parent = last == std::string::npos ? "." : folder.substr(0, last);
    UniqueFd at = TRY(sys::open_beneath(root, parent, O_RDONLY | O_DIRECTORY, 0, sys::Symlinks::beneath));
    std::string name = last == std::string::npos ? folder : folder.substr(last + 1);
    if (mkdirat(at.get(), name.c_str(), 0755) != 0) return fail_errno("Failed to create template directory");
    if (fchownat(at.get(), name.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid), AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno("Failed to set ownership on template directory");
  }
  return {};
}

Result<int64_t> number(const std::string& text, const char* what, const std::string& path, int base, int64_t fallback) {
  if (text.empty()) return fallback;
  auto value = parse_int(text, base);
  if (!value) return fail(Code::invalid, "Bad {} {} for {}", what, quote(text), quote(path));
  return *value;
}

/// The file to write into: an existing one is emptied and keeps owner and mode. An invalid descriptor: nothing to do.
Result<UniqueFd> open_target(int root, const std::string& path, const api::ImageMetadataTemplate& entry, const Owner& owner) {
  auto existing = sys::open_beneath(root, path, O_WRONLY | O_NONBLOCK, 0, sys::Symlinks::beneath);
  if (existing) {
    if (entry.create_only) return UniqueFd();
    if (ftruncate(existing->get(), 0) != 0) return fail_errno("Failed to create template file");
    return existing;
  }
  if (existing.error().code() != Code::not_found) return std::unexpected(std::move(existing).error().wrap("Failed to check template file"));
  int64_t uid = TRY(number(entry.uid, "file UID", path, 10, 0)), gid = TRY(number(entry.gid, "file GID", path, 10, 0));
  int64_t mode = TRY(number(entry.mode, "mode", path, 8, 0644));
  auto [disk_uid, disk_gid] = owner.on_disk(uid, gid);
  UniqueFd file = TRY(sys::open_beneath(root, path, O_WRONLY | O_CREAT | O_EXCL, 0600, sys::Symlinks::beneath));
  if (fchown(file.get(), static_cast<uid_t>(disk_uid), static_cast<gid_t>(disk_gid)) != 0) return fail_errno("Failed to set ownership on " + path);
  if (fchmod(file.get(), static_cast<mode_t>(mode) & 0777) != 0) return fail_errno("Failed to set the mode of " + path);
  return file;
}

Result<std::string> rendered_text(const std::string& text, const std::string& path, const api::ImageMetadataTemplate& entry, Json variables) {
  variables["path"] = path;
  Json properties = Json::object();
  for (const auto& [key, value] : entry.properties) properties[key] = value;
  variables["properties"] = properties;
  return TRY_CTX(imagefmt::render_template(text, variables), "Failed to render template");
}

Result<> write_text(int file, std::string_view text, const std::string& path) {
  return write_all(file, text) ? Result<>() : fail_errno("Failed writing " + path);
}

Result<> apply_one(int root, const std::string& volume, const std::string& path, const api::ImageMetadataTemplate& entry, const Json& variables,
                   const Owner& owner) {
  std::string relative = path.substr(std::min(path.find_first_not_of('/'), path.size()));
  std::string text = TRY(read_template(volume, entry.template_));
  TRY(make_parents(root, relative, owner));
  UniqueFd file = TRY(open_target(root, relative, entry, owner));
  if (!file) return {};
  return write_text(file.get(), TRY(rendered_text(text, path, entry, variables)), path);
}

}  // namespace

Result<> apply_templates(const Context& ctx, const InstancePtr& instance, const std::string& trigger, const sys::IdMap& map) {
  std::string volume = instance->mounted.path;
  api::ImageMetadata metadata = TRY(load_metadata(volume));
  bool any = std::ranges::any_of(metadata.templates, [&](const auto& item) { return contains(item.second.when, trigger); });
  if (!any) return {};
  ViewPtr view = instance->view();
  Json variables = variables_of(*view, trigger);
  UniqueFd root = TRY_CTX(sys::open_directory(volume + "/rootfs"), "Failed to open instance rootfs path");
  for (const auto& [path, entry] : metadata.templates) {
    TRY(ctx.check());
    if (contains(entry.when, trigger)) TRY_CTX(apply_one(root.get(), volume, path, entry, variables, Owner{map}), "Template {}", quote(path));
  }
  return {};
}

Result<> render_templates(const Context& ctx, const InstancePtr& instance, const std::string& trigger, int target) {
  std::string volume = instance->mounted.path;
  api::ImageMetadata metadata = TRY(load_metadata(volume));
  Json variables = variables_of(*instance->view(), trigger);
  for (const auto& [path, entry] : metadata.templates) {
    TRY(ctx.check());
    if (!contains(entry.when, trigger)) continue;
    std::string text = TRY_CTX(rendered_text(TRY(read_template(volume, entry.template_)), path, entry, variables), "Template {}", quote(path));
    UniqueFd file = TRY(sys::open_beneath(target, entry.template_ + ".out", O_WRONLY | O_CREAT | O_TRUNC, 0644));
    TRY(write_text(file.get(), text, path));
  }
  return {};
}

}  // namespace instance
