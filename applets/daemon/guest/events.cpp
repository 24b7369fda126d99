#include "applets/daemon/daemon.h"
#include "applets/daemon/guest/api.h"
#include "core/event_stream.h"
#include "instance/guest_events.h"

namespace incusd {

Result<GuestAnswer> guest_events(GuestCall& call) {
  std::string asked = call.request.query.get("type");
  StringList types = split(asked.empty() ? "config,device" : asked, ',');
  int64_t id = call.instance->id();
  auto response = core::event_stream(call.daemon.runtime, call.request, [&daemon = call.daemon, id, types](core::Events::Listener listener) {
    return daemon.instances->guest_events().listen(id, types, std::move(listener));
  });
  return GuestAnswer{.content = {}, .whole = std::move(response)};
}

}  // namespace incusd
