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

Result<> start_program(Launch& launch, const MachinePaths& paths) {
  sys::SpawnSpec program{.argv = launch.argv, .extra_environment = kEnvironment, .cwd = paths.run, .fds = std::move(launch.fds), .new_session = true};
  launch.program.emplace(TRY_CTX(sys::StartedRun::start(std::move(program), true), "Failed starting QEMU"));
  launch.vars.clear();
  return {};
}

Result<std::shared_ptr<Launch>> begin_launch(const Context& ctx, const MachinePaths& paths, MachineSpec& spec, const VsockPlace& place) {
  auto found = host(ctx);
  if (!found->qemu) return fail(Code::unsupported, "Virtual machines are unavailable: {}", found->unavailable);
  paths.remove_sockets();
  for (const char* name : {"/qemu.log", "/console.log"}) rotate(paths.log + name);
  VsockDevice vsock = TRY_CTX(start_vsock(place), "Failed making the vsock device");
  spec.vsock.kind = vsock.backend == VsockBackend::kernel ? VsockSpec::Kind::vhost : VsockSpec::Kind::vhost_user;
  spec.vsock.cid = vsock.cid;
  spec.vsock.fd = kVsockFd;
  auto launch = std::make_shared<Launch>();
  launch->vars = TRY(open_vars(spec, launch->fds));
  if (!plugs_vsock(spec)) launch->fds.push_back({vsock.fd.get(), kVsockFd});
  launch->argv = TRY(arguments(spec, *found->qemu));
  launch->host = std::move(found);
  launch->vsock = std::move(vsock);
  if (!get_or(spec.config, "raw.qemu.scriptlet").empty()) return launch;
  TRY(start_program(*launch, paths));
  if (std::string head = config_head(spec, *launch->host->qemu); !head.empty()) TRY(launch->program->feed(head));
  return launch;
}

}  // namespace instance::qemu
