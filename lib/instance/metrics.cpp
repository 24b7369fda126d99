#include "instance/metrics.h"

#include "instance/state.h"

namespace instance {
namespace {

using core::Metric;

void add_network(core::MetricSet& set, const api::InstanceState& state) {
  for (const auto& [device, network] : state.network) {
    StringMap labels = {{"device", device}};
    const auto& counters = network.counters;
    auto add = [&](Metric metric, int64_t value) { set.add(metric, static_cast<double>(value), labels); };
    add(Metric::network_receive_bytes, counters.bytes_received);
    add(Metric::network_receive_packets, counters.packets_received);
    add(Metric::network_receive_errs, counters.errors_received);
    add(Metric::network_receive_drop, counters.packets_dropped_inbound);
    add(Metric::network_transmit_bytes, counters.bytes_sent);
    add(Metric::network_transmit_packets, counters.packets_sent);
    add(Metric::network_transmit_errs, counters.errors_sent);
    add(Metric::network_transmit_drop, counters.packets_dropped_outbound);
  }
}

}  // namespace

core::MetricSet metrics_of(const Context& ctx, Instance& instance) {
  core::MetricSet set;
  if (!instance.running()) return set;
  api::InstanceState state = state_of(ctx, instance, false);
  if (state.pid == 0) return set;
  ViewPtr view = instance.view();
  set.set_common_labels({{"project", view->row.project}, {"name", view->row.name}, {"type", std::string(type_name(view->type()))}});
  instance.runtime()->measure(ctx, state, set);
  // What a guest said itself stands: readers refuse a measurement that is there twice.
  auto otherwise = [&set](Metric metric, int64_t value) {
    if (!set.has(metric)) set.add(metric, static_cast<double>(value));
  };
  if (!set.has(Metric::network_receive_bytes)) add_network(set, state);
  otherwise(Metric::procs, state.processes);
  otherwise(Metric::boot_time, state.started_at.seconds);
  otherwise(Metric::time, Timestamp::now().seconds);
  return set;
}

}  // namespace instance
