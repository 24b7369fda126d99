#include "device/host_nodes.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace device {
namespace {

std::string text(const std::string& path) { return std::string(trim(read_file(path).value_or(""))); }

StringList entries(const std::string& folder) {
  StringList out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) out.push_back(entry.path().filename());
  std::ranges::sort(out);
  return out;
}

/// Is an unset key, or the value.
bool matches(const StringMap& config, const char* key, const std::string& value) {
  std::string wanted = get_or(config, key);
  return wanted.empty() || wanted == value;
}

/// "189:2"
std::optional<Node> parse_numbers(const std::string& numbers, bool block) {
  StringList parts = split(numbers, ':', 2);
  auto major_number = parse_uint(parts[0]), minor_number = parts.size() == 2 ? parse_uint(parts[1]) : std::nullopt;
  if (!major_number || !minor_number) return std::nullopt;
  return Node{block, static_cast<unsigned>(*major_number), static_cast<unsigned>(*minor_number)};
}

/// The USB device that a sysfs folder belongs to: the nearest folder above with a vendor.
std::string usb_device_of(std::filesystem::path folder) {
  for (; folder.has_relative_path(); folder = folder.parent_path())
    if (std::filesystem::exists(folder / "idVendor")) return folder;
  return "";
}

/// "…/0000:00:14.0/usb1/1-2/…" -> "0000:00:14.0"
std::string controller_of(const std::string& folder) {
  return std::filesystem::path(folder.substr(0, folder.find("/usb"))).filename();
}

std::optional<HostNode> driver_node(const std::string& folder, bool block, const StringMap& config) {
  std::string name;
  for (const std::string& line : split(text(folder + "/uevent"), '\n'))
    if (line.starts_with("DEVNAME=")) name = line.substr(8);
  std::error_code error;
  std::string subsystem = std::filesystem::read_symlink(folder + "/subsystem", error).filename();
  auto node = parse_numbers(text(folder + "/dev"), block);
  if (name.empty() || subsystem.starts_with("usb") || !node || node->major_number == 0) return std::nullopt;
  std::string usb = usb_device_of(folder);
  bool selected = !usb.empty() && matches(config, "vendorid", text(usb + "/idVendor")) && matches(config, "productid", text(usb + "/idProduct")) &&
                  matches(config, "pci", controller_of(folder));
  if (!selected) return std::nullopt;
  return HostNode{name.starts_with('/') ? name : "/dev/" + name, *node};
}

}  // namespace

std::string sysfs_folder() {
  const char* set = getenv("INCUS_SYSFS_DIR");
  return set ? set : "/sys";
}

std::vector<HostNode> usb_nodes(const std::string& sysfs, const StringMap& config) {
  std::vector<HostNode> out;
  std::string folder = sysfs + "/bus/usb/devices/";
  for (const std::string& name : entries(folder)) {
    auto value = [&](const char* file) { return text(folder + name + "/" + file); };
    std::string bus = value("busnum"), number = value("devnum");
    auto node = parse_numbers(value("dev"), false);
    auto bus_number = parse_uint(bus), device_number = parse_uint(number);
    if (!node || !bus_number || !device_number) continue;  // an interface, not a device
    if (!matches(config, "vendorid", value("idVendor")) || !matches(config, "productid", value("idProduct")) || !matches(config, "serial", value("serial")) ||
        !matches(config, "busnum", bus) || !matches(config, "devnum", number))
      continue;
    out.push_back({std::format("/dev/bus/usb/{:03}/{:03}", *bus_number, *device_number), *node});
  }
  return out;
}

UsbEntry usb_entry(const std::string& device, unsigned bus, unsigned address) { return {std::format("{}-{:03}-{:03}", device, bus, address), bus, address}; }

std::vector<HostNode> usb_driver_nodes(const std::string& sysfs, const StringMap& config) {
  std::vector<HostNode> out;
  for (const char* kind : {"block", "char"}) {
    std::string folder = std::format("{}/dev/{}/", sysfs, kind);
    for (const std::string& name : entries(folder)) {
      std::error_code error;
      std::string real = std::filesystem::canonical(folder + name, error);
      auto found = error || !real.contains("/usb") ? std::nullopt : driver_node(real, kind[0] == 'b', config);
      if (found) out.push_back(std::move(*found));
    }
  }
  return out;
}

}  // namespace device
