// Feeds arbitrary bytes to what reads a guest agent's answers: the first one picks the reader.
#include <cstdint>
#include <string_view>

#include "core/metrics.h"
#include "instance/qemu/agent_answers.h"
#include "instance/qemu/agent_status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace instance::qemu;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  core::MetricSet set;
  switch (data[0] % 5) {
    case 0: (void)parse_agent_exec(text, text.size() % 2); break;
    case 1: (void)parse_agent_exit(200, text); break;
    case 2: (void)parse_agent_state(text); break;
    case 3:
      (void)add_agent_metrics(text, set);
      (void)set.render();
      break;
    default: (void)parse_agent_ring(text); break;
  }
  return 0;
}
