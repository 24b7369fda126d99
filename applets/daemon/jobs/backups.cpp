// Backups and volume snapshots whose time is over go; scheduled volume snapshots are made.
#include <unistd.h>

#include "applets/daemon/jobs/job.h"
#include "base/log.h"
#include "core/schedule.h"
#include "db/instance_snapshots.h"
#include "db/volumes.h"
#include "instance/manager.h"
#include "storage/pool.h"

namespace incusd {
namespace {

/// A stored backup file and, once empty, its folder.
void remove_file(const std::string& path) {
  unlink(path.c_str());
  rmdir(path.substr(0, path.rfind('/')).c_str());
}

Result<> expire_backups(const Context&, Daemon& daemon) {
  Timestamp now = Timestamp::now();
  struct Expired {
    std::vector<db::backups::Row> instances;
    std::vector<std::pair<db::volumes::BackupRow, db::volumes::Row>> volumes;
  };
  auto expired = TRY(daemon.global->read([&](db::Tx& tx) -> Result<Expired> {
    Expired out{TRY(db::backups::load_expired(tx, now)), {}};
    for (auto& backup : TRY(db::volumes::load_expired_backups(tx, now))) {
      auto volume = TRY(db::volumes::load(tx, backup.volume_id));
      out.volumes.emplace_back(std::move(backup), std::move(volume));
    }
    return out;
  }));
  for (const auto& row : expired.instances) {
    auto instance = daemon.instances->find_by_id(row.instance_id);
    if (instance) remove_file(daemon.paths.in_var(std::format("backups/instances/{}/{}", instance->full_name(), row.name)));
    TRY(daemon.global->write([&](db::Tx& tx) { return db::backups::remove(tx, row.id); }));
    if (instance) TRY(daemon.instances->reload(row.instance_id));
  }
  for (const auto& [backup, volume] : expired.volumes) {
    remove_file(daemon.paths.in_var(std::format("backups/custom/{}/{}_{}/{}", volume.pool, volume.project, volume.name, backup.name)));
    TRY(daemon.global->write([&](db::Tx& tx) { return db::volumes::remove_backup(tx, backup.id); }));
  }
  return {};
}

storage::VolumeRef ref_of_volume(const db::volumes::Row& row, const std::string& snapshot) {
  auto content = row.content_type == db::ContentType::block ? storage::ContentType::block
                 : row.content_type == db::ContentType::iso ? storage::ContentType::iso
                                                            : storage::ContentType::filesystem;
  return {storage::VolumeType::custom, row.project, row.name + "/" + snapshot, content};
}

Result<> expire_volume_snapshots(const Context& ctx, Daemon& daemon) {
  auto expired = TRY(daemon.global->read([](db::Tx& tx) -> Result<std::vector<std::pair<db::volumes::SnapshotRow, db::volumes::Row>>> {
    std::vector<std::pair<db::volumes::SnapshotRow, db::volumes::Row>> out;
    for (auto& row : TRY(db::volumes::load_expired_snapshots(tx, Timestamp::now()))) {
      auto volume = TRY(db::volumes::load(tx, row.volume_id));
      out.emplace_back(std::move(row), std::move(volume));
    }
    return out;
  }));
  for (const auto& [snapshot, volume] : expired) {
    auto pool = TRY(daemon.pools->load(volume.pool));
    auto removed = pool->remove(ctx, ref_of_volume(volume, snapshot.name));
    if (!removed) log_error("Failed removing an expired volume snapshot", {{"volume", volume.name}, {"snapshot", snapshot.name}, {"error", removed.error().message()}});
  }
  return {};
}

Result<> scheduled_snapshot(const Context& ctx, Daemon& daemon, const db::volumes::Row& volume) {
  std::string name = get_or(volume.config, "snapshots.pattern", "snap%d");
  if (size_t at = name.find("%d"); at != std::string::npos) {
    int index = TRY(daemon.global->read([&](db::Tx& tx) { return db::volumes::next_snapshot_index(tx, volume.id, name); }));
    name.replace(at, 2, std::to_string(index));
  }
  Timestamp expires = TRY(core::expiry_after(Timestamp::now(), get_or(volume.config, "snapshots.expiry")));
  return TRY(daemon.pools->load(volume.pool))->create_snapshot(ctx, ref_of_volume(volume, name), "", expires);
}

Result<> snapshot_volumes(const Context& ctx, Daemon& daemon) {
  db::volumes::Filter custom;
  custom.type = db::VolumeType::custom;
  for (const auto& volume : TRY(daemon.global->read([&](db::Tx& tx) { return db::volumes::load_all(tx, custom); }))) {
    std::string schedule = get_or(volume.config, "snapshots.schedule");
    if (schedule.empty() || !core::schedule_fires(schedule, Timestamp::now(), static_cast<uint64_t>(volume.id) * 7919)) continue;
    auto made = scheduled_snapshot(ctx, daemon, volume);
    if (!made) log_error("Failed making a scheduled volume snapshot", {{"volume", volume.name}, {"error", made.error().message()}});
  }
  return {};
}

Result<> volume_snapshots(const Context& ctx, Daemon& daemon) {
  TRY(expire_volume_snapshots(ctx, daemon));
  return snapshot_volumes(ctx, daemon);
}

}  // namespace

extern const Job expire_backups_job = {"expire backups", std::chrono::hours(1), true, expire_backups};
extern const Job volume_snapshots_job = {"volume snapshots", seconds(60), true, volume_snapshots};

}  // namespace incusd
