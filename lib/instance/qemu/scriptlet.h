// raw.qemu.scriptlet: a program of the administrator that sees a start at four stages and may change what QEMU is started with.
#pragma once
#include "instance/nvram.h"
#include "instance/qemu/config.h"
#include "instance/qemu/qmp/client.h"
#include "instance/view.h"

namespace instance::qemu {

/// What the scriptlet sees and may change at one stage.
struct ScriptletStage {
  std::string name;              ///< config, early, pre-start, post-start
  const Json& instance;          ///< scriptlet_instance()
  StringList& argv;              ///< argv[0], the program, is kept from it
  Sections& conf;
  qmp::Client* qmp = nullptr;    ///< none at the stage config, where QEMU is not there yet
  std::string vars_file;         ///< the firmware's variables, changed only at the stage config; empty: none
};

/// The instance as scriptlets see it, with all its members.
Json scriptlet_instance(const View& view);
/// Errors: invalid.
Result<> check_qemu_scriptlet(std::string_view source);
/// Errors: invalid `Failed running QEMU scriptlet at STAGE stage: …`, which ends the start. Blocks as long as its QMP commands do.
Result<> run_qemu_scriptlet(const Context& ctx, const std::string& source, ScriptletStage& stage);

}  // namespace instance::qemu
