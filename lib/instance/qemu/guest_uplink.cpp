#include "instance/qemu/guest_uplink.h"

#include <mutex>
#include <vector>

#include "instance/guest_service.h"

namespace instance::qemu {
namespace {

constexpr uint32_t kPort = 8443;

/// One for all machines, made for the first. Each runtime (there is one in a daemon, several in tests) has its own. None is ever destroyed: what they
/// wait for belongs to their runtime, which is gone when a process destroys what is static.
Result<std::shared_ptr<VsockListener>> listener(async::Runtime& runtime) {
  static std::mutex mutex;
  static auto& made = *new std::vector<std::pair<async::Runtime*, std::shared_ptr<VsockListener>>>;
  std::lock_guard lock(mutex);
  if (!made.empty() && made.back().first == &runtime) return made.back().second;
  auto created = TRY(VsockListener::create(runtime, kPort, [](uint32_t cid, UniqueFd stream) {
    GuestService service = guest_service();
    if (service.serve) service.serve(cid, std::move(stream));
  }));
  made.emplace_back(&runtime, created);
  return created;
}

}  // namespace

Result<> attach_guest(async::Runtime& runtime, const VsockPlace& place) { return TRY(listener(runtime))->attach(place); }

Result<AgentConnection> guest_connection(async::Runtime& runtime, bool guest_api) {
  GuestService service = guest_service();
  AgentConnection out{.cid = 2, .port = TRY(listener(runtime))->port(), .certificate = {}, .guest_api = guest_api};
  if (service.certificate) out.certificate = TRY(service.certificate());
  return out;
}

}  // namespace instance::qemu
