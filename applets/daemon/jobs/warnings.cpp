// Resolved warnings go after a day.
#include "applets/daemon/jobs/job.h"
#include "db/warnings.h"

namespace incusd {
namespace {

constexpr std::chrono::hours kDay{24};

Result<> prune(const Context&, Daemon& daemon) {
  TRY(daemon.global->write([](db::Tx& tx) { return db::warnings::prune_resolved(tx, Timestamp::now().plus(-kDay)); }));
  return {};
}

}  // namespace

extern const Job prune_warnings_job = {"prune resolved warnings", kDay, true, prune};

}  // namespace incusd
