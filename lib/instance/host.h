// What devices see of their instance.
#pragma once
#include "device/roles.h"
#include "instance/object.h"
#include "sys/idmap.h"

namespace instance {

/// Made for one action; keeps the view it was made with, so references stay valid. Volatile keys go to the live instance.
class Host : public device::Host, public device::DriveMaker {
 public:
  Host(InstancePtr instance, ViewPtr view);
  explicit Host(const InstancePtr& instance) : Host(instance, instance->view()) {}

  const std::string& project() const override { return view_->row.project; }
  const std::string& name() const override { return view_->row.name; }
  bool is_container() const override { return view_->type() == Type::container; }
  bool privileged() const override { return view_->privileged(); }
  const StringMap& expanded_config() const override { return view_->config; }
  const std::map<std::string, StringMap>& expanded_devices() const override { return view_->devices; }
  std::string devices_path() const override { return instance_->devices_path(); }
  std::string log_path() const override { return instance_->log_path(); }
  std::string run_path() const override { return instance_->run_path(); }
  std::string rootfs_path() const override { return instance_->path() + "/rootfs"; }
  pid_t init_pid() const override;
  int64_t host_uid(int64_t uid) const override;
  int64_t host_gid(int64_t gid) const override;
  std::string volatile_get(const std::string& key) const override;
  Result<> volatile_set(const StringMap& changes) override;
  Result<std::string> make_drive(const Context& ctx, const std::string& source) override;

 private:
  InstancePtr instance_;
  ViewPtr view_;
  sys::IdMap idmap_;
};

}  // namespace instance
