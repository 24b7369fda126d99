#include "instance/state_room.h"

#include "base/units.h"
#include "core/state_size.h"
#include "instance/memory_limit.h"

namespace instance {

Result<> check_state_room(const View& view) {
  if (view.type() != Type::virtual_machine) return {};
  RootDisk root = TRY(root_disk(view.devices));
  std::string size = get_or(root.config, "size.state"), memory = get_or(view.config, "limits.memory");
  auto room = parse_byte_size(size.empty() ? core::kDefaultStateSize : size);
  if (!room) return fail(Code::invalid, "Invalid size.state {}", quote(size));
  int64_t needed = memory.empty() ? static_cast<int64_t>(kDefaultMachineMemory) : TRY(parse_memory_limit(memory));
  if (*room >= needed) return {};
  return fail(Code::invalid, "Stateful stop and snapshots require the instance limits.memory be less than or equal to the root disk size.state property ({} and {})",
              format_byte_size(needed), format_byte_size(*room));
}

}  // namespace instance
