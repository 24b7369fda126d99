#include "instance/qemu/vsock.h"

#include <fcntl.h>
#define VIRTIO_RING_NO_LEGACY  // its inline functions are C only
#include <linux/vhost.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "instance/qemu/vsock_socket.h"
#include "sys/connect.h"
#include "sys/fd_passing.h"
#include "sys/spawn.h"

namespace instance::qemu {
namespace {

constexpr uint32_t kFirstCid = 3;
constexpr uint32_t kProbeCid = 0x7ffffff3;

/// A device of the kernel's with this number. Errors: conflict (in use), unsupported (no such device).
Result<UniqueFd> open_vhost(uint32_t cid) {
  UniqueFd fd(open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC));
  if (!fd) return fail(Code::unsupported, "The kernel has no vhost-vsock");
  uint64_t number = cid;
  if (ioctl(fd.get(), VHOST_VSOCK_SET_GUEST_CID, &number) == 0) return fd;
  if (errno == EADDRINUSE) return fail(Code::conflict, "The vsock number {} is in use", cid);
  return fail_errno("Failed making a vhost-vsock device");
}

bool kernel_works() {
  UniqueFd own(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto device = open_vhost(kProbeCid);
  return own && (device || device.error().code() == Code::conflict);
}

/// splitmix64: well spread numbers from any seed.
uint64_t mix(uint64_t& state) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Result<> start_helper(const VsockPlace& place, VsockDevice& device) {
  auto [ours, theirs] = TRY(sys::socket_pair());
  UniqueFd control = TRY(listen_beside(place.run_folder));
  sys::SpawnSpec spec = sys::self_spec("forkvsock", {std::to_string(place.cid)});
  spec.fds = {{theirs.get(), 3}, {control.get(), 4}};
  spec.new_session = true;
  spec.cwd = "/";
  device.starting = TRY(sys::spawn(spec));
  device.fd = std::move(ours);
  return {};
}

Result<UniqueFd> connect_kernel(const Context& ctx, uint32_t cid, uint32_t port) {
  UniqueFd fd(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed making a vsock socket");
  sockaddr_vm address{.svm_family = AF_VSOCK, .svm_port = port, .svm_cid = cid};
  auto connected = sys::connect_socket(ctx, fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  int error = connected ? 0 : connected.error().sys_errno();
  if (error == ECONNRESET || error == ECONNREFUSED) return fail(Code::unavailable, "Nobody listens on port {} of the guest", port);
  if (error) return fail(Code::unavailable, "The guest cannot be reached");
  TRY(std::move(connected));
  return fd;
}

/// Reads the helper's three bytes, and nothing that comes behind them.
Result<std::string> read_answer(const Context& ctx, int fd) {
  std::string answer;
  while (answer.size() < 3) {
    TRY(ctx.wait_fd(fd, POLLIN));
    char buffer[3];
    ssize_t got = recv(fd, buffer, 3 - answer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) break;
    answer.append(buffer, static_cast<size_t>(got));
  }
  return answer;
}

}  // namespace

VsockBackend vsock_backend() {
  static const VsockBackend kFound = kernel_works() ? VsockBackend::kernel : VsockBackend::helper;
  return kFound;
}

Result<uint32_t> choose_cid(const std::string& uuid, std::optional<uint32_t> previous, const std::function<bool(uint32_t)>& taken) {
  if (previous && *previous >= kFirstCid && !taken(*previous)) return *previous;
  uint64_t state = 0xcbf29ce484222325;
  for (unsigned char byte : uuid) state = (state ^ byte) * 0x100000001b3;  // FNV-1a
  for (int i = 0; i < 1000; i++) {
    uint32_t candidate = static_cast<uint32_t>(mix(state));
    if (candidate >= kFirstCid && candidate != kProbeCid && candidate != VMADDR_CID_ANY && !taken(candidate)) return candidate;
  }
  return fail(Code::unavailable, "No free vsock number was found");
}

Result<VsockDevice> start_vsock(const VsockPlace& place) {
  VsockDevice out{.backend = vsock_backend(), .cid = place.cid, .fd = {}, .starting = {}};
  if (out.backend == VsockBackend::kernel) out.fd = TRY(open_vhost(place.cid));
  else TRY(start_helper(place, out));
  return out;
}

Result<> vsock_serves(const Context& ctx, VsockDevice& device) {
  if (!device.starting) return {};
  // It ends at once and leaves a child of init's behind that serves: nobody here has to reap that one.
  sys::ExitStatus status = TRY(device.starting.wait(ctx));
  if (!status.ok()) return fail(Code::internal, "The helper for the vsock device ended with {}", status.shell_code());
  return {};
}

Result<UniqueFd> connect_vsock(const Context& ctx, const VsockPlace& place, uint32_t port) {
  if (vsock_backend() == VsockBackend::kernel) return connect_kernel(ctx, place.cid, port);
  UniqueFd fd = TRY(call_helper(place.run_folder, "CONNECT", port));
  std::string answer = TRY(read_answer(ctx, fd.get()));
  if (answer == "OK\n") return fd;
  if (answer.empty()) return fail(Code::unavailable, "The guest has no vsock driver running");
  return fail(Code::unavailable, "Nobody listens on port {} of the guest", port);
}

}  // namespace instance::qemu
