// One command in an instance with its streams: over websockets, recorded in files, or thrown away (wire.md, section 5.1).
#pragma once
#include "api/types/instance_exec.h"
#include "core/command_session.h"
#include "instance/manager.h"

namespace incusd {

class ExecSession final : public core::CommandSession {
 public:
  ExecSession(async::Runtime& runtime, instance::InstancePtr instance, api::InstanceExecPost post);

 private:
  Result<std::unique_ptr<core::Command>> run(const core::CommandStreams& streams) override;
  Result<std::pair<UniqueFd, UniqueFd>> open_terminal() override;
  Result<> launch_unattended() override;
  void add_record(Json& last) override;

  const instance::InstancePtr instance_;
  Json record_;  ///< where the recorded output is
};

}  // namespace incusd
