// What the functions of a QEMU scriptlet share.
#pragma once
#include <optional>

#include "core/scriptlet.h"
#include "instance/qemu/scriptlet.h"

namespace instance::qemu {

struct QemuHost : core::ScriptletHost {
  QemuHost(const Context& ctx, ScriptletStage& stage) : ScriptletHost(std::format("QEMU scriptlet ({})", stage.name)), ctx(ctx), stage(stage) {}
  static QemuHost& of(starlark::Call& call) { return static_cast<QemuHost&>(call.machine.host()); }
  /// The variables, read when first asked for. Errors: invalid, internal.
  Result<FirmwareVariables*> variables();

  const Context& ctx;
  ScriptletStage& stage;
  std::string store;                          ///< the file's bytes
  std::optional<FirmwareVariables> nvram;
  bool nvram_changed = false;
  int64_t commands = 0;
};

/// Errors: invalid unless QEMU is there, or unless it is not there yet.
Result<> only_running(starlark::Call& call);
Result<> only_config(starlark::Call& call);

Result<starlark::Value> get_nvram_var(starlark::Call& call);
Result<starlark::Value> has_nvram_var(starlark::Call& call);
Result<starlark::Value> set_nvram_var(starlark::Call& call);
Result<starlark::Value> unset_nvram_var(starlark::Call& call);
Result<starlark::Value> get_raw_nvram_var(starlark::Call& call);
Result<starlark::Value> set_raw_nvram_var(starlark::Call& call);
Result<starlark::Value> list_nvram_vars(starlark::Call& call);

}  // namespace instance::qemu
