// Opening what disks are made of without being led elsewhere.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "db/projects.h"
#include "device/disk_volume.h"
#include "sys/beneath.h"
#include "sys/idmap.h"

namespace device {
namespace {

struct Initial {
  int64_t uid, gid;
  mode_t mode;
};

Result<Initial> initial_of(Host& host, const StringMap& config, const db::volumes::Row& volume) {
  auto number = [&](const std::string& key, int base, int64_t fallback) -> Result<int64_t> {
    std::string text = get_or(config, key);
    if (text.empty()) return fallback;
    auto value = parse_int(text, base);
    if (!value) return fail(Code::invalid, "Invalid {} value {}", quote(key), quote(text));
    return *value;
  };
  Initial out{TRY(number("initial.uid", 10, 0)), TRY(number("initial.gid", 10, 0)), static_cast<mode_t>(TRY(number("initial.mode", 8, 0711)) & 0777)};
  if (is_true(get_or(volume.config, "security.shifted")) || host.privileged()) return out;
  out.uid = host.host_uid(out.uid);
  out.gid = host.host_gid(out.gid);
  return out;
}

Result<> make_folder(int root, const std::string& path, const Initial& initial) {
  auto [parent, name] = TRY(sys::open_parent_beneath(root, path));
  if (mkdirat(parent.get(), name.c_str(), initial.mode) != 0)
    return errno == EEXIST ? Result<>() : fail_errno("Failed creating volume sub-path component " + path);
  UniqueFd made(openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made || fchown(made.get(), static_cast<uid_t>(initial.uid), static_cast<gid_t>(initial.gid)) != 0 || fchmod(made.get(), initial.mode) != 0)
    return fail_errno("Failed setting ownership on volume sub-path component " + path);
  return {};
}

/// The allowed folder `path` is in, if the project restricts them. Errors: invalid where it is in none.
Result<std::optional<std::string>> restricted_parent(Services& services, const std::string& project, const std::string& path) {
  if (project == "default") return std::nullopt;
  auto row = TRY(services.global.read([&](db::Tx& tx) { return db::projects::load(tx, project); }));
  std::string paths = get_or(row.config, "restricted.devices.disk.paths");
  if (!is_true(get_or(row.config, "restricted")) || paths.empty()) return std::nullopt;
  for (const std::string& allowed : split_list(paths)) {
    std::string prefix = allowed.ends_with('/') ? allowed : allowed + "/";
    if (path == allowed || path.starts_with(prefix)) return allowed;
  }
  return fail(Code::invalid, "Disk source path {} not allowed by project", quote(path));
}

}  // namespace

Result<UniqueFd> open_sub_path(Host& host, const StringMap& config, const db::volumes::Row& volume, const std::string& root, const std::string& path) {
  UniqueFd folder = TRY(sys::open_directory(root));
  auto outside = [&](const Error& error) -> Failure {
    if (error.sys_errno() == EXDEV) return fail(Code::invalid, "Volume sub-path {} resolves outside of the volume", quote(path));
    return std::unexpected(Error(error).wrap(std::format("Failed opening volume sub-path {}", quote(path))));
  };
  auto inner = sys::open_beneath(folder.get(), path, O_PATH, 0, sys::Symlinks::beneath);
  if (inner) return inner;
  if (inner.error().code() != Code::not_found) return outside(inner.error());
  Initial initial = TRY(initial_of(host, config, volume));
  std::string current;
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return fail(Code::invalid, "Volume sub-path {} must not contain \"..\" components", quote(path));
    current += (current.empty() ? "" : "/") + part;
    if (sys::open_beneath(folder.get(), current, O_PATH, 0, sys::Symlinks::beneath)) continue;
    TRY(make_folder(folder.get(), current, initial));
  }
  inner = sys::open_beneath(folder.get(), path, O_PATH, 0, sys::Symlinks::beneath);
  if (!inner) return outside(inner.error());
  return inner;
}

Result<UniqueFd> open_host_path(Services& services, Host& host, const StringMap& config, const std::string& path) {
  auto parent = TRY(restricted_parent(services, host.project(), path));
  if (!parent) return UniqueFd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (is_true(get_or(config, "shift"))) return fail(Code::invalid, "The \"shift\" property cannot be used with a restricted source path");
  UniqueFd folder = TRY_CTX(sys::open_directory(*parent), "Failed opening allowed parent source path {}", quote(*parent));
  std::string relative = std::filesystem::path(path).lexically_relative(*parent);
  auto opened = sys::open_beneath(folder.get(), relative, O_PATH, 0, sys::Symlinks::beneath);
  if (opened) return opened;
  if (opened.error().code() == Code::not_found) return UniqueFd();
  if (opened.error().sys_errno() == EXDEV)
    return fail(Code::invalid, "Source path {} resolves outside of restricted parent source path {}", quote(path), quote(*parent));
  return std::unexpected(std::move(opened).error().wrap(std::format("Failed opening restricted source path {}", quote(path))));
}

}  // namespace device
