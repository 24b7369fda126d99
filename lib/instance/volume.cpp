#include "instance/volume.h"

#include "base/log.h"
#include "base/units.h"
#include "instance/driver.h"
#include "storage/consistency.h"

#include <unistd.h>

#include <filesystem>

namespace instance {
namespace {

Result<> make_link(const std::string& target, const std::string& link) {
  std::error_code error;
  if (std::filesystem::read_symlink(link, error) == target && !error) return {};
  std::filesystem::create_directories(std::filesystem::path(link).parent_path(), error);
  std::filesystem::remove(link, error);
  if (symlink(target.c_str(), link.c_str()) != 0) return fail_errno("Failed linking " + link);
  return {};
}

std::string links_of(const Services& services, Type type, const char* kind) { return services.paths.in_var(std::string(volumes_folder(type))) + kind; }

}  // namespace

Result<std::shared_ptr<storage::Pool>> pool_of(Services& services, const View& view) {
  RootDisk root = TRY_CTX(root_disk(view.devices), "Failed getting root disk");
  return TRY_CTX(services.pools.load(root.pool), "Failed loading storage pool");
}

storage::VolumeRef volume_of(const View& view) {
  auto type = view.type() == Type::container ? storage::VolumeType::container : storage::VolumeType::virtual_machine;
  return {.type = type, .project = view.row.project, .name = view.row.name};
}

storage::VolumeRef snapshot_volume_of(const View& view, const std::string& snapshot) {
  storage::VolumeRef ref = volume_of(view);
  ref.name += "/" + snapshot;
  return ref;
}

StringMap new_volume_config(const View& view, const RootDisk& root) {
  StringMap out;
  for (const auto& [key, value] : root.config)
    if (key.starts_with("initial.")) out[key.substr(8)] = value;
  if (std::string size = get_or(root.config, "size"); !size.empty() && view.type() == Type::virtual_machine) out["size"] = size;
  return out;
}

Result<> apply_size(const Context& ctx, storage::Pool& pool, const View& view) {
  std::string size = get_or(TRY(root_disk(view.devices)).config, "size");
  if (size.empty()) return {};
  return pool.set_quota(ctx, volume_of(view), parse_byte_size(size).value_or(0));
}

Result<storage::Mounted> mount_volume(const Context& ctx, const InstancePtr& instance) {
  ViewPtr view = instance->view();
  auto pool = TRY(pool_of(instance->services(), *view));
  return pool->mount(ctx, volume_of(*view));
}

Result<std::shared_ptr<void>> hold_still(const Context& ctx, const InstancePtr& instance, storage::Pool& pool) {
  if (instance->status() != Status::running || storage::copies_one_moment(pool)) return nullptr;
  auto runtime = instance->runtime();
  TRY_CTX(runtime->freeze(ctx), "Failed to freeze the instance while it is copied");
  instance->status_changed();
  return std::shared_ptr<void>(runtime.get(), [instance, runtime](void*) {
    auto thawed = runtime->unfreeze(Context::detached(seconds(30)));
    if (!thawed) log_error("Failed to unfreeze instance", {{"instance", instance->full_name()}, {"error", thawed.error().message()}});
    instance->status_changed();
  });
}

Result<> link_volume(const InstancePtr& instance) {
  ViewPtr view = instance->view();
  auto pool = TRY(pool_of(instance->services(), *view));
  TRY(make_link(pool->path(volume_of(*view)), instance->path()));
  if (view->snapshots.empty()) return {};
  std::string snapshots = std::filesystem::path(pool->path(snapshot_volume_of(*view, "x"))).parent_path();
  return make_link(snapshots, links_of(instance->services(), view->type(), "-snapshots/") + instance->full_name());
}

void unlink_volume(const Services& services, Type type, const std::string& full_name) {
  for (const char* kind : {"/", "-snapshots/"}) unlink((links_of(services, type, kind) + full_name).c_str());
}

}  // namespace instance
