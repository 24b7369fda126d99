// The API that instances see at /dev/incus/sock: their own config, devices, state and events (wire.md calls it the guest API).
#pragma once
#include "applets/daemon/route.h"
#include "applets/daemon/router.h"
#include "http/server.h"
#include "instance/manager.h"

namespace incusd {

/// One request of a guest. Answers have no envelope: text, JSON or a plain error line.
struct GuestCall {
  Daemon& daemon;
  http::Request& request;
  instance::InstancePtr instance;
};

class GuestApi {
 public:
  explicit GuestApi(Daemon& daemon);
  /// Opens <var>/guestapi/sock, which containers have mounted as /dev/incus.
  Result<> listen();
  void stop(Duration grace) { server_->stop(grace); }

 private:
  http::Plan plan(http::Request& request) const;

  Daemon& daemon_;
  std::unique_ptr<http::Server> server_;
};

/// GET /1.0/events: a websocket, or documents line by line for as long as the caller listens. No thread waits.
Result<http::Response> guest_events(GuestCall& call);

}  // namespace incusd
