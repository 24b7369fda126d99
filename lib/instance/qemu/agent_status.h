// What an agent says through its serial port: lines in a ring buffer that QEMU keeps, written again every few seconds.
#pragma once
#include <optional>
#include <string_view>

#include "api/types/instance_state.h"

namespace instance::qemu {

/// Bytes of the ring, both for QEMU's chardev and for reading it.
constexpr int kAgentRingSize = 16 << 10;

enum class AgentStatus { unknown, started, stopped };

struct AgentReport {
  AgentStatus status = AgentStatus::unknown;
  /// Set by agents that cannot be reached over vsock: their state comes along with the status.
  std::optional<api::InstanceState> state;
};

/// The last complete line counts (and a state behind it). Anything else says nothing: unknown, which leaves what was known before. Hostile input.
AgentReport parse_agent_ring(std::string_view ring);

}  // namespace instance::qemu
