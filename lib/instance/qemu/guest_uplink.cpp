#include "instance/qemu/guest_uplink.h"

#include <mutex>

#include "instance/guest_service.h"

namespace instance::qemu {
namespace {

constexpr uint32_t kPort = 8443;

/// One for all machines, made for the first. Each runtime (there is one in a daemon, several in tests) has its own.
Result<std::shared_ptr<VsockListener>> listener(async::Runtime& runtime) {
  static std::mutex mutex;
  static async::Runtime* owner = nullptr;
  static std::shared_ptr<VsockListener> made;
  std::lock_guard lock(mutex);
  if (made && owner == &runtime) return made;
  made = TRY(VsockListener::create(runtime, kPort, [](uint32_t cid, UniqueFd stream) {
    GuestService service = guest_service();
    if (service.serve) service.serve(cid, std::move(stream));
  }));
  owner = &runtime;
  return made;
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
