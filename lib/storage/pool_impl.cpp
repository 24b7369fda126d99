#include "storage/pool_impl.h"

#include "storage/consistency.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "async/runtime.h"
#include "base/log.h"
#include "base/reverter.h"
#include "base/units.h"
#include "core/gate.h"
#include "core/locks.h"
#include "storage/keys.h"

namespace storage {

db::VolumeType db_type(VolumeType type) {
  switch (type) {
    case VolumeType::container: return db::VolumeType::container;
    case VolumeType::virtual_machine: return db::VolumeType::vm;
    case VolumeType::custom: return db::VolumeType::custom;
    case VolumeType::image: return db::VolumeType::image;
  }
  return db::VolumeType::custom;
}

db::ContentType db_content(ContentType type) {
  switch (type) {
    case ContentType::filesystem: return db::ContentType::filesystem;
    case ContentType::block: return db::ContentType::block;
    case ContentType::iso: return db::ContentType::iso;
  }
  return db::ContentType::filesystem;
}

PoolImpl::PoolImpl(Services services, const db::pools::Row& row, std::unique_ptr<Driver> driver)
    : services_(services), name_(row.name), id_(row.id), config_(row.config), driver_(std::move(driver)),
      images_(std::make_shared<ImageCache>(pool_path(services.paths, row.name), services.paths.in_var("images"), driver_->volumes())),
      sweeper_(std::make_shared<Sweeper>(services.runtime, [driver = driver_](const Context& ctx) { driver->sweep(ctx); })),
      unpacker_(std::make_shared<Sweeper>(services.runtime, [driver = driver_, images = images_](const Context& ctx) { images->prepare(ctx); }, 0)) {}  // not behind the others: the next instance may wait for it

Result<> PoolImpl::make_folders() {
  std::string root = pool_path(services_.paths, name_);
  for (const BaseFolder& folder : base_folders()) {
    std::string path = root + "/" + folder.name;
    if (mkdir(path.c_str(), folder.mode) != 0 && errno != EEXIST) return fail_errno("Failed to create " + path);
    if (chmod(path.c_str(), folder.mode) != 0) return fail_errno("Failed to set the mode of " + path);
  }
  return {};
}

Result<std::shared_ptr<void>> PoolImpl::lock(const Context& ctx, const Volume& volume) {
  return core::acquire_lock(ctx, std::format("volume/{}/{}/{}", name_, volume_type_name(volume.type), volume.name));
}

Result<db::volumes::Row> PoolImpl::row_of(const VolumeRef& ref) {
  std::string name = ref.name.substr(0, ref.name.find('/'));
  return services_.global.read([&](db::Tx& tx) { return db::volumes::load(tx, id_, ref.project, db_type(ref.type), name); });
}

db::volumes::Row PoolImpl::new_row(const VolumeRef& ref, const StringMap& config, const std::string& description, Timestamp created) const {
  db::volumes::Row row;
  row.pool_id = id_;
  row.project = ref.project;
  row.name = ref.name;
  row.type = db_type(ref.type);
  row.content_type = db_content(volume_of(ref).content);
  row.description = description;
  row.created_at = created;
  row.config = config;
  return row;
}

std::string PoolImpl::path(const VolumeRef& ref) const { return pool_path(services_.paths, name_) + "/" + relative_path(volume_of(ref)); }

Result<> PoolImpl::link(const Volume& volume) {
  std::string link = volume.is_snapshot() ? snapshots_link_path(services_.paths, volume) : link_path(services_.paths, volume);
  if (link.empty()) return {};
  std::string inside = volume.is_snapshot() ? snapshots_path(volume) : relative_path(volume);
  std::string target = pool_path(services_.paths, name_) + "/" + inside;
  if (symlink(target.c_str(), link.c_str()) == 0) return {};
  if (errno == EEXIST && unlink(link.c_str()) == 0 && symlink(target.c_str(), link.c_str()) == 0) return {};
  return fail_errno("Failed to link " + link);
}

void PoolImpl::unlink_volume(const Volume& volume) {
  if (!volume.is_snapshot()) {
    if (std::string link = link_path(services_.paths, volume); !link.empty()) unlink(link.c_str());
  }
  // The snapshots' link goes when the folder it leads to has gone.
  std::string link = snapshots_link_path(services_.paths, volume);
  if (!link.empty() && access(link.c_str(), F_OK) != 0) unlink(link.c_str());
}

Result<> PoolImpl::with_space(const std::function<Result<>()>& work) {
  auto outcome = work();
  if (outcome) return outcome;
  int error = outcome.error().sys_errno();
  bool again = (error == ENOSPC || error == EDQUOT) && sweeper_->now();
  sweep_later();  // what was half made
  return again ? work() : outcome;
}

Result<Mounted> PoolImpl::mount(const Context& ctx, const VolumeRef& ref) { return driver_->volumes().mount(ctx, volume_of(ref)); }

bool copies_one_moment(Pool& pool) { return static_cast<PoolImpl&>(pool).backend().copies_one_moment(); }  // there is no other kind of pool

std::optional<int64_t> PoolImpl::usage(const VolumeRef& ref) { return driver_->volumes().usage(volume_of(ref)); }

Result<> PoolImpl::set_quota(const Context& ctx, const VolumeRef& ref, int64_t bytes) { return driver_->volumes().resize(ctx, volume_of(ref), bytes); }

StringMap PoolImpl::volume_config(const VolumeRef& ref) {
  auto row = row_of(ref);
  return row ? row->config : StringMap();
}

Result<StringMap> PoolImpl::prepare_config(const VolumeRef& ref, const StringMap& config, bool creating) {
  Volume volume = volume_of(ref);
  StringMap out = creating ? with_defaults(volume, config_, config) : config;
  std::erase_if(out, [](const auto& item) { return item.second.empty(); });
  TRY(check_volume_config(volume, ref.name, out));
  return out;
}

Result<> PoolImpl::update_volume(const Context& ctx, const VolumeRef& ref, const std::string& description, const StringMap& config) {
  Volume volume = volume_of(ref);
  auto held = TRY(lock(ctx, volume));
  auto row = TRY(row_of(ref));
  StringMap wanted = TRY(prepare_config(ref, config, false));
  std::string old_size = get_or(row.config, "size"), size = get_or(wanted, "size");
  if (get_or(row.config, "dependent") != get_or(wanted, "dependent")) return fail(Code::invalid, "dependent cannot be changed");
  for (const char* key : {"initial.uid", "initial.gid", "initial.mode"}) {
    if (get_or(row.config, key) != get_or(wanted, key)) return fail(Code::invalid, "{} cannot be changed", key);
  }
  volume.config = wanted;
  if (ref.type == VolumeType::custom) {
    TRY(services_.global.read([&](db::Tx& tx) {
      return core::gate::check_volume(tx, {.project = ref.project, .pool = name(), .name = ref.name, .config = wanted});
    }));
  }
  if (size != old_size) TRY(driver_->volumes().resize(ctx, volume, parse_byte_size(size).value_or(0)));
  return services_.global.write([&](db::Tx& tx) { return db::volumes::update(tx, row.id, description, wanted); });
}

void PoolImpl::forget_image(const std::string& fingerprint) {
  images_->forget(Context(), fingerprint);
  sweep_later();
}

}  // namespace storage
