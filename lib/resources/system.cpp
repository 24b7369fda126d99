// The machine itself: what its firmware says (DMI).
#include "resources/resources.h"
#include "resources/sysfs.h"
#include "sys/spawn.h"

namespace resources {
namespace {

const std::string kDmi = "/sys/class/dmi/id/";

/// SMBIOS chassis types, from 1 on.
constexpr std::string_view kChassis[] = {"Other", "Unknown", "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower", "Tower", "Portable",
    "Laptop", "Notebook", "Hand Held", "Docking Station", "All in One", "Sub Notebook", "Space-saving", "Lunch Box", "Main Server Chassis",
    "Expansion Chassis", "SubChassis", "Bus Expansion Chassis", "Peripheral Chassis", "RAID Chassis", "Rack Mount Chassis",
    "Sealed-case PC", "Multi-system chassis", "Compact PCI", "Advanced TCA", "Blade", "Blade Enclosure", "Tablet", "Convertible",
    "Detachable", "IoT Gateway", "Embedded PC", "Mini PC", "Stick PC"};

std::string detect_type() {
  Context ctx = Context::detached(seconds(5));
  auto says = [&](const char* flag) {
    auto output = sys::run(ctx, {"systemd-detect-virt", flag}, {.check = false});
    return output && output->status.ok();
  };
  if (!sys::find_program("systemd-detect-virt")) return "unknown";
  if (says("--container")) return "container";
  return says("--vm") ? "virtual-machine" : "physical";
}

}  // namespace

Result<api::ResourcesSystem> system() {
  static const std::string type = detect_type();
  api::ResourcesSystem out{.type = type};
  if (!exists("/sys/class/dmi/id")) return out;
  auto dmi = [](const char* name) { return text(kDmi + name); };
  out.uuid = dmi("product_uuid");
  out.vendor = dmi("sys_vendor");
  out.product = dmi("product_name");
  out.family = dmi("product_family");
  out.version = dmi("product_version");
  out.sku = dmi("product_sku");
  out.serial = dmi("product_serial");
  out.firmware = api::ResourcesSystemFirmware{dmi("bios_vendor"), dmi("bios_date"), dmi("bios_version")};
  uint64_t chassis = number(kDmi + "chassis_type").value_or(0);
  std::string chassis_type = chassis >= 1 && chassis <= std::size(kChassis) ? std::string(kChassis[chassis - 1]) : "";
  out.chassis = api::ResourcesSystemChassis{dmi("chassis_vendor"), chassis_type, dmi("chassis_serial"), dmi("chassis_version")};
  out.motherboard = api::ResourcesSystemMotherboard{dmi("board_vendor"), dmi("board_name"), dmi("board_serial"), dmi("board_version")};
  return out;
}

}  // namespace resources
