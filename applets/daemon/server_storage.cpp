#include "applets/daemon/server_storage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include "archive/copy_tree.h"
#include "archive/remove_tree.h"
#include "base/log.h"
#include "base/reverter.h"
#include "db/pools.h"
#include "db/volumes.h"
#include "instance/manager.h"
#include "storage/pool.h"

namespace incusd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKeys[] = {"storage.images_volume", "storage.backups_volume", "storage.logs_volume"};

struct VolumeName {
  std::string pool;
  storage::VolumeRef ref;
};

Result<VolumeName> parse_name(const std::string& value) {
  StringList parts = split(value, '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) return fail(Code::invalid, "Invalid syntax for volume, must be <pool>/<volume>");
  return VolumeName{parts[0], {.type = storage::VolumeType::custom, .project = "default", .name = parts[1]}};
}

/// Mounted volumes of this process, by the folder that is on them.
struct Holds {
  std::mutex mutex;
  std::map<std::string, storage::Mounted> mounted;
};
Holds& holds() {
  static Holds all;
  return all;
}

Result<std::string> mount_volume(const Context& ctx, Daemon& daemon, const std::string& folder, const VolumeName& name) {
  auto pool = TRY(daemon.pools->load(name.pool));
  auto mounted = TRY_CTX(pool->mount(ctx, name.ref), "Failed to mount storage volume {}", quote(name.pool + "/" + name.ref.name));
  std::string path = mounted.path;
  std::lock_guard guard(holds().mutex);
  holds().mounted[folder] = std::move(mounted);
  return path;
}

/// `folder` becomes a link to `target` without being missing for longer than between two renames; what it was is at `aside` afterwards.
Result<> put_link(const std::string& folder, const std::string& target, const std::string& aside) {
  std::string link = folder + ".link";
  unlink(link.c_str());
  if (symlink(target.c_str(), link.c_str()) != 0) return fail_errno("Failed to set up the link for " + folder);
  if (rename(folder.c_str(), aside.c_str()) != 0) return fail_errno("Failed to put aside " + folder);
  if (rename(link.c_str(), folder.c_str()) == 0) return {};
  Failure failure = fail_errno("Failed to set up the link for " + folder);
  (void)rename(aside.c_str(), folder.c_str());
  return failure;
}

/// Empties a volume that is no longer used; a failure leaves rubbish, no harm.
void empty_volume(const Context& ctx, const std::string& path) {
  std::error_code ignored;
  for (const auto& item : fs::directory_iterator(path, ignored)) {
    if (auto removed = archive::remove_tree(ctx, item.path()); !removed) log_warn("Failed to empty a volume", {{"path", path}, {"err", removed.error().message()}});
  }
}

Result<> move_back(const Context& ctx, const std::string& folder, const std::string& from) {
  std::string fresh = folder + ".moving";
  TRY(archive::remove_tree(ctx, fresh));
  Reverter undo;
  undo.add("remove " + fresh, [&](const Context& context) { return archive::remove_tree(context, fresh); });
  TRY_CTX(archive::copy_tree(ctx, from, fresh), "Failed to move data over to directory {}", quote(folder));
  if (unlink(folder.c_str()) != 0) return fail_errno("Failed to delete the link " + folder);
  if (rename(fresh.c_str(), folder.c_str()) != 0) return fail_errno("Failed to create directory " + folder);
  undo.commit();
  empty_volume(ctx, from);
  std::lock_guard guard(holds().mutex);
  holds().mounted.erase(folder);
  return {};
}

Result<> check_no_instance_runs(Daemon& daemon) {
  for (const auto& instance : daemon.instances->list())
    if (instance->running()) return fail(Code::invalid, "`storage.logs_volume` cannot be changed if there are running instances");
  return {};
}

}  // namespace

std::string folder_of_key(const Daemon& daemon, const std::string& key) {
  if (key == kKeys[0]) return daemon.paths.in_var("images");
  if (key == kKeys[1]) return daemon.paths.in_var("backups");
  return key == kKeys[2] ? daemon.paths.log : "";
}

Result<> check_own_volume(const Context& ctx, Daemon& daemon, const std::string& key, const std::string& value) {
  if (key == kKeys[2]) TRY(check_no_instance_runs(daemon));
  if (value.empty()) return {};
  VolumeName name = TRY(parse_name(value));
  TRY(daemon.global->read([&](db::Tx& tx) -> Result<> {
    int64_t pool = TRY_CTX(db::pools::id_of(tx, name.pool), "Unable to load storage pool {}", quote(name.pool));
    auto row = TRY_CTX(db::volumes::load(tx, pool, name.ref.project, db::VolumeType::custom, name.ref.name), "Failed loading storage volume {} in \"default\" project", quote(value));
    if (row.content_type != db::ContentType::filesystem) return fail(Code::invalid, "Storage volume {} in \"default\" project is not filesystem content type", quote(value));
    if (!TRY(db::volumes::load_snapshots(tx, row.id)).empty()) return fail(Code::invalid, "Storage volumes for use by Incus itself cannot have snapshots");
    return {};
  }));
  auto pool = TRY(daemon.pools->load(name.pool));
  auto mounted = TRY(pool->mount(ctx, name.ref));
  std::error_code error;
  for (const auto& item : fs::directory_iterator(mounted.path, error))
    if (item.path().filename() != "lost+found") return fail(Code::invalid, "Storage volume {} isn't empty", quote(value));
  if (error) return fail_errno("Failed to list " + mounted.path, error.value());
  return {};
}

Result<> move_own_folder(const Context& ctx, Daemon& daemon, const std::string& key, const std::string& value) {
  std::string folder = folder_of_key(daemon, key);
  std::error_code error;
  std::string current = fs::read_symlink(folder, error);  // empty: a plain folder
  if (value.empty()) return current.empty() ? Result<>() : move_back(ctx, folder, current);
  std::string target = TRY(mount_volume(ctx, daemon, folder, TRY(parse_name(value))));
  if (current == target) return {};
  TRY_CTX(archive::copy_tree(ctx, current.empty() ? folder : current, target), "Failed to move data over to {}", quote(value));
  std::string aside = folder + ".moved";
  TRY(archive::remove_tree(ctx, aside));
  TRY(put_link(folder, target, aside));
  if (!current.empty()) empty_volume(ctx, current);
  // What stays behind costs space only, and goes before the next move.
  if (auto removed = archive::remove_tree(ctx, aside); !removed) log_warn("Failed to remove what was moved", {{"path", aside}, {"err", removed.error().message()}});
  return {};
}

void mount_own_volumes(const Context& ctx, Daemon& daemon) {
  auto config = daemon.config.get();
  for (const char* key : kKeys) {
    std::string value = get_or(*config, key), folder = folder_of_key(daemon, key);
    if (value.empty()) continue;
    auto name = parse_name(value);
    auto target = name ? mount_volume(ctx, daemon, folder, *name) : Result<std::string>(Failure(name.error()));
    std::error_code error;
    Result<> linked;
    if (target && fs::read_symlink(folder, error) != *target) linked = put_link(folder, *target, folder + ".moved");
    if (!target) linked = Failure(target.error());
    if (!linked) log_error("Cannot use the volume for the daemon's folder", {{"key", key}, {"volume", value}, {"err", linked.error().message()}});
  }
}

}  // namespace incusd
