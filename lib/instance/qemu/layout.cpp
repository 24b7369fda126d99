#include "instance/qemu/layout.h"

#include <unistd.h>

#include <algorithm>

#include "api/json_member.h"
#include "instance/qemu/plug_common.h"

namespace instance::qemu {
namespace {

constexpr size_t kMaxLine = 1 << 20;
constexpr unsigned kMaxPorts = 256;
constexpr size_t kMaxDimms = 8;  ///< slots of a machine (config_common.cpp)
constexpr std::string_view kFormat = "incus-state-1";

Result<Json> property(const Context& ctx, qmp::Client& client, const std::string& path, const char* name) {
  return client.run(ctx, "qom-get", {{"path", path}, {"property", name}});
}

/// Where one of our devices is; nothing if it isn't one.
std::optional<Place> place_now(const Context& ctx, qmp::Client& client, const std::string& id) {
  std::string path = "/machine/peripheral/" + id;
  if (!id.starts_with(device_id(""))) return std::nullopt;
  std::string bus = bus_of(ctx, client, id);
  if (bus.empty()) return std::nullopt;
  Place out;
  if (bus.starts_with(kPortPrefix)) out.port = bus;
  if (auto scsi = property(ctx, client, path, "scsi-id"); scsi && scsi->is_number_unsigned()) out.scsi_id = scsi->get<int>();
  if (auto vectors = property(ctx, client, path, "vectors"); vectors && vectors->is_number_unsigned()) out.vectors = vectors->get<unsigned>();
  return out;
}

Result<> learn_cpus(const Context& ctx, qmp::Client& client, Layout& out) {
  Json slots = TRY(client.run(ctx, "query-hotpluggable-cpus"));
  if (!slots.is_array()) return fail(Code::internal, "QEMU described its CPUs in an unknown way");
  out.max_cpus = static_cast<unsigned>(slots.size());
  out.cpus = static_cast<unsigned>(std::ranges::count_if(slots, [](const Json& slot) { return slot.is_object() && slot.contains("qom-path"); }));
  auto queues = property(ctx, client, "/machine/peripheral/qemu_scsi", "num_queues");
  out.first_cpus = queues && queues->is_number_unsigned() ? queues->get<unsigned>() : out.cpus;
  return {};
}

Result<> learn_memory(const Context& ctx, qmp::Client& client, Layout& out) {
  out.memory = api::member_unsigned(TRY(client.run(ctx, "query-memory-size-summary")), "base-memory");
  if (auto sizes = property(ctx, client, "/machine", "memory")) out.max_memory = api::member_unsigned(*sizes, "max-size");
  Json devices = TRY(client.run(ctx, "query-memory-devices"));
  std::vector<std::pair<std::string, uint64_t>> found;
  if (devices.is_array())
    for (const Json& device : devices)
      if (device.is_object() && device.contains("data")) found.emplace_back(api::member_text(device["data"], "id"), api::member_unsigned(device["data"], "size"));
  std::ranges::sort(found);
  for (const auto& [id, size] : found) out.dimms.push_back(size);
  return {};
}

}  // namespace

Result<Layout> layout_of(const Context& ctx, qmp::Client& client) {
  Layout out;
  Json machine = TRY(property(ctx, client, "/machine", "type"));
  std::string type = machine.is_string() ? machine.get<std::string>() : "";
  constexpr std::string_view kSuffix = "-machine";
  out.machine = type.ends_with(kSuffix) ? type.substr(0, type.size() - kSuffix.size()) : type;
  TRY(learn_cpus(ctx, client, out));
  TRY(learn_memory(ctx, client, out));
  for (const std::string& id : TRY(peripherals(ctx, client))) {
    if (id.starts_with(kPortPrefix)) out.ports++;
    if (auto place = place_now(ctx, client, id)) out.places[id] = *place;
  }
  return out;
}

std::string layout_text(const Layout& layout) {
  Json places = Json::object();
  for (const auto& [id, place] : layout.places) {
    Json one = Json::object();
    if (!place.port.empty()) one["port"] = place.port;
    if (place.scsi_id >= 0) one["scsi_id"] = place.scsi_id;
    if (place.vectors > 0) one["vectors"] = place.vectors;
    places[id] = one;
  }
  return api::dump_json({{"format", kFormat}, {"machine", layout.machine}, {"ports", layout.ports}, {"cpus", layout.cpus}, {"first_cpus", layout.first_cpus},
                         {"max_cpus", layout.max_cpus}, {"memory", layout.memory}, {"max_memory", layout.max_memory}, {"dimms", layout.dimms}, {"places", places}});
}

Result<Layout> parse_layout(std::string_view line) {
  auto parsed = api::parse_json(line, 4);
  Json json = parsed ? std::move(*parsed) : Json();
  if (api::member_text(json, "format") != kFormat) return fail(Code::invalid, "The file with the saved state is of an unknown kind");
  auto small = [&](const Json& object, const char* key, uint64_t most) { return static_cast<unsigned>(std::min(api::member_unsigned(object, key), most)); };
  Layout out{.machine = api::member_text(json, "machine"), .ports = small(json, "ports", kMaxPorts), .cpus = small(json, "cpus", 4096), .first_cpus = small(json, "first_cpus", 4096),
             .max_cpus = small(json, "max_cpus", 4096), .memory = api::member_unsigned(json, "memory"), .max_memory = api::member_unsigned(json, "max_memory"), .dimms = {}, .places = {}};
  bool plain = std::ranges::all_of(out.machine, [](char c) { return isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_'; });
  if (!plain || out.machine.empty() || out.memory == 0 || out.cpus == 0) return fail(Code::invalid, "The file with the saved state is damaged");
  if (json.contains("dimms") && json["dimms"].is_array())
    for (const Json& size : json["dimms"])
      if (size.is_number_unsigned() && out.dimms.size() < kMaxDimms) out.dimms.push_back(size.get<uint64_t>());
  if (json.contains("places") && json["places"].is_object())
    for (const auto& [id, place] : json["places"].items())
      out.places[id] = {.port = api::member_text(place, "port"), .scsi_id = place.is_object() && place.contains("scsi_id") ? static_cast<int>(small(place, "scsi_id", 255)) : -1,
                        .vectors = small(place, "vectors", 4096)};
  return out;
}

Result<> write_layout(int fd, const Layout& layout) {
  std::string line = layout_text(layout) + "\n";
  if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return fail_errno("Failed writing the saved state");
  return {};
}

Result<Layout> read_layout(int fd) {
  std::string start(64 << 10, '\0');
  size_t filled = 0, end = std::string::npos;
  while (filled < kMaxLine && end == std::string::npos) {
    if (filled == start.size()) start.resize(start.size() * 2);
    ssize_t got = pread(fd, start.data() + filled, start.size() - filled, static_cast<off_t>(filled));
    if (got < 0) return fail_errno("Failed reading the saved state");
    if (got == 0) break;
    end = start.find('\n', filled);
    filled += static_cast<size_t>(got);
    if (end != std::string::npos && end >= filled) end = std::string::npos;
  }
  if (end == std::string::npos) return fail(Code::invalid, "The file with the saved state is of an unknown kind");
  if (lseek(fd, static_cast<off_t>(end + 1), SEEK_SET) < 0) return fail_errno("Failed reading the saved state");
  return parse_layout(std::string_view(start).substr(0, end));
}

Result<> can_reach(const MachineSpec& wanted, const Layout& layout) {
  constexpr const char* kRemedy = "set it back, or start without the state (--stateless)";
  bool fixed = wanted.cpu.sockets > 0;
  // An emulating QEMU (7.2) that loads a state and then loses a processor frees memory twice soon after.
  bool loses = wanted.accel == Accel::tcg && wanted.cpu.count < layout.cpus;
  if (loses || (fixed ? wanted.cpu.count != layout.cpus : wanted.cpu.count > layout.max_cpus))
    return fail(Code::invalid, "limits.cpu changed since the state was saved, of a machine with {} CPUs and room for {}: {}", layout.cpus, layout.max_cpus, kRemedy);
  uint64_t most = std::max(layout.max_memory, layout.memory);
  if (wanted.memory.size > most)
    return fail(Code::invalid, "limits.memory changed since the state was saved, of a machine with room for {} MiB: {}", most >> 20, kRemedy);
  return {};
}

void follow_layout(MachineSpec& spec, const Layout& layout) {
  spec.machine = layout.machine;
  spec.ports = layout.ports;
  spec.memory.size = layout.memory;
  spec.memory.max = std::max(layout.max_memory, layout.memory);
  if (spec.cpu.sockets > 0) return;
  spec.cpu.count = layout.first_cpus;
  spec.cpu.present = layout.cpus;
  spec.cpu.max = layout.max_cpus;
}

}  // namespace instance::qemu
