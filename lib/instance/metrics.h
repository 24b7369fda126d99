// Measurements of one running instance.
#pragma once
#include "core/metrics.h"
#include "instance/object.h"

namespace instance {

/// Empty where it does not run. Reads cgroup files and netlink; never waits for the guest.
core::MetricSet metrics_of(const Context& ctx, Instance& instance);

}  // namespace instance
