// One pool: names, rows, locks and links around a driver's volumes.
#pragma once
#include <functional>

#include "db/pools.h"
#include "db/volumes.h"
#include "storage/driver.h"
#include "storage/image_cache.h"
#include "storage/sweeper.h"

namespace storage {

db::VolumeType db_type(VolumeType type);
db::ContentType db_content(ContentType type);

class PoolImpl final : public Pool, public std::enable_shared_from_this<PoolImpl> {
 public:
  PoolImpl(Services services, const db::pools::Row& row, std::unique_ptr<Driver> driver);

  std::string name() const override { return name_; }
  std::string driver() const override { return std::string(driver_->name()); }
  Result<> create_from_image(const Context&, const VolumeRef&, const StringMap& config, const std::string& fingerprint, const Progress&) override;
  Result<> create_empty(const Context&, const VolumeRef&, const StringMap& config, const std::string& description) override;
  Result<> create_copy(const Context&, const VolumeRef&, const StringMap& config, Pool& source_pool, const VolumeRef& source, bool snapshots,
                       const Progress&) override;
  Result<> refresh_copy(const Context&, const VolumeRef& target, Pool& source_pool, const VolumeRef& source, bool snapshots, const Progress&) override;
  Result<> empty(const Context&, const VolumeRef&) override;
  Result<> remove(const Context&, const VolumeRef&) override;
  Result<> rename(const Context&, const VolumeRef&, const std::string& new_name) override;
  Result<> create_snapshot(const Context&, const VolumeRef& snapshot, const std::string& description, Timestamp expires) override;
  Result<> restore_snapshot(const Context&, const VolumeRef& volume, const std::string& snapshot) override;
  Result<Mounted> mount(const Context&, const VolumeRef&) override;
  std::string path(const VolumeRef&) const override;
  std::optional<int64_t> usage(const VolumeRef&) override;
  Result<> set_quota(const Context&, const VolumeRef&, int64_t bytes) override;
  StringMap volume_config(const VolumeRef&) override;
  Result<> create_filled(const Context&, const VolumeRef&, const StringMap& config, const std::string& description, const Fill& fill) override;
  Result<> create_snapshot_filled(const Context&, const VolumeRef& snapshot, const StringMap& config, const std::string& description, Timestamp created,
                                  Timestamp expires, const Fill& fill) override;
  Result<> adopt(const Context&, const VolumeRef&, const StringMap& config, const std::string& description, Timestamp created,
                 const std::vector<Adopted>& snapshots) override;
  Result<> disown(const Context&, const VolumeRef&) override;
  Result<> update_volume(const Context&, const VolumeRef&, const std::string& description, const StringMap& config) override;
  Result<StringMap> prepare_config(const VolumeRef&, const StringMap& config, bool creating) override;
  Result<Space> space() override { return driver_->pool().space(); }
  void forget_image(const std::string& fingerprint) override;

  Driver& backend() { return *driver_; }
  ImageCache& images() { return *images_; }
  /// Deletes in the background what was removed.
  void sweep_later() { sweeper_->later(); }
  /// Neither a sweep nor an unpacking works in the pool's folder in the background as long as the handle lives. Blocks.
  std::shared_ptr<void> hold_off_sweeps() {
    using Both = std::pair<std::shared_ptr<void>, std::shared_ptr<void>>;
    return std::make_shared<Both>(unpacker_->hold_off(), sweeper_->hold_off());
  }
  /// Makes the base folders of the pool. Errors: internal.
  Result<> make_folders();
  void set_config(StringMap config) { config_ = std::move(config); }

 private:
  /// Makes the volume's content of the image; nothing stays of a failure. Returns the bytes of its disk, 0 without one.
  Result<int64_t> fill_from_image(const Context&, const Volume&, const ImageCache::Want&, const Progress&);
  Result<std::shared_ptr<void>> lock(const Context&, const Volume&);
  /// Once more with an empty trash if the file system is full. `work` leaves nothing of a failure.
  Result<> with_space(const std::function<Result<>()>& work);
  Result<db::volumes::Row> row_of(const VolumeRef&);
  /// What a new volume is made from: of virtual machines without the size of the disk, which drivers get and rows don't have. Bytes, 0: nobody said it.
  int64_t take_disk_size(const VolumeRef&, StringMap& config) const;
  /// A row for a volume that has none yet.
  db::volumes::Row new_row(const VolumeRef&, const StringMap& config, const std::string& description, Timestamp created) const;
  /// Stores the row, then makes the volume with `make`; neither is left if the other fails. Links it.
  Result<> create_with(const Context&, const VolumeRef&, const StringMap& config, const std::string& description,
                       const std::function<Result<>(const Volume&)>& make);
  Result<> create_snapshot_with(const Context&, const VolumeRef& snapshot, const db::volumes::SnapshotRow& row, const std::function<Result<>(const Volume&)>& make);
  Result<> copy_snapshots(const Context&, const VolumeRef& target, Pool& source_pool, const VolumeRef& source, bool missing_only);
  Result<> link(const Volume&);
  void unlink_volume(const Volume&);
  Result<> remove_snapshot(const Context&, const VolumeRef&, const Volume&);

  Services services_;
  std::string name_;
  int64_t id_;
  StringMap config_;
  std::shared_ptr<Driver> driver_;  ///< shared with a sweep under way
  std::shared_ptr<ImageCache> images_;
  std::shared_ptr<Sweeper> sweeper_, unpacker_;
};

}  // namespace storage
