#include "instance/qemu/agent_status.h"

#include <algorithm>

#include "instance/qemu/agent_answers.h"

namespace instance::qemu {
namespace {

AgentStatus status_of(std::string_view line) {
  if (line == "STARTED") return AgentStatus::started;
  if (line == "STOPPED") return AgentStatus::stopped;
  return AgentStatus::unknown;
}

/// Takes the last complete line off `ring`.
std::string_view last_line(std::string_view& ring) {
  ring = ring.substr(0, ring.rfind('\n') == ring.npos ? 0 : ring.rfind('\n'));
  size_t start = ring.rfind('\n');
  std::string_view line = ring.substr(start == ring.npos ? 0 : start + 1);
  ring = ring.substr(0, start == ring.npos ? 0 : start + 1);
  return line;
}

}  // namespace

AgentReport parse_agent_ring(std::string_view ring) {
  AgentReport report;
  std::string_view line = last_line(ring);
  if (line.starts_with('{')) {
    auto json = api::parse_json(line);
    auto state = json ? read_agent_state(*json) : Result<api::InstanceState>(std::unexpected(json.error()));
    if (state && state->pid == 1) report.state = std::move(*state);
    line = last_line(ring);
  }
  report.status = status_of(line);
  return report;
}

}  // namespace instance::qemu
