// What this host lacks, as warnings.
#pragma once
#include "base/timestamp.h"

namespace incusd {

struct Daemon;

/// Records what is missing now and resolves this server's warnings from before `start`. One transaction; failing is only logged.
void record_host_warnings(Daemon& daemon, Timestamp start);

}  // namespace incusd
