#include "instance/qemu/machine_launch.h"

#include <fcntl.h>
#include <stdio.h>

#include "instance/qemu/config.h"

namespace instance::qemu {
namespace {

/// The number that the vsock device's descriptor has in QEMU.
constexpr int kVsockFd = 3;
/// Those of the firmware's variables: QEMU opens the file anew when a state was saved, and chooses among them by the rights it wants.
constexpr std::pair<int, int> kVarsFds[] = {{4, O_RDWR}, {5, O_RDONLY}};

/// QEMU frees nothing before its machine is made, some 30 MB, and takes that in pages of 4 KiB: large ones save a sixth of its start, for 4 MB that it keeps.
const StringMap kEnvironment = {{"GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"}};

void rotate(const std::string& file) { rename(file.c_str(), (file + ".old").c_str()); }

/// What QEMU could not open as `spec.user`.
Result<std::vector<UniqueFd>> open_vars(MachineSpec& spec, std::vector<sys::PassedFd>& passed) {
  std::vector<UniqueFd> out;
  if (spec.user.empty() || spec.firmware.vars.empty()) return out;
  for (auto [number, mode] : kVarsFds) {
    out.emplace_back(open(spec.firmware.vars.c_str(), mode | O_CLOEXEC | O_NOFOLLOW));
    if (!out.back()) return fail_errno("Failed opening " + spec.firmware.vars);
    passed.push_back({out.back().get(), number});
    spec.firmware.fds.push_back(number);
  }
  return out;
}

}  // namespace

bool plugs_vsock(const MachineSpec& spec) { return spec.stateful && spec.board == Board::q35 && vsock_backend() == VsockBackend::helper; }

Result<std::shared_ptr<Launch>> begin_launch(const Context& ctx, const MachinePaths& paths, MachineSpec& spec, const VsockPlace& place) {
  auto found = host(ctx);
  if (!found->qemu) return fail(Code::unsupported, "Virtual machines are unavailable: {}", found->unavailable);
  paths.remove_sockets();
  for (const char* name : {"/qemu.log", "/console.log"}) rotate(paths.log + name);
  VsockDevice vsock = TRY_CTX(start_vsock(place), "Failed making the vsock device");
  spec.vsock.kind = vsock.backend == VsockBackend::kernel ? VsockSpec::Kind::vhost : VsockSpec::Kind::vhost_user;
  spec.vsock.cid = vsock.cid;
  spec.vsock.fd = kVsockFd;
  std::vector<sys::PassedFd> fds;
  auto vars = TRY(open_vars(spec, fds));
  if (!plugs_vsock(spec)) fds.push_back({vsock.fd.get(), kVsockFd});
  StringList argv = TRY(arguments(spec, *found->qemu));
  auto program = TRY_CTX(sys::StartedRun::start({.argv = std::move(argv), .extra_environment = kEnvironment, .cwd = paths.run, .fds = std::move(fds), .new_session = true}, true),
                         "Failed starting QEMU");
  if (std::string head = config_head(spec, *found->qemu); !head.empty()) TRY(program.feed(head));
  return std::make_shared<Launch>(std::move(found), std::move(vsock), std::move(program));
}

}  // namespace instance::qemu
