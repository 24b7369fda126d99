// MachineSpec -> what QEMU reads: its config (-readconfig) and the argument vector. No side effects: the same spec gives the same bytes.
// docs/interop/qemu-spec and qemu-options(7) of QEMU 7.2 to 10.
#pragma once
#include <utility>
#include <vector>

#include "instance/qemu/probe.h"
#include "instance/qemu/spec.h"

namespace instance::qemu {

/// One `[name "id"]` part of qemu.conf with its lines, sorted by key as upstream's are. Values may not contain quotes or newlines.
struct Section {
  std::string name;      ///< `device "qemu_rng"`
  std::string comment;
  StringMap entries;
};
using Sections = std::vector<Section>;

struct Rendered {
  std::string conf;      ///< text of qemu.conf
  Sections sections;     ///< what conf says
  StringList free_ports; ///< PCI express ports that nothing in conf is on, in their order; empty if that isn't known (raw.qemu may use any)
};

/// argv[0] is the program. Does not depend on the devices: QEMU starts while they are made. Errors: invalid (raw.qemu that can't be parsed).
Result<StringList> arguments(const MachineSpec& spec, const Capabilities& qemu);
/// What may be said of the config before the rest is known, because it makes QEMU load what takes long: behind it comes Rendered::conf. Empty: nothing.
std::string config_head(const MachineSpec& spec, const Capabilities& qemu);
/// Errors: invalid (raw.qemu.conf that can't be parsed, a value with a newline), unsupported (the spec needs what this QEMU lacks).
/// The caller starts arguments() with the run folder as working directory and conf as standard input, and unlocks it over QMP
/// (<run_folder>/qemu.monitor): plug.h for devices, then `cont`.
Result<Rendered> render(const MachineSpec& spec, const Capabilities& qemu);

/// The sections before raw.qemu.conf is applied, for tests and for `render`.
Result<Sections> sections(const MachineSpec& spec, const Capabilities& qemu);
/// raw.qemu.conf laid over them: `[section]`, `[section][2]` for the third of a name, `key = "value"`, empty value removes a key, a
/// section without keys is removed, unknown ones are added. Errors: invalid with the line number.
Result<Sections> apply_override(Sections sections, const std::string& text);
std::string to_text(const Sections& sections);
/// Errors: invalid: a name or value that would not stay in its line.
Result<> check_sections(const Sections& sections);

/// Words of raw.qemu, split as a shell would split them (quotes, backslashes), never run by one. Errors: invalid.
Result<StringList> split_words(std::string_view text);

}  // namespace instance::qemu
