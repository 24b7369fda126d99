// What the routes about storage volumes share: the volume a path names, who uses it, its objects for the API.
#pragma once
#include "api/types/storage_pool_volume.h"
#include "applets/daemon/routes/common.h"
#include "db/pools.h"
#include "db/volumes.h"
#include "storage/describe.h"
#include "storage/pool.h"

namespace incusd {

/// The type in the path. Errors: invalid.
Result<db::VolumeType> volume_type_param(Call& call);
/// The project that holds a request's volumes of that type. `requested` defaults to the request's project.
Result<std::string> volume_project(Call& call, db::VolumeType type, const std::string& requested = "");
/// Body of a route with kLargeBody that turned out to be a small request. Errors: invalid.
Result<std::string> read_small_body(Call& call);

/// The volume of {poolName}/{type}/{volumeName}. Errors: not_found, invalid.
struct FoundVolume {
  std::shared_ptr<storage::Pool> pool;
  std::string project;
  db::volumes::Row row;
  storage::VolumeRef ref;
};
Result<FoundVolume> find_volume(Call& call);
storage::VolumeRef ref_of(const db::volumes::Row& row);

/// API paths of what uses the volumes of a pool: instances and profiles with a disk device on it, looked up once for all.
class VolumeUsers {
 public:
  /// Reads all instances and profiles.
  static Result<VolumeUsers> load(Call& call);
  StringList of(const db::volumes::Row& row) const;

 private:
  struct Disk {
    std::string pool, volume, project, url;
  };
  std::vector<Disk> disks_;
};

using storage::to_api;
/// With snapshots, backups and state.
Result<api::StorageVolumeFull> to_full_api(Call& call, storage::Pool& pool, const db::volumes::Row& row, StringList used_by);
api::StorageVolumeState volume_state(Daemon& daemon, storage::Pool& pool, const db::volumes::Row& row);
std::string volume_etag(const db::volumes::Row& row);
std::string volume_url(const std::string& pool, const db::volumes::Row& row, const std::string& more = "");
std::string volume_path(const std::string& pool, std::string_view type, const std::string& name);
/// Errors: invalid `Volume is still in use by running instances`.
Result<> check_not_running(Call& call, const db::volumes::Row& row);
/// Disk devices of instances and profiles that mean `row` mean (`pool`, `name`) afterwards.
Result<> repoint_users(Call& call, const db::volumes::Row& row, const std::string& pool, const std::string& name);
/// Is the volume one that the daemon keeps its own files on? (storage.images_volume, storage.backups_volume, storage.logs_volume)
bool used_by_daemon(Daemon& daemon, const db::volumes::Row& row);

// Routes in files of their own.
Result<Reply> create_volume(Call& call);
Result<Reply> post_volume(Call& call);

}  // namespace incusd
