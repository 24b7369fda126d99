// What virtual machines can use on this host: QEMU and its devices, acceleration that really runs guests, firmware, helper programs.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/strings.h"
#include "instance/qemu/spec.h"

namespace instance::qemu {

/// What one QEMU binary can do, asked of itself over QMP once per binary.
struct Capabilities {
  std::string program;     ///< path of qemu-system-x86_64
  std::string version;     ///< "7.2.22"
  unsigned release = 0;     ///< 7, 10
  std::set<std::string> devices;   ///< interesting device types it has: "vhost-user-vsock-pci", "virtio-9p-pci", …
  bool spice = false;
  bool microvm = false;
  bool run_with_user = false;      ///< -run-with user= (9.0); before: -runas
  bool has(const std::string& device) const { return devices.contains(device); }
};

/// A firmware and the template of its variables.
struct Firmware {
  std::string code, vars;
};
enum class FirmwareUse { generic, secure_boot, csm };
/// The pairs of this host for a use, best first (INCUS_EDK2_PATH in front). Empty: install `ovmf` (csm: `seabios`).
std::vector<Firmware> firmwares(FirmwareUse use);

/// The host as virtual machines see it.
struct Host {
  std::optional<Capabilities> qemu;
  bool kvm = false;                ///< guest code really ran in it
  std::string kvm_reason;          ///< why not: "/dev/kvm is missing", "a guest's 64 bit code did not run"
  bool vhost_vsock = false, vhost_net = false;
  std::string img, swtpm, virtiofsd;  ///< paths of qemu-img, swtpm and virtiofsd; empty: missing
  bool firmware = false;           ///< for generic
  bool unsettled = false;          ///< QEMU was too slow to answer: the next call asks again
  std::string unavailable;         ///< why virtual machines cannot run, with what to install; empty: they can
  StringList missing;              ///< what else is missing and what goes without it, for a warning
};

/// Probes on first use, then remembers (thread-safe). Blocks up to 25 s at the first call, of which KVM takes at most 5.
/// A change of the QEMU program (upgrade) is noticed at the next call.
std::shared_ptr<const Host> host(const Context& ctx);
/// What host() found, if it was ever asked: never blocks, for lists.
std::shared_ptr<const Host> known_host();

/// Does KVM run guests here? Runs guest code of our own in a helper process (hidden applet forkkvm) with a deadline; remembered.
/// Success, or why not (unsupported).
Result<> kvm_works(const Context& ctx);

}  // namespace instance::qemu
