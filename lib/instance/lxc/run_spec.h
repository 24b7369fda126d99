// What the container runtime needs to know to run one container: names, paths, expanded config, devices. The domain layer fills it before each start.
#pragma once
#include <string>
#include <vector>

#include "device/device.h"
#include "sys/idmap.h"

namespace instance {

/// An application image's entry point and surroundings; unset for system containers.
struct OciSpec {
  StringList command;          ///< process 1: an init system of the image, or our own with the entry point
  std::string cwd = "/";
  int64_t uid = 0, gid = 0;
  int64_t last_gid = 0;        ///< the highest group id that exists inside: all may ping
  std::vector<device::MountEntry> mounts;  ///< tmpfs mounts of the image, hosts, hostname and resolv.conf, and our init
  std::string network_folder;  ///< what the DHCP helper reads and writes
  std::string dhcp_log;
};

struct RunSpec {
  std::string project = "default";
  std::string name;           ///< also the host name
  std::string architecture;   ///< "x86_64", "i686", …: the API's word
  StringMap config;           ///< expanded config: limits.*, security.*, environment.*, linux.sysctl.*, raw.lxc, raw.seccomp are read from it
  std::string path;           ///< the instance's folder (its storage volume): holds rootfs/
  std::string rootfs;         ///< path of the root file system
  StringList rootfs_options;  ///< mount options of the root disk
  sys::IdMap idmap;           ///< empty: privileged
  bool rootfs_idmapped = false;  ///< the files belong to host ids as they are inside: mount with the map
  std::vector<device::RunConfig> devices;
  std::optional<OciSpec> oci;
};

}  // namespace instance
