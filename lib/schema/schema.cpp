#include "schema/schema.h"

#include "core/project_keys.h"
#include "core/server_keys.h"
#include "device/device.h"
#include "device/gpu.h"
#include "device/nic/nic.h"
#include "device/services.h"
#include "instance/keys.h"
#include "network/types.h"
#include "storage/driver.h"
#include "storage/keys.h"

namespace schema {

namespace {

std::vector<Table> collect() {
  std::vector<Table> list = {{"server", "", core::server_keys()}, {"instance", "", instance::keys()}, {"project", "", core::project_keys()}};
  for (const device::Type* type : device::types()) {
    std::string name(type->name);
    list.push_back({"device", name, type->keys({{"type", name}})});
  }
  for (const device::nic::Kind* kind : device::nic::kinds()) list.push_back({"nic", std::string(kind->name), kind->keys});
  for (const device::gpu::Kind& kind : device::gpu::kinds()) list.push_back({"gpu", std::string(kind.name), kind.keys});
  for (const network::Type* type : network::types()) list.push_back({"network", std::string(type->name), type->keys});
  list.push_back({"pool", "", storage::common_pool_keys()});
  list.push_back({"volume", "", storage::volume_keys()});
  return list;
}

}  // namespace

const std::vector<Table>& tables() {
  static const std::vector<Table> kTables = collect();
  return kTables;
}

config::Keys keys(std::string_view kind, std::string_view type) {
  for (const Table& table : tables()) {
    if (table.kind == kind && table.type == type) return table.keys;
  }
  return {};
}

StringList types(std::string_view kind) {
  StringList names;
  for (const Table& table : tables()) {
    if (table.kind == kind) names.push_back(table.type);
  }
  return names;
}

StringList pool_drivers() { return storage::driver_names(); }

}  // namespace schema
