// Operations that are over leave memory, and tokens end when their time is up.
#include "applets/daemon/jobs/job.h"

namespace incusd {
namespace {

constexpr seconds kMinute{60};

Result<> prune(const Context&, Daemon& daemon) {
  daemon.operations->purge();
  return {};
}

Result<> expire_tokens(const Context&, Daemon& daemon) {
  for (const auto& operation : daemon.operations->all()) {
    if (operation->cls() != core::OperationClass::token || operation->finished()) continue;
    auto expires = Timestamp::parse(operation->metadata().value("expiresAt", ""));
    if (expires && Timestamp::now() > *expires) (void)operation->cancel();  // fails only if it just ended by itself
  }
  return {};
}

}  // namespace

extern const Job prune_operations_job = {"prune operations", kMinute, false, prune};
extern const Job expire_tokens_job = {"expire tokens", kMinute, false, expire_tokens};

}  // namespace incusd
