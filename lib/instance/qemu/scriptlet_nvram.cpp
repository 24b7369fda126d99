// The functions of QEMU scriptlets for the firmware's variables.
#include "api/guid.h"
#include "instance/qemu/scriptlet_host.h"

namespace instance::qemu {
namespace {

using starlark::Call;
using starlark::Type;
using starlark::Value;

constexpr size_t kMaxStore = 16 << 20;
constexpr uint32_t kUsual = 7;  ///< non-volatile, seen by boot services and the running system

struct Wanted {
  std::string guid, given, name;
};
Result<Wanted> wanted(Call& call, Value guid, Value name) {
  std::string given(TRY(call.text(guid, 0, "guid")));
  std::string variable(TRY(call.text(name, 1, "name")));
  return Wanted{TRY(api::guid_of(given)), given, variable};
}

FirmwareVariable* find(FirmwareVariables& all, const Wanted& wanted) {
  auto group = all.find(wanted.guid);
  if (group == all.end()) return nullptr;
  auto found = group->second.find(wanted.name);
  return found == group->second.end() ? nullptr : &found->second;
}

Result<FirmwareVariable*> existing(Call& call, const Wanted& wanted) {
  FirmwareVariable* found = find(*TRY(QemuHost::of(call).variables()), wanted);
  if (!found) return fail(Code::invalid, "Variable {}:{} not found", wanted.given, wanted.name);
  return found;
}

Result<Value> store(Call& call, const Wanted& wanted, FirmwareVariable fresh) {
  if (!(fresh.attributes & kNonVolatile)) return fail(Code::invalid, "Volatile UEFI variables cannot be stored in the NVRAM");
  (*TRY(QemuHost::of(call).variables()))[wanted.guid][wanted.name] = std::move(fresh);
  QemuHost::of(call).nvram_changed = true;
  return starlark::none();
}

}  // namespace

Result<FirmwareVariables*> QemuHost::variables() {
  if (!nvram) {
    if (stage.vars_file.empty()) return fail(Code::invalid, "This virtual machine has no UEFI firmware and so no variables of it");
    store = TRY(read_file(stage.vars_file, kMaxStore));
    nvram = TRY(parse_nvram(store));
  }
  return &*nvram;
}

Result<Value> get_nvram_var(Call& call) {
  auto given = TRY(call.unpack({"guid", "name"}));
  Wanted what = TRY(wanted(call, given[0], given[1]));
  const FirmwareVariable& found = *TRY(existing(call, what));
  Json json = {{"data", nvram_value(what.guid, what.name, found.data)}, {"attributes", attribute_names(found.attributes)}};
  json["timestamp"] = found.timestamp ? Json(found.timestamp->rfc3339()) : Json();
  Value out = TRY(core::scriptlet_value(call.machine, json, "InstanceNVRAMVariable"));
  TRY(starlark::as<starlark::Table>(out).insert(call.machine, call.machine.text("binary"), call.machine.bytes(found.data)));
  return out;
}

Result<Value> has_nvram_var(Call& call) {
  auto given = TRY(call.unpack({"guid", "name"}));
  Wanted what = TRY(wanted(call, given[0], given[1]));
  return starlark::boolean(find(*TRY(QemuHost::of(call).variables()), what) != nullptr);
}

Result<Value> set_nvram_var(Call& call) {
  TRY(only_config(call));
  auto given = TRY(call.unpack({"guid", "name", "v"}));
  Wanted what = TRY(wanted(call, given[0], given[1]));
  Json body = TRY(core::scriptlet_json(call.machine, given[2]));
  return store(call, what, TRY(variable_of(what.guid, what.name, body)));
}

Result<Value> unset_nvram_var(Call& call) {
  TRY(only_config(call));
  auto given = TRY(call.unpack({"guid", "name"}));
  Wanted what = TRY(wanted(call, given[0], given[1]));
  TRY(existing(call, what));
  QemuHost& host = QemuHost::of(call);
  (*host.nvram)[what.guid].erase(what.name);
  host.nvram_changed = true;
  return starlark::none();
}

Result<Value> get_raw_nvram_var(Call& call) {
  auto given = TRY(call.unpack({"guid", "name"}));
  Wanted what = TRY(wanted(call, given[0], given[1]));
  return call.machine.bytes(TRY(existing(call, what))->data);
}

Result<Value> set_raw_nvram_var(Call& call) {
  TRY(only_config(call));
  auto given = TRY(call.unpack({"guid", "name", "v", "attributes??", "timestamp??"}));
  Wanted what = TRY(wanted(call, given[0], given[1]));
  if (!given[2].is(Type::kBytes)) return call.wanted("bytes", given[2], 2, "v");
  FirmwareVariable fresh{.attributes = kUsual, .timestamp = std::nullopt, .data = starlark::text_of(given[2])};
  if (given[3]) {
    int64_t number = TRY(call.number(given[3], 3, "attributes"));
    if (number < 0 || number > UINT32_MAX) return call.fail("for parameter attributes: {} out of range (want value in unsigned 32-bit range)", number);
    if (number != 0) fresh.attributes = static_cast<uint32_t>(number);
  }
  if (int64_t seconds = given[4] ? TRY(call.number(given[4], 4, "timestamp")) : 0) fresh.timestamp = Timestamp::from_unix(seconds);
  return store(call, what, std::move(fresh));
}

Result<Value> list_nvram_vars(Call& call) {
  auto given = TRY(call.unpack({"guid??"}));
  Json out = Json::object();
  std::string text = given[0] ? std::string(TRY(call.text(given[0], 0, "guid"))) : "";
  for (const auto& [guid, named] : *TRY(QemuHost::of(call).variables())) {
    Json names = Json::array();
    for (const auto& [name, variable] : named) names.push_back(name);
    out[guid] = std::move(names);
  }
  if (text.empty()) return core::scriptlet_value(call.machine, out);
  std::string guid = TRY(api::guid_of(text));
  if (!out.contains(guid)) return fail(Code::invalid, "GUID {} not found", text);
  return core::scriptlet_value(call.machine, out[guid]);
}

}  // namespace instance::qemu
