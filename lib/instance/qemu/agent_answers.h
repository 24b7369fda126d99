// What an agent answers, taken apart. All of it is hostile input: sizes are bounded by the caller, everything else here.
#pragma once
#include <string>
#include <string_view>

#include "api/json.h"
#include "api/types/instance_state.h"
#include "base/strings.h"
#include "core/metrics.h"

namespace instance::qemu {

/// The metadata of an envelope. Errors: unavailable where it is none.
Result<Json> agent_metadata(std::string_view body);

/// A command that was accepted: nothing runs before all streams are connected.
struct AgentExec {
  std::string operation;  ///< its id, safe in URLs
  StringMap secrets;      ///< "0" and "control", and "1" and "2" unless interactive; safe in URLs
};
Result<AgentExec> parse_agent_exec(std::string_view body, bool interactive);
/// The exit code from the answer that tells a command's end; -1 where there is none. Errors: what the agent says failed.
Result<int> parse_agent_exit(int status, std::string_view body);

/// Interfaces with impossible names and addresses that are none are left out, as are control characters in texts.
Result<api::InstanceState> parse_agent_state(std::string_view body);
/// The same from the state alone (which comes through the serial port). Errors: invalid.
Result<api::InstanceState> read_agent_state(const Json& json);
/// Adds what is there; numbers that are none are left out.
Result<> add_agent_metrics(std::string_view body, core::MetricSet& set);

}  // namespace instance::qemu
