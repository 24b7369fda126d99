// One command that the agent runs, with its streams.
#pragma once
#include <functional>
#include <memory>

#include "client/channel.h"
#include "instance/instance.h"
#include "instance/qemu/agent_answers.h"

namespace instance::qemu {

/// Connections to one agent.
using OpenChannel = std::function<Result<client::Channel>(const Context&)>;

/// Starts `request` over `open`: one connection for the request and its end, one for each stream. Blocks until the command runs.
Result<std::unique_ptr<ExecProcess>> start_agent_exec(const Context& ctx, async::Runtime& runtime, const OpenChannel& open, const ExecRequest& request);

}  // namespace instance::qemu
