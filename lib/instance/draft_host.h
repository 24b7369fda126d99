// The host of devices that are only checked: of a profile, or of an instance that does not exist yet.
#pragma once
#include "device/device.h"
#include "instance/keys.h"
#include "instance/services.h"

namespace instance {

class DraftHost : public device::Host {
 public:
  DraftHost(const Services& services, const std::string& project, Type type, const StringMap& config, const std::map<std::string, StringMap>& devices)
      : project_(project), type_(type), config_(config), devices_(devices), base_(services.paths.var) {}

  const std::string& project() const override { return project_; }
  const std::string& name() const override { return name_; }
  bool is_container() const override { return type_ != Type::virtual_machine; }
  bool is_any_type() const override { return type_ == Type::any; }
  bool privileged() const override { return is_true(get_or(config_, "security.privileged")); }
  const StringMap& expanded_config() const override { return config_; }
  const std::map<std::string, StringMap>& expanded_devices() const override { return devices_; }
  std::string devices_path() const override { return base_ + "/devices/.none"; }
  std::string log_path() const override { return base_ + "/logs/.none"; }
  std::string run_path() const override { return base_ + "/run/.none"; }
  std::string rootfs_path() const override { return base_ + "/containers/.none/rootfs"; }
  pid_t init_pid() const override { return 0; }
  int64_t host_uid(int64_t uid) const override { return uid; }
  int64_t host_gid(int64_t gid) const override { return gid; }
  std::string volatile_get(const std::string&) const override { return ""; }
  Result<> volatile_set(const StringMap&) override { return {}; }

 private:
  std::string project_, name_;
  Type type_;
  StringMap config_;
  std::map<std::string, StringMap> devices_;
  std::string base_;
};

}  // namespace instance
