#include "storage/driver.h"

namespace storage {

#define STORAGE_DRIVER(symbol) std::unique_ptr<Driver> make_##symbol##_driver(PoolInfo info);
#include "storage/drivers.def"
#undef STORAGE_DRIVER

namespace {
struct Row {
  std::string_view name;
  DriverFactory make;
};
constexpr Row kDrivers[] = {
#define STORAGE_DRIVER(symbol) {#symbol, make_##symbol##_driver},
#include "storage/drivers.def"
#undef STORAGE_DRIVER
};
}  // namespace

DriverFactory find_driver(std::string_view name) {
  for (const Row& row : kDrivers) {
    if (row.name == name) return row.make;
  }
  return nullptr;
}

StringList driver_names() {
  StringList names;
  for (const Row& row : kDrivers) names.emplace_back(row.name);
  return names;
}

}  // namespace storage
