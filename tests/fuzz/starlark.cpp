// Runs arbitrary text as a scriptlet: whatever it is, it ends within its steps, memory and stack.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "starlark/machine.h"

namespace {

Result<starlark::Value> take(starlark::Call& call) {
  for (starlark::Value value : call.args)
    if (starlark::repr(value).size() > 16 << 20) abort();
  return call.machine.list(call.args);
}
constexpr starlark::Row kRows[] = {{"take", take}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto program = starlark::Program::compile("f", std::string_view(reinterpret_cast<const char*>(data), size), kRows);
  if (!program) return 0;
  starlark::Host host;
  starlark::Machine machine(*program, host, {.steps = 100'000, .memory = 4 << 20});
  if (!machine.init()) return 0;
  if (starlark::Value function = machine.global("f")) (void)machine.call(function, {machine.text("a"), starlark::integer(1)});
  return 0;
}
