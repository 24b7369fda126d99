// One client at an instance's screen: each channel of the SPICE protocol is a websocket of its own, all with the same secret (wire.md, section 5.2).
#pragma once
#include "applets/daemon/sessions/session.h"
#include "instance/manager.h"

namespace incusd {

class GraphicsSession : public Session {
 public:
  GraphicsSession(async::Runtime& runtime, instance::InstancePtr instance);
  /// A channel, or the control stream with which the session begins and ends. Errors: forbidden (wrong secret), invalid (not running), unsupported.
  Result<> join(const std::string& secret, std::shared_ptr<http::WebSocket> socket);

 private:
  Result<> launch() override { return {}; }
  void control(std::string_view) override {}
  void hung_up() override { finish({}); }
  void cancel() override { finish(fail(Code::cancelled, "Operation cancelled")); }
  void ended(core::Operation& operation, const Result<>& result) override;

  const instance::InstancePtr instance_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<http::WebSocket>> channels_;  ///< under mutex_
  bool over_ = false;                                     ///< under mutex_
};

}  // namespace incusd
