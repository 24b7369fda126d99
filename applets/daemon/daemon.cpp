#include "applets/daemon/daemon.h"

#include <sys/eventfd.h>

#include "applets/daemon/dispatch.h"
#include "applets/daemon/jobs/job.h"
#include "applets/daemon/server_info.h"
#include "base/log.h"

namespace incusd {

Daemon::Daemon(async::Runtime& runtime) : runtime(runtime), end_fd(eventfd(0, EFD_CLOEXEC)) {}
Daemon::~Daemon() {
  set_log_sink(nullptr);  // messages of a failed start, too, come after the events they would go to
}

void Daemon::request_end() {
  uint64_t one = 1;
  (void)!write(end_fd.get(), &one, sizeof one);  // fails only if it was written 2^64 times before
}

}  // namespace incusd
