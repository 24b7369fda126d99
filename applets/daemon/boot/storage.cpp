#include "applets/daemon/boot/storage.h"

#include "applets/daemon/server_storage.h"
#include "base/log.h"
#include "db/volumes.h"
#include "image/store.h"
#include "storage/pool.h"

namespace incusd {

void start_storage(Daemon& daemon) {
  auto repaired = daemon.global->write([](db::Tx& tx) { return db::volumes::repair_instance_snapshots(tx); });
  if (!repaired) log_error("Failed looking for lost records of snapshots", {{"error", repaired.error().message()}});
  else if (*repaired > 0) log_warn("Repaired records of snapshots", {{"count", std::to_string(*repaired)}});
  daemon.pools->start(Context());
  mount_own_volumes(Context(), daemon);
  daemon.images->sweep();
}

}  // namespace incusd
