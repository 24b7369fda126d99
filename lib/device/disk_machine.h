// Disks of virtual machines: drives, and folders that are shared with the guest.
#pragma once
#include <memory>

#include "device/device.h"

namespace device {

/// Sources that are made for the instance: the agent's files, and cloud-init's.
inline constexpr std::string_view kAgentDrive = "agent:config", kCloudInitDrive = "cloud-init:config";

/// The folder of the instance's volume; its disk is root.img in it.
std::string machine_volume(const Host& host);
/// An eight byte number in hex digits after "0x". Errors: invalid.
Result<> is_wwn(std::string_view value);
/// What serves folders to guests: virtiofsd; empty where it is not installed.
std::string find_virtiofsd();

/// What the config of one disk asks of the runtime.
class MachineDisk {
 public:
  MachineDisk(Host& host, const std::string& name, const StringMap& config) : host_(host), name_(name), config_(config) {}

  /// A drive from the file or block device `path`; empty: one that is plugged already. Errors: invalid (limits).
  Result<RunConfig> drive(const std::string& path, std::shared_ptr<UniqueFd> hold = nullptr) const;
  /// The folder `path`, by virtiofsd where it is installed and io.bus doesn't want otherwise, else by 9p (which can't be plugged while it runs).
  /// Starts virtiofsd; stop_share() ends it. Errors: unsupported (io.bus=virtiofs without it), internal.
  Result<RunConfig> share(const Context& ctx, const std::string& path) const;
  /// What start() returned, for taking it out again. `share_path`: where a shared folder would be mounted.
  Result<RunConfig> plugged(const std::string& share_path) const;

 private:
  std::string get(const std::string& key) const { return get_or(config_, key); }
  ShareEntry entry(const std::string& path, bool virtiofs) const;
  Host& host_;
  const std::string& name_;
  const StringMap& config_;
};

/// Ends the virtiofsd of a device. Success if there is none.
Result<> stop_share(const Context& ctx, const Host& host, const std::string& name);

}  // namespace device
