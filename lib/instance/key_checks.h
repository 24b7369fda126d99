// Value checks of instance config keys.
#pragma once
#include "base/result.h"

namespace instance::check {

Result<> boolean(std::string_view value);
Result<> autostart(std::string_view value);
Result<> shutdown_action(std::string_view value);
Result<> evacuate(std::string_view value);
Result<> integer(std::string_view value);
Result<> uint32(std::string_view value);
Result<> priority(std::string_view value);
Result<> oom_priority(std::string_view value);
Result<> size(std::string_view value);
Result<> size_or_boolean(std::string_view value);
Result<> cpu(std::string_view value);
Result<> cpu_nodes(std::string_view value);
Result<> cpu_allowance(std::string_view value);
Result<> memory(std::string_view value);
Result<> soft_or_hard(std::string_view value);
Result<> absolute_path(std::string_view value);
Result<> one_line(std::string_view value);
Result<> environment(std::string_view value);
Result<> addresses(std::string_view value);
Result<> uuid(std::string_view value);
Result<> yaml(std::string_view value);
Result<> cloud_config(std::string_view value);
Result<> selinux_type(std::string_view value);
Result<> selinux_level(std::string_view value);
Result<> schedule(std::string_view value);
Result<> expiry(std::string_view value);
Result<> raw_lxc(std::string_view value);
Result<> raw_idmap(std::string_view value);
Result<> base64(std::string_view value);
Result<> accelerator(std::string_view value);
Result<> machine(std::string_view value);
Result<> label_rootfs(std::string_view value);

}  // namespace instance::check
