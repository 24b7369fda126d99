#include "storage/driver.h"
#include "sys/spawn.h"

namespace storage {

#define STORAGE_DRIVER(symbol) std::unique_ptr<Driver> make_##symbol##_driver(PoolInfo info);
#include "storage/drivers.def"
#undef STORAGE_DRIVER

namespace {
struct Row {
  std::string_view name;
  DriverFactory make;
};

/// The command that tells how new a driver's tools are; drivers without one need none.
struct Tool {
  std::string_view driver;
  StringList command;
};
const Tool kTools[] = {{"btrfs", {"btrfs", "version"}}};

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

std::optional<std::string> driver_version(std::string_view name) {
  for (const Tool& tool : kTools) {
    if (tool.driver != name) continue;
    auto output = sys::run(Context().with_timeout(seconds(2)), tool.command);
    if (!output) return std::nullopt;
    // "btrfs-progs v6.16"
    size_t begin = output->out.find(" v");
    if (begin == std::string::npos) return std::nullopt;
    return output->out.substr(begin + 2, output->out.find_first_of(" \n", begin + 2) - begin - 2);
  }
  return "1";
}

StringList driver_names() {
  StringList names;
  for (const Row& row : kDrivers) names.emplace_back(row.name);
  return names;
}

}  // namespace storage
