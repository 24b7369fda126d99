// Readers and id databases.
#include "resources/sysfs.h"

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>

namespace resources {
namespace {
namespace fs = std::filesystem;

/// The first id database of the list that is installed, with a newline before its first line.
std::string load_ids(std::initializer_list<const char*> paths) {
  for (const char* path : paths)
    if (auto content = read_file(path)) return "\n" + *content;
  return "";
}

std::string line_at(const std::string& database, size_t at) { return database.substr(at, database.find('\n', at) - at); }

/// Vendor lines begin a line with the id; their products follow, indented by one tab.
Names find_names(const std::string& database, const std::string& vendor_id, const std::string& product_id) {
  Names names;
  if (vendor_id.size() != 4) return names;
  size_t vendor = database.find("\n" + vendor_id + "  ");
  if (vendor == std::string::npos) return names;
  names.vendor = line_at(database, vendor + 7);
  for (size_t at = database.find('\n', vendor + 1); at != std::string::npos && at + 1 < database.size(); at = database.find('\n', at + 1)) {
    char first = database[at + 1];
    if (first == '#') continue;
    if (first != '\t') break;
    if (database.compare(at + 2, product_id.size() + 2, product_id + "  ") != 0) continue;
    names.product = line_at(database, at + 4 + product_id.size());
    break;
  }
  return names;
}

}  // namespace

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

std::string text(const std::string& path) {
  auto content = read_file(path);
  return content ? std::string(trim(*content)) : "";
}

std::optional<uint64_t> number(const std::string& path, int base) { return parse_uint(text(path), base); }
std::optional<int64_t> signed_number(const std::string& path) { return parse_int(text(path)); }

StringList entries(const std::string& path) {
  StringList names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

std::string real(const std::string& path) {
  std::error_code error;
  fs::path target = fs::canonical(path, error);
  return error ? "" : target.string();
}

std::string link_name(const std::string& path) { return fs::path(real(path)).filename(); }

uint64_t numa_node(const std::string& device) {
  int64_t node = signed_number(device + "/numa_node").value_or(0);
  return node > 0 ? static_cast<uint64_t>(node) : 0;
}

std::string device_folder(std::string path) {
  std::error_code error;
  while (fs::is_directory(path + "/device", error)) path += "/device";
  return path;
}

std::string pci_address(const std::string& device) {
  fs::path target = real(device_folder(device));
  if (target.empty() || !exists(target / "subsystem")) return "";
  std::string subsystem = link_name(target / "subsystem");
  if (subsystem == "virtio") {
    target = target.parent_path();
    subsystem = link_name(target / "subsystem");
  }
  return subsystem == "pci" ? target.filename().string() : "";
}

std::string usb_address(const std::string& device) {
  fs::path path = real(device);
  if (path.string().find("/usb") == std::string::npos) return "";
  for (; path.has_relative_path(); path = path.parent_path()) {
    auto bus = number(path / "busnum"), number_on_bus = number(path / "devnum");
    if (bus && number_on_bus) return std::format("{}:{}", *bus, *number_on_bus);
  }
  return "";
}

Driver driver_of(const std::string& device) {
  std::string path = device + "/driver";
  if (!exists(path)) return {};
  Driver driver{link_name(path), text(path + "/module/version")};
  utsname kernel{};
  if (driver.version.empty() && uname(&kernel) == 0) driver.version = kernel.release;
  return driver;
}

Names pci_names(const std::string& vendor_id, const std::string& product_id) {
  static const std::string database = load_ids({"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"});
  return find_names(database, vendor_id, product_id);
}

Names usb_names(const std::string& vendor_id, const std::string& product_id) {
  static const std::string database = load_ids({"/usr/share/hwdata/usb.ids", "/var/lib/usbutils/usb.ids", "/usr/share/misc/usb.ids"});
  return find_names(database, vendor_id, product_id);
}

}  // namespace resources
