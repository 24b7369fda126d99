// Each minute: scheduled snapshots of instances, and the end of expired ones.
#include "applets/daemon/jobs/job.h"
#include "instance/snapshot.h"

namespace incusd {
namespace {

Result<> instance_snapshots(const Context& ctx, Daemon& daemon) {
  Timestamp now = Timestamp::now();
  instance::run_snapshot_schedule(ctx, *daemon.instances, now);
  instance::remove_expired_snapshots(ctx, *daemon.instances, now);
  return {};
}

}  // namespace

extern const Job instance_snapshots_job = {"instance snapshots", seconds(60), true, instance_snapshots};

}  // namespace incusd
