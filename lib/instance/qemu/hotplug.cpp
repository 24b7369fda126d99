// CPUs and memory that come and go while the machine runs.
#include "instance/qemu/hotplug.h"

#include <algorithm>

#include "api/json_member.h"
#include "base/units.h"
#include "instance/qemu/plug_common.h"

namespace instance::qemu {
namespace {

constexpr seconds kBalloonTimeout{30};
constexpr uint64_t kDimmStep = 128ull << 20;  ///< Linux guests take memory in blocks of this size

struct CpuSlot {
  Json props;
  std::string type, path;  ///< path: of the CPU in it, empty if there is none
  std::string plugged_id() const { return path.starts_with("/machine/peripheral/") ? path.substr(path.rfind('/') + 1) : ""; }
};

Result<std::vector<CpuSlot>> cpu_slots(const Context& ctx, qmp::Client& client) {
  Json answer = TRY(client.run(ctx, "query-hotpluggable-cpus"));
  std::vector<CpuSlot> out;
  if (!answer.is_array()) return fail(Code::internal, "QEMU described its CPUs in an unknown way");
  for (const Json& one : answer) {
    if (!one.is_object() || !one.contains("props") || !one["props"].is_object() || !one.contains("type")) continue;
    auto path = one.find("qom-path");
    out.push_back({one["props"], one["type"].is_string() ? one["type"].get<std::string>() : "", path != one.end() && path->is_string() ? path->get<std::string>() : ""});
  }
  // QEMU lists the last first.
  std::ranges::reverse(out);
  return out;
}

Result<> add_cpu(const Context& ctx, qmp::Client& client, const CpuSlot& slot, size_t index) {
  Json arguments = {{"driver", slot.type}, {"id", std::format("cpu{}", index)}};
  arguments.update(slot.props);
  TRY_CTX(client.run(ctx, "device_add", arguments), "Failed adding a CPU");
  return {};
}

/// Adds a DIMM, so that at least `missing` more bytes are there.
Result<> add_memory(const Context& ctx, qmp::Client& client, const MemorySpec& spec, uint64_t missing) {
  Json dimms = TRY(client.run(ctx, "query-memory-devices"));
  size_t index = 1 + (dimms.is_array() ? dimms.size() : 0);
  uint64_t size = (missing + kDimmStep - 1) / kDimmStep * kDimmStep;
  std::string id = std::format("dimm-mem{}", index);
  Json object = {{"qom-type", "memory-backend-memfd"}, {"id", id}, {"size", size}, {"share", true}};
  // Not a file below spec.hugepages: QEMU's user may not make one there.
  if (!spec.hugepages.empty()) object.update({{"hugetlb", true}, {"prealloc", true}});
  Reverter undo;
  TRY(client.run(ctx, "object-add", object));
  undo_with(undo, client, "object-del", {{"id", id}});
  TRY_CTX(client.run(ctx, "device_add", {{"driver", "pc-dimm"}, {"id", std::format("dimm{}", index)}, {"memdev", id}}), "Failed adding memory");
  undo.commit();
  return {};
}

Result<uint64_t> balloon_now(const Context& ctx, qmp::Client& client) { return api::member_unsigned(TRY(client.run(ctx, "query-balloon")), "actual"); }

/// The guest gives memory back as fast as it can, or not at all.
Result<> balloon(const Context& ctx, qmp::Client& client, uint64_t size) {
  TRY(client.run(ctx, "balloon", {{"value", size}}));
  Context patient = ctx.with_timeout(kBalloonTimeout);
  uint64_t now = 0, tolerance = size / 100 + (1 << 20);
  for (;;) {
    now = TRY(balloon_now(ctx, client));
    if (now <= size + tolerance && now + tolerance >= size) return {};
    if (!patient.sleep(milliseconds(100))) break;
  }
  TRY(ctx.check());
  return fail(Code::timeout, "Failed setting memory to {}MiB (currently {}MiB) as it was taking too long", size >> 20, now >> 20);
}

}  // namespace

Result<std::vector<pid_t>> cpu_threads(const Context& ctx, qmp::Client& client) {
  Json answer = TRY(client.run(ctx, "query-cpus-fast"));
  std::vector<std::pair<uint64_t, pid_t>> found;
  if (answer.is_array())
    for (const Json& cpu : answer) found.emplace_back(api::member_unsigned(cpu, "cpu-index"), static_cast<pid_t>(api::member_unsigned(cpu, "thread-id")));
  std::ranges::sort(found);
  std::vector<pid_t> out;
  for (const auto& [index, thread] : found)
    if (thread > 0) out.push_back(thread);
  return out;
}

/// An emulating QEMU (7.2) frees memory twice when it loses a processor, and ends at one of the next changes.
static Result<> check_removable(const Context& ctx, qmp::Client& client) {
  Json kvm = TRY(client.run(ctx, "query-kvm"));
  if (api::member(kvm, "enabled") == true) return {};
  return fail(Code::unsupported, "CPUs of an emulated virtual machine cannot be removed while it runs: stop it first");
}

Result<> set_cpus(const Context& ctx, qmp::Client& client, unsigned count) {
  auto slots = TRY(cpu_slots(ctx, client));
  size_t present = static_cast<size_t>(std::ranges::count_if(slots, [](const CpuSlot& slot) { return !slot.path.empty(); }));
  if (count == 0 || count > slots.size()) return fail(Code::invalid, "Requested CPU count of {} exceeds instance current maximum of {}, restart required", count, slots.size());
  for (size_t i = 0; i < slots.size() && present < count; i++) {
    if (!slots[i].path.empty()) continue;
    TRY(add_cpu(ctx, client, slots[i], i));
    present++;
  }
  if (present > count) TRY(check_removable(ctx, client));
  for (size_t i = slots.size(); i-- > 0 && present > count;) {
    std::string id = slots[i].plugged_id();
    if (id.empty()) continue;
    TRY_CTX(remove_device(ctx, client, id), "Failed removing a CPU");
    present--;
  }
  if (present > count) return fail(Code::unsupported, "CPUs that the virtual machine started with cannot be removed while it runs");
  return {};
}

Result<MemoryNow> memory(const Context& ctx, qmp::Client& client) {
  Json sizes = TRY(client.run(ctx, "query-memory-size-summary"));
  MemoryNow out{.plugged = api::member_unsigned(sizes, "base-memory") + api::member_unsigned(sizes, "plugged-memory")};
  auto left = balloon_now(ctx, client);
  out.balloon = left ? *left : out.plugged;
  return out;
}

Result<> plug_memory(const Context& ctx, qmp::Client& client, const MemorySpec& spec, const std::vector<uint64_t>& sizes) {
  for (uint64_t size : sizes) TRY(add_memory(ctx, client, spec, size));
  return {};
}

Result<> set_memory(const Context& ctx, qmp::Client& client, const MemorySpec& spec, uint64_t size) {
  MemoryNow now = TRY(memory(ctx, client));
  if (size > std::max(spec.max, spec.size)) return fail(Code::unsupported, "Requested memory total of {} exceeds instance current maximum of {}, restart required", format_byte_size(static_cast<int64_t>(size)),
                                                              format_byte_size(static_cast<int64_t>(std::max(spec.max, spec.size))));
  if (size > now.plugged) {
    TRY(add_memory(ctx, client, spec, size - now.plugged));
    now = TRY(memory(ctx, client));
  }
  return now.balloon == size ? Result<>() : balloon(ctx, client, size);
}

}  // namespace instance::qemu
