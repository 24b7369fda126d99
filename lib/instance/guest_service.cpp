#include "instance/guest_service.h"

#include <mutex>

namespace instance {
namespace {

std::mutex mutex;
GuestService offered;

}  // namespace

void offer_guest_service(GuestService service) {
  std::lock_guard lock(mutex);
  offered = std::move(service);
}

GuestService guest_service() {
  std::lock_guard lock(mutex);
  return offered;
}

}  // namespace instance
