// One client at an instance's text console.
#pragma once
#include "api/types/instance_console.h"
#include "applets/daemon/sessions/session.h"
#include "instance/manager.h"

namespace incusd {

class ConsoleSession : public Session {
 public:
  ConsoleSession(async::Runtime& runtime, instance::InstancePtr instance, api::InstanceConsolePost post);

 private:
  Result<> launch() override;
  void control(std::string_view text) override;
  void hung_up() override;
  void cancel() override;
  void ended(core::Operation& operation, const Result<>& result) override;

  const instance::InstancePtr instance_;
  const api::InstanceConsolePost post_;
  std::mutex mutex_;
  std::shared_ptr<instance::ConsoleFds> terminal_;  ///< under mutex_
};

}  // namespace incusd
