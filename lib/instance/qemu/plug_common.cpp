#include "instance/qemu/plug_common.h"

#include <algorithm>
#include <set>

#include "api/json.h"
#include "api/json_member.h"

namespace instance::qemu {
namespace {

constexpr seconds kUnplugTimeout{30};
/// A guest may say no to what it does not have free just now, such as a processor that has only come; QEMU does not ask twice.
constexpr seconds kAskAgain{2};

/// Ids in QEMU: letters, digits, "-", ".", "_", and node names of at most 31 bytes. Other names of devices are told apart by a hash.
std::string plain_name(const std::string& device) {
  bool plain = device.size() <= 24 && std::ranges::all_of(device, [](char c) { return isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_'; });
  if (plain) return device;
  uint64_t hash = 14695981039346656037u;
  for (unsigned char c : device) hash = (hash ^ c) * 1099511628211u;
  return std::format("hash_{:016x}", hash);
}

}  // namespace

Result<StringList> peripherals(const Context& ctx, qmp::Client& client) {
  Json answer = TRY(client.run(ctx, "qom-list", {{"path", "/machine/peripheral"}}));
  StringList out;
  if (answer.is_array())
    for (const Json& item : answer)
      if (api::member_text(item, "type").starts_with("child<")) out.push_back(api::member_text(item, "name"));
  return out;
}

std::string bus_of(const Context& ctx, qmp::Client& client, const std::string& name) {
  auto bus = client.run(ctx, "qom-get", {{"path", "/machine/peripheral/" + name}, {"property", "parent_bus"}});
  return bus && bus->is_string() ? split(bus->get<std::string>(), '/').back() : "";
}

std::string device_id(const std::string& device) { return "dev-incus_" + plain_name(device); }
std::string backend_id(const std::string& device) { return "incus_" + plain_name(device); }

Result<std::string> free_port(const Context& ctx, qmp::Client& client, const Place& place) {
  if (!place.port.empty()) return place.port;
  std::set<uint64_t> ports, used;
  for (const std::string& name : TRY(peripherals(ctx, client))) {
    if (name.starts_with(kPortPrefix)) {
      if (auto number = parse_uint(name.substr(kPortPrefix.size()))) ports.insert(*number);
      continue;
    }
    std::string bus = bus_of(ctx, client, name);
    if (bus.starts_with(kPortPrefix)) used.insert(parse_uint(bus.substr(kPortPrefix.size())).value_or(0));
  }
  for (uint64_t port : ports)
    if (!used.contains(port)) return std::format("{}{}", kPortPrefix, port);
  return fail(Code::unavailable, "The virtual machine has no free slot left: restart it to get new ones");
}

void undo_with(Reverter& undo, qmp::Client& client, std::string command, Json arguments) {
  std::string what = "QMP " + command;
  undo.add(std::move(what), [&client, command = std::move(command), arguments = std::move(arguments)](const Context& ctx) -> Result<> {
    (void)client.run(ctx, command, arguments);
    return {};
  });
}

Result<> lend_fd(const Context& ctx, qmp::Client& client, Reverter& undo, const std::string& name, int fd) {
  TRY(client.run(ctx, "getfd", {{"fdname", name}}, {fd}));
  undo_with(undo, client, "closefd", {{"fdname", name}});
  return {};
}

Result<std::string> add_fdset(const Context& ctx, qmp::Client& client, Reverter& undo, const std::string& opaque, int fd) {
  Json answer = TRY(client.run(ctx, "add-fd", {{"opaque", opaque}}, {fd}));
  auto id = answer.is_object() ? answer.find("fdset-id") : answer.end();
  if (id == answer.end() || !id->is_number_integer()) return fail(Code::internal, "QEMU did not say where it put a file");
  int64_t number = id->get<int64_t>();
  undo_with(undo, client, "remove-fd", {{"fdset-id", number}});
  return std::format("/dev/fdset/{}", number);
}

void drop_fdsets(const Context& ctx, qmp::Client& client, const std::string& opaque) {
  auto sets = client.run(ctx, "query-fdsets");
  if (!sets || !sets->is_array()) return;
  for (const Json& set : *sets) {
    auto fds = set.is_object() ? set.find("fds") : set.end();
    if (fds == set.end() || !fds->is_array() || !set.contains("fdset-id")) continue;
    if (std::ranges::any_of(*fds, [&](const Json& fd) { return api::member_text(fd, "opaque") == opaque; })) (void)client.run(ctx, "remove-fd", {{"fdset-id", set["fdset-id"]}});
  }
}

bool has_device(const Context& ctx, qmp::Client& client, const std::string& id) {
  auto all = peripherals(ctx, client);
  return all && contains(*all, id);
}

/// device_del, which only asks the guest.
Result<> ask_removal(const Context& ctx, qmp::Client& client, const std::string& id) {
  auto asked = client.run(ctx, "device_del", {{"id", id}});
  // Asked before, and still under way.
  if (asked || asked.error().code() == Code::not_found || asked.error().message().contains("already in the process of unplug")) return {};
  return Failure(asked.error());
}

Result<> remove_device(const Context& ctx, qmp::Client& client, const std::string& id) {
  if (!has_device(ctx, client, id)) return {};
  Context patient = ctx.with_timeout(kUnplugTimeout);
  TRY(ask_removal(patient, client, id));
  auto asked = Clock::now();
  for (milliseconds pause{10};; pause = std::min(pause * 2, milliseconds(200))) {
    auto all = peripherals(patient, client);
    if (all && !contains(*all, id)) return {};
    if (!all && all.error().code() == Code::unavailable) return Failure(all.error());
    if (patient.expired() && ctx.check()) return fail(Code::timeout, "The guest does not let go of the device");
    TRY(ctx.check());
    (void)patient.sleep(pause);
    if (Clock::now() - asked < kAskAgain || patient.expired()) continue;
    TRY(ask_removal(patient, client, id));
    asked = Clock::now();
  }
}

Result<> remove_backend(const Context& ctx, qmp::Client& client, std::string_view command, const Json& arguments) {
  Context patient = ctx.with_timeout(kUnplugTimeout);
  for (;;) {
    auto removed = client.run(patient, command, arguments);
    if (removed) return {};
    const std::string& why = removed.error().message();
    if (removed.error().code() == Code::not_found || why.contains("not found") || why.contains("Failed to find")) return {};
    if (!why.contains("busy") && !why.contains("in use")) return Failure(removed.error());
    TRY(patient.sleep(milliseconds(20)));
  }
}

Result<> run_raw_commands(const Context& ctx, qmp::Client& client, const StringMap& config, const std::string& stage) {
  std::string key = "raw.qemu.qmp." + stage, commands = get_or(config, key);
  if (commands.empty()) return {};
  Json list = TRY_CTX(api::parse_json(commands), "Failed to parse {} (expected a JSON list of objects)", key);
  if (!list.is_array()) return fail(Code::invalid, "Failed to parse {} (expected a JSON list of objects)", key);
  for (const Json& command : list) {
    std::string name = api::member_text(command, "execute");
    if (name.empty()) return fail(Code::invalid, "A command of {} has no \"execute\": {}", key, api::dump_json(command));
    auto arguments = command.find("arguments");
    TRY_CTX(client.run(ctx, name, arguments == command.end() ? Json() : *arguments), "Failed to run a command of {}", key);
  }
  return {};
}

}  // namespace instance::qemu
