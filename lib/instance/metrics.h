// Measurements of one running instance.
#pragma once
#include "core/metrics.h"
#include "instance/object.h"

namespace instance {

/// Empty where it does not run. Waits for no guest longer than a short bound.
core::MetricSet metrics_of(const Context& ctx, Instance& instance);

}  // namespace instance
