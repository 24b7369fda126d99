// liblxc's configuration file for one start.
#pragma once
#include <string>

#include "instance/lxc/container.h"
#include "instance/lxc/run_spec.h"

namespace instance::lxc {

/// Lines `key = value`; refuses values that would start a line of their own.
class ConfigText {
 public:
  /// Errors: invalid if the value holds a newline.
  Result<> add(const std::string& key, const std::string& value);
  /// A line of lxc.mount.entry, with the paths escaped as fstab(5) wants.
  Result<> add_mount(const std::string& source, const std::string& target, const std::string& type, const StringList& options);
  void add_raw(const std::string& text) { text_ += text; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// What runs after the container ended: writes why into the file that kStopFileVariable names, and fails, so that liblxc doesn't
/// reboot by itself (the daemon does, with fresh devices).
inline constexpr const char* kStopFileVariable = "INCUSBOX_STOP_FILE";

/// `seccomp_file`: empty for no policy. Errors: invalid values.
Result<std::string> render_config(const RunSpec& spec, const ContainerPaths& paths, const std::string& seccomp_file);

}  // namespace instance::lxc
