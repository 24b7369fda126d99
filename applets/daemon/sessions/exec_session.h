// One command in an instance with its streams: over websockets, recorded in files, or thrown away (wire.md, section 5.1).
#pragma once
#include "api/types/instance_exec.h"
#include "applets/daemon/sessions/session.h"
#include "instance/manager.h"

namespace incusd {

class ExecSession : public Session {
 public:
  /// Without `wait_for_websocket` there are no streams, and the command starts at once.
  ExecSession(async::Runtime& runtime, instance::InstancePtr instance, api::InstanceExecPost post);
  /// What the operation shows from its beginning.
  Json metadata() const;

 private:
  using Pipe = std::shared_ptr<UniqueFd>;

  Result<> launch() override;
  void control(std::string_view text) override;
  void hung_up() override;
  void cancel() override;
  void ended(core::Operation& operation, const Result<>& result) override;

  instance::ExecRequest request(int in, int out, int err) const;
  Result<> begin(const instance::ExecRequest& request);
  Result<> launch_terminal();
  Result<> launch_pipes();
  Result<> launch_unattended();
  void signal(int number);
  void pump_out(const std::string& name, Pipe from);
  void exited();
  void drain(int quiet);
  void finish_now();

  const instance::InstancePtr instance_;
  std::mutex mutex_;  ///< guards what follows
  api::InstanceExecPost post_;
  std::unique_ptr<instance::ExecProcess> process_;
  std::shared_ptr<async::Runtime::Watch> exit_;
  std::shared_ptr<async::Runtime::Timer> timer_;
  std::vector<Pipe> outputs_;
  std::optional<int> code_;  ///< once it ended
  Clock::time_point drain_until_;
  Json record_;  ///< where the recorded output is
  int terminal_ = -1;
  int early_signal_ = 0;
  int pumping_ = 0;
};

}  // namespace incusd
