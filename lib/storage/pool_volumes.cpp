// PoolImpl: making, copying, renaming and deleting volumes.
#include <unistd.h>

#include <algorithm>

#include "archive/copy_tree.h"
#include "base/reverter.h"
#include "core/gate.h"
#include "base/units.h"
#include "storage/disk_file.h"
#include "storage/keys.h"
#include "storage/pool_impl.h"
#include "storage/refresh.h"

namespace storage {

Result<> PoolImpl::create_with(const Context& ctx, const VolumeRef& ref, const StringMap& config, const std::string& description,
                               const std::function<Result<>(const Volume&)>& make) {
  Volume volume = volume_of(ref);
  auto held = TRY(lock(ctx, volume));
  volume.config = TRY(prepare_config(ref, config, true));
  db::volumes::Row row = new_row(ref, volume.config, description, Timestamp::now());
  auto id = services_.global.write([&](db::Tx& tx) -> Result<int64_t> {
    if (ref.type == VolumeType::custom)
      TRY(core::gate::check_volume(tx, {.project = ref.project, .pool = name(), .name = ref.name, .config = volume.config, .is_new = true}));
    return db::volumes::create(tx, row);
  });
  if (!id && id.error().code() == Code::conflict) return fail(Code::conflict, "Volume by that name already exists");
  if (!id) return Failure(id.error());
  Reverter undo;
  undo.add("delete volume row", [&](const Context&) { return services_.global.write([&](db::Tx& tx) { return db::volumes::remove(tx, *id); }); });
  TRY(make(volume));
  undo.add("delete volume", [&](const Context& fresh) { return driver_->volumes().remove(fresh, volume); });
  TRY(link(volume));
  undo.commit();
  return {};
}

int64_t PoolImpl::take_disk_size(const VolumeRef& ref, StringMap& config) const {
  if (ref.type != VolumeType::virtual_machine) return 0;
  std::string wanted = get_or(config, "size");
  config.erase("size");
  return round_disk(parse_byte_size(wanted.empty() ? get_or(config_, "volume.size") : wanted).value_or(0));
}

Result<int64_t> PoolImpl::fill_from_image(const Context& ctx, const Volume& volume, const ImageCache::Want& want, const Progress& progress) {
  VolumeOps& volumes = driver_->volumes();
  auto disk_in = [&](const std::string& folder) { return volume.has_disk() ? disk_size(folder + "/" + disk_name(volume.content)).value_or(0) : 0; };
  if (!volumes.shares_blocks() && images_->first(want.fingerprint)) {
    Volume bare = volume;
    bare.content = ContentType::filesystem;  // its disk, if any, comes out of the image
    TRY(volumes.create(ctx, bare));
    Reverter undo;
    undo.add("remove half-unpacked volume", [&](const Context& fresh) { return volumes.remove(fresh, bare); });
    std::string folder = pool_path(services_.paths, name_) + "/" + relative_path(volume);
    TRY_CTX(images_->fill(ctx, want, folder, progress), "Failed to unpack image {}", want.fingerprint);
    undo.commit();
    images_->want_soon(want);
    unpacker_->later();
    return disk_in(folder);
  }
  Mounted image = TRY_CTX(images_->use(ctx, want, progress), "Failed to unpack image {}", want.fingerprint);
  int64_t needed = disk_in(image.path);
  if (want.most_bytes > 0 && needed > want.most_bytes) return fail(Code::invalid, "Source image size ({}) exceeds specified volume size ({})", needed, want.most_bytes);
  TRY(volumes.copy(ctx, volume, image.path, nullptr));
  return needed;
}

Result<> PoolImpl::create_from_image(const Context& ctx, const VolumeRef& ref, const StringMap& config, const std::string& fingerprint, const Progress& progress) {
  StringMap own = config;
  int64_t wanted = take_disk_size(ref, own);
  return create_with(ctx, ref, own, "", [&](const Volume& volume) -> Result<> {
    return with_space([&]() -> Result<> {
      ImageCache::Want want{.fingerprint = fingerprint, .content = volume.content, .most_bytes = wanted};
      int64_t needed = TRY(fill_from_image(ctx, volume, want, progress));
      return volume.has_disk() ? driver_->volumes().resize(ctx, volume, wanted > 0 ? wanted : std::max(needed, kDefaultDisk)) : Result<>();
    });
  });
}

Result<> PoolImpl::create_empty(const Context& ctx, const VolumeRef& ref, const StringMap& config, const std::string& description) {
  StringMap own = config;
  int64_t wanted = take_disk_size(ref, own);
  return create_with(ctx, ref, own, description, [&](Volume volume) {
    if (ref.type == VolumeType::virtual_machine) volume.config["size"] = std::to_string(wanted > 0 ? wanted : kDefaultDisk);
    return driver_->volumes().create(ctx, volume);
  });
}

Result<> PoolImpl::create_filled(const Context& ctx, const VolumeRef& ref, const StringMap& config, const std::string& description, const Fill& fill) {
  return create_with(ctx, ref, config, description, [&](const Volume& volume) -> Result<> {
    TRY(driver_->volumes().create(ctx, volume));
    Reverter undo;
    undo.add("delete volume", [&](const Context& fresh) { return driver_->volumes().remove(fresh, volume); });
    Mounted mounted = TRY(driver_->volumes().mount(ctx, volume));
    TRY(fill(ctx, mounted.path));
    undo.commit();
    return {};
  });
}

Result<> PoolImpl::create_copy(const Context& ctx, const VolumeRef& ref, const StringMap& config, Pool& source_pool, const VolumeRef& source, bool snapshots,
                               const Progress& progress) {
  // Instances bring no config of their own: the copy has what the source's volume has.
  TRY(create_with(ctx, ref, config.empty() ? source_pool.volume_config(source) : config, "", [&](const Volume& volume) -> Result<> {
    Mounted from = TRY(source_pool.mount(ctx, source));
    (void)from;
    return with_space([&] { return driver_->volumes().copy(ctx, volume, source_pool.path(source), progress); });
  }));
  if (!snapshots) return {};
  Reverter undo;
  undo.add("delete volume", [&](const Context& fresh) { return remove(fresh, ref); });
  TRY(copy_snapshots(ctx, ref, source_pool, source, false));
  undo.commit();
  return {};
}

Result<> PoolImpl::refresh_copy(const Context& ctx, const VolumeRef& target, Pool& source_pool, const VolumeRef& source, bool snapshots, const Progress& progress) {
  if (snapshots) TRY(copy_snapshots(ctx, target, source_pool, source, true));
  auto held = TRY(lock(ctx, volume_of(target)));
  Mounted from = TRY(source_pool.mount(ctx, source)), to = TRY(mount(ctx, target));
  return refresh_tree(ctx, source_pool.path(source), path(target), disk_name(volume_of(target).content), progress);
}

Result<> PoolImpl::empty(const Context& ctx, const VolumeRef& ref) {
  Volume volume = volume_of(ref);
  auto held = TRY(lock(ctx, volume));
  auto row = TRY(row_of(ref));
  auto snapshots = TRY(services_.global.read([&](db::Tx& tx) { return db::volumes::load_snapshots(tx, row.id); }));
  if (!snapshots.empty()) return fail(Code::invalid, "Cannot rebuild custom volume with snapshots");
  volume.config = row.config;
  TRY(driver_->volumes().remove(ctx, volume));
  sweep_later();
  return driver_->volumes().create(ctx, volume);
}

Result<> PoolImpl::remove(const Context& ctx, const VolumeRef& ref) {
  Volume volume = volume_of(ref);
  auto held = TRY(lock(ctx, volume));
  if (volume.is_snapshot()) return remove_snapshot(ctx, ref, volume);
  auto row = row_of(ref);
  if (row) {
    auto snapshots = TRY(services_.global.read([&](db::Tx& tx) { return db::volumes::load_snapshots(tx, row->id); }));
    for (const auto& snapshot : snapshots) {
      Volume item = volume;
      item.snapshot = snapshot.name;
      TRY(driver_->volumes().remove(ctx, item));
    }
  } else if (row.error().code() != Code::not_found) {
    return Failure(row.error());
  }
  TRY(driver_->volumes().remove(ctx, volume));
  unlink_volume(volume);
  if (row) TRY(services_.global.write([&](db::Tx& tx) { return db::volumes::remove(tx, row->id); }));
  sweep_later();
  return {};
}

Result<> PoolImpl::rename(const Context& ctx, const VolumeRef& ref, const std::string& new_name) {
  Volume volume = volume_of(ref);
  auto held = TRY(lock(ctx, volume));
  auto row = TRY(row_of(ref));
  VolumeRef wanted = ref;
  wanted.name = volume.is_snapshot() ? ref.name.substr(0, ref.name.find('/') + 1) + new_name : new_name;
  Volume target = volume_of(wanted);
  TRY(driver_->volumes().rename(ctx, volume, target));
  Reverter undo;
  undo.add("rename back", [&](const Context& fresh) { return driver_->volumes().rename(fresh, target, volume); });
  TRY(services_.global.write([&](db::Tx& tx) -> Result<> {
    if (!volume.is_snapshot()) return db::volumes::rename(tx, row.id, new_name);
    auto snapshot = TRY(db::volumes::load_snapshot(tx, row.id, volume.snapshot));
    return db::volumes::rename_snapshot(tx, snapshot.id, new_name);
  }));
  undo.commit();
  if (volume.is_snapshot()) return {};
  unlink_volume(volume);
  if (std::string old = snapshots_link_path(services_.paths, volume); !old.empty()) unlink(old.c_str());
  TRY(link(target));
  Volume any_snapshot = target;
  any_snapshot.snapshot = "x";
  std::string snapshots = pool_path(services_.paths, name_) + "/" + snapshots_path(target);
  return access(snapshots.c_str(), F_OK) == 0 ? link(any_snapshot) : Result<>();
}

}  // namespace storage
