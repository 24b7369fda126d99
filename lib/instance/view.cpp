#include "instance/view.h"

namespace instance {

const db::snapshots::Row* View::snapshot(const std::string& name) const {
  for (const db::snapshots::Row& row : snapshots)
    if (row.name == name) return &row;
  return nullptr;
}

Result<RootDisk> root_disk(const api::DevicesMap& devices) {
  std::optional<RootDisk> found;
  for (const auto& [name, device] : devices) {
    if (get_or(device, "type") != "disk" || get_or(device, "path") != "/" || get_or(device, "pool").empty() || !get_or(device, "source").empty()) continue;
    if (found) return fail(Code::invalid, "More than one root device");
    found = RootDisk{name, get_or(device, "pool"), device};
  }
  if (!found) return fail(Code::invalid, "No root device could be found");
  return std::move(*found);
}

}  // namespace instance
