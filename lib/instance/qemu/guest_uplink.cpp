#include "instance/qemu/guest_uplink.h"

#include "instance/guest_service.h"

namespace instance::qemu {
namespace {

constexpr uint32_t kPort = 8443;

void serve(uint32_t cid, UniqueFd stream) {
  GuestService service = guest_service();
  if (service.serve) service.serve(cid, std::move(stream));
}

}  // namespace

Result<std::shared_ptr<VsockListener>> GuestUplink::listener() {
  std::lock_guard lock(mutex_);
  if (!made_) made_ = TRY(VsockListener::create(runtime_, kPort, serve));
  return made_;
}

Result<> GuestUplink::attach(const VsockPlace& place) { return TRY(listener())->attach(place); }

Result<AgentConnection> GuestUplink::connection(bool guest_api) {
  GuestService service = guest_service();
  uint32_t port = TRY(listener())->port();
  std::string certificate = service.certificate ? TRY(service.certificate()) : "";
  return AgentConnection{.cid = 2, .port = port, .certificate = std::move(certificate), .guest_api = guest_api};
}

}  // namespace instance::qemu
