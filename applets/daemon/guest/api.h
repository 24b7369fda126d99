// The API that instances see at /dev/incus/sock: their own config, devices, state and events (wire.md calls it the guest API).
#pragma once
#include <optional>

#include "applets/daemon/route.h"
#include "applets/daemon/router.h"
#include "http/server.h"
#include "instance/manager.h"

namespace incusd {

/// One request of a guest.
struct GuestCall {
  Daemon& daemon;
  http::Request& request;
  instance::InstancePtr instance;
};

/// Containers get the content as it is: text, JSON or a plain error line. Agents of virtual machines get it in the envelope of the daemon's API.
struct GuestAnswer {
  Json content;
  bool text = false;   ///< a string, not JSON
  std::optional<http::Response> whole = {};  ///< instead: an answer that is the same for both
};

class GuestApi {
 public:
  explicit GuestApi(Daemon& daemon);
  ~GuestApi();
  /// Opens <var>/guestapi/sock, which containers have mounted as /dev/incus.
  Result<> listen();
  void stop(Duration grace);

 private:
  http::Plan plan(http::Request& request) const;
  void serve_machine(uint32_t vsock_id, UniqueFd stream);

  Daemon& daemon_;
  std::unique_ptr<http::Server> server_;
};

/// GET /1.0/events: a websocket, or documents line by line for as long as the caller listens. No thread waits.
Result<GuestAnswer> guest_events(GuestCall& call);

}  // namespace incusd
