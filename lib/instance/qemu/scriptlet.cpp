#include "instance/qemu/scriptlet.h"

#include <fcntl.h>

#include <algorithm>

#include "api/json_member.h"
#include "base/write_all.h"
#include "instance/qemu/scriptlet_host.h"
#include "instance/render.h"

namespace instance::qemu {
namespace {

using starlark::Call;
using starlark::Type;
using starlark::Value;

Json json_of(const Sections& sections) {
  Json out = Json::array();
  for (const Section& section : sections) out.push_back({{"name", section.name}, {"comment", section.comment}, {"entries", section.entries}});
  return out;
}

/// Nothing if it is no list of {"name", "comment", "entries"}.
std::optional<Sections> sections_of(const Json& list) {
  Sections out;
  for (const Json& one : list) {
    if (!one.is_object()) return std::nullopt;
    Section section;
    for (const auto& [key, value] : one.items()) {
      std::string* text = key == "name" ? &section.name : key == "comment" ? &section.comment : nullptr;
      if (text && !value.is_null() && !value.is_string()) return std::nullopt;
      if (text && value.is_string()) *text = value.get<std::string>();
      if (key != "entries" || value.is_null()) continue;
      if (!value.is_object()) return std::nullopt;
      for (const auto& [name, entry] : value.items()) {
        if (!entry.is_string()) return std::nullopt;
        section.entries[name] = entry.get<std::string>();
      }
    }
    out.push_back(std::move(section));
  }
  return out;
}

/// Names of QMP arguments to values. Errors: invalid.
Result<Json> named_json(Call& call) {
  Json out = Json::object();
  for (const starlark::Named& argument : call.named) out[std::string(argument.name)] = TRY(core::scriptlet_json(call.machine, argument.value));
  return out;
}

Result<Json> run_command_json(Call& call, std::string_view command, const Json& arguments) {
  QemuHost& host = QemuHost::of(call);
  return host.stage.qmp->run(host.ctx, command, arguments);
}

Result<Value> run_qmp(Call& call) {
  TRY(only_running(call));
  auto given = TRY(call.unpack({"command"}));
  if (!given[0].is(Type::kDict)) return call.wanted("dict", given[0], 0, "command");
  Json command = TRY(core::scriptlet_json(call.machine, given[0]));
  std::string name = api::member_text(command, "execute");
  Json arguments = command.contains("arguments") ? command["arguments"] : Json();
  Json reply = {{"return", TRY(run_command_json(call, name, arguments))}};
  reply["id"] = ++QemuHost::of(call).commands;
  return core::scriptlet_value(call.machine, reply, "", core::Numbers::real);
}

/// The result of a QMP command.
Result<Value> answer(Call& call, std::string_view command) {
  Json arguments = TRY(named_json(call));
  return core::scriptlet_value(call.machine, TRY(run_command_json(call, command, arguments)), "", core::Numbers::real);
}

/// Where the scriptlet made the call, in front of a message.
template <class... Parts>
Failure misused(Call& call, std::format_string<Parts...> format, Parts&&... parts) {
  starlark::Pos pos = call.machine.caller();
  return fail(Code::invalid, "{} ({}:{}): {}", call.row.name, pos.line, pos.column, std::format(format, std::forward<Parts>(parts)...));
}

Result<Value> run_command(Call& call) {
  TRY(only_running(call));
  if (call.args.size() != 1) return misused(call, "Expected exactly one positional argument, got {}", call.args.size());
  if (!call.args[0].is(Type::kString)) return misused(call, "The positional argument must be a string representing a QMP function");
  return answer(call, starlark::text_of(call.args[0]));
}

/// blockdev_add and its like: the QMP command of that name. QMP has dashes in it but for those of devices.
Result<Value> run_named(Call& call) {
  TRY(only_running(call));
  if (!call.args.empty()) return misused(call, "Expected only keyword arguments, got {} positional argument(s)", call.args.size());
  std::string command(call.row.name);
  if (!command.starts_with("device_") && !command.starts_with("netdev_")) std::ranges::replace(command, '_', '-');
  return answer(call, command);
}

Result<Value> get_qemu_cmdline(Call& call) {
  TRY(call.unpack({}));
  const StringList& argv = QemuHost::of(call).stage.argv;
  return core::scriptlet_value(call.machine, Json(StringList(argv.begin() + 1, argv.end())));
}

Result<Value> set_qemu_cmdline(Call& call) {
  TRY(only_config(call));
  auto given = TRY(call.unpack({"args"}));
  if (!given[0].is(Type::kList)) return call.wanted("list", given[0], 0, "args");
  StringList& argv = QemuHost::of(call).stage.argv;
  StringList fresh = {argv[0]};
  for (Value item : starlark::items_of(given[0])) {
    if (!item.is(Type::kString)) return fail(Code::invalid, "{} requires a list of strings", call.row.name);
    fresh.push_back(starlark::text_of(item));
    if (fresh.back().find('\0') != std::string::npos) return fail(Code::invalid, "A word of QEMU's arguments has a zero byte");
  }
  for (const char* boot : {"-bios", "-kernel"})
    if (contains(argv, boot) != contains(fresh, boot)) return fail(Code::invalid, "Addition or deletion of -bios or -kernel is unsupported");
  argv = std::move(fresh);
  return starlark::none();
}

Result<Value> get_qemu_conf(Call& call) {
  TRY(call.unpack({}));
  return core::scriptlet_value(call.machine, json_of(QemuHost::of(call).stage.conf));
}

Result<Value> set_qemu_conf(Call& call) {
  TRY(only_config(call));
  auto given = TRY(call.unpack({"conf"}));
  if (!given[0].is(Type::kList)) return call.wanted("list", given[0], 0, "conf");
  auto fresh = sections_of(TRY(core::scriptlet_json(call.machine, given[0])));
  if (!fresh) return fail(Code::invalid, "{} requires a valid configuration", call.row.name);
  QemuHost::of(call).stage.conf = std::move(*fresh);
  return starlark::none();
}

constexpr starlark::Row kRows[] = {
    {"log_info", core::scriptlet_log}, {"log_warn", core::scriptlet_log}, {"log_error", core::scriptlet_log},
    {"run_qmp", run_qmp}, {"run_command", run_command}, {"blockdev_add", run_named}, {"blockdev_del", run_named}, {"chardev_add", run_named},
    {"chardev_change", run_named}, {"chardev_remove", run_named}, {"device_add", run_named}, {"device_del", run_named}, {"netdev_add", run_named},
    {"netdev_del", run_named}, {"object_add", run_named}, {"object_del", run_named}, {"qom_get", run_named}, {"qom_list", run_named}, {"qom_set", run_named},
    {"get_qemu_cmdline", get_qemu_cmdline}, {"set_qemu_cmdline", set_qemu_cmdline}, {"get_qemu_conf", get_qemu_conf}, {"set_qemu_conf", set_qemu_conf},
    {"get_nvram_var", get_nvram_var}, {"has_nvram_var", has_nvram_var}, {"set_nvram_var", set_nvram_var}, {"unset_nvram_var", unset_nvram_var},
    {"get_raw_nvram_var", get_raw_nvram_var}, {"set_raw_nvram_var", set_raw_nvram_var}, {"list_nvram_vars", list_nvram_vars},
};

/// A function, so that the list is made when it is needed and not at the start of every role.
core::ScriptletKind kind() {
  static const core::ScriptletFunction kFunctions[] = {{"qemu_hook", false, {"instance", "stage"}}};
  return {"qemu", kRows, kFunctions};
}

/// In place: descriptors of it may be on their way to QEMU.
Result<> write_variables(QemuHost& host) {
  std::string store = TRY(replace_nvram(std::move(host.store), *host.nvram));
  UniqueFd fd(open(host.stage.vars_file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail_errno("Failed opening " + host.stage.vars_file);
  return write_all(fd.get(), store) ? Result<>() : fail_errno("Failed writing " + host.stage.vars_file);
}

Result<> run_stage(QemuHost& host, const std::string& source) {
  auto machine = TRY(core::load_scriptlet(kind(), source, host));
  Value instance = TRY(core::scriptlet_value(*machine, host.stage.instance, "Instance"));
  Value out = TRY(core::call_scriptlet(*machine, "qemu_hook", {{"instance", instance}, {"stage", machine->text(host.stage.name)}}));
  if (!out.is(Type::kNone)) return fail(Code::invalid, "Failed with unexpected return value: {}", starlark::repr(out));
  if (host.nvram_changed) TRY_CTX(write_variables(host), "Failed writing the NVRAM");
  return {};
}

}  // namespace

Result<> only_running(Call& call) {
  if (!QemuHost::of(call).stage.qmp) return fail(Code::invalid, "{} cannot be called at config stage", call.row.name);
  return {};
}

Result<> only_config(Call& call) {
  if (QemuHost::of(call).stage.qmp) return fail(Code::invalid, "{} can only be called at config stage", call.row.name);
  return {};
}

Json scriptlet_instance(const View& view) {
  api::TypeInfo fields = api::type_info<api::Instance>();
  for (api::Field& field : fields) field.omit_empty = false;  // an attribute that is not there would be an error
  api::Instance instance = render(view, Status::stopped);
  std::string text;
  api::append_object(text, fields, &instance);
  return api::parse_json(text).value_or(Json::object());
}

Result<> check_qemu_scriptlet(std::string_view source) { return source.empty() ? Result<>() : core::check_scriptlet(kind(), source); }

Result<> run_qemu_scriptlet(const Context& ctx, const std::string& source, ScriptletStage& stage) {
  QemuHost host(ctx, stage);
  TRY_CTX(run_stage(host, source), "Failed running QEMU scriptlet at {} stage", stage.name);
  return {};
}

}  // namespace instance::qemu
