#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "device/host_nodes.h"
#include "sys/uevents.h"

using namespace device;
namespace fs = std::filesystem;

namespace {

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text << "\n";
}

/// A sysfs with a USB stick (a disk with one partition) and a serial adapter.
struct FakeSysfs {
  fs::path root = fs::temp_directory_path() / ("incusbox-sysfs-" + std::to_string(getpid()));
  fs::path usb = root / "devices/pci0000:00/0000:00:14.0/usb1";

  FakeSysfs() {
    add_usb("1-1", "0951", "1666", "ABC", "2", "189:1");
    add_usb("1-2", "0403", "6001", "", "3", "189:2");
    put(usb / "1-1/1-1:1.0/bInterfaceClass", "08");
    fs::create_directory_symlink(usb / "1-1/1-1:1.0", root / "bus/usb/devices/1-1:1.0");
    add_node("block", "8:16", usb / "1-1/1-1:1.0/block/sdb", "block", "sdb");
    add_node("char", "188:0", usb / "1-2/1-2:1.0/ttyUSB0", "tty", "ttyUSB0");
    add_node("char", "189:1", usb / "1-1", "usb", "bus/usb/001/002");
    add_node("char", "1:3", root / "devices/virtual/mem/null", "mem", "null");
  }
  ~FakeSysfs() { fs::remove_all(root); }

  void add_usb(const std::string& name, const std::string& vendor, const std::string& product, const std::string& serial, const std::string& number, const std::string& dev) {
    fs::path folder = usb / name;
    put(folder / "idVendor", vendor);
    put(folder / "idProduct", product);
    if (!serial.empty()) put(folder / "serial", serial);
    put(folder / "busnum", "1");
    put(folder / "devnum", number);
    put(folder / "dev", dev);
    fs::create_directories(root / "bus/usb/devices");
    fs::create_directory_symlink(folder, root / "bus/usb/devices" / name);
  }
  void add_node(const std::string& kind, const std::string& numbers, const fs::path& folder, const std::string& subsystem, const std::string& name) {
    put(folder / "uevent", "MAJOR=1\nMINOR=1\nDEVNAME=" + name);
    put(folder / "dev", numbers);
    fs::create_directories(root / "class" / subsystem);
    fs::create_directory_symlink(root / "class" / subsystem, folder / "subsystem");
    fs::create_directories(root / "dev" / kind);
    fs::create_directory_symlink(folder, root / "dev" / kind / numbers);
  }
  StringList found(std::vector<HostNode> (*find)(const std::string&, const StringMap&), const StringMap& config) const {
    StringList out;
    for (const HostNode& one : find(root, config))
      out.push_back(std::format("{} {}{}:{}", one.path, one.node.block ? 'b' : 'c', one.node.major_number, one.node.minor_number));
    return out;
  }
};

}  // namespace

TEST_CASE("USB devices are found by vendor, product, serial and place", "[device]") {
  FakeSysfs sysfs;
  StringList both = {"/dev/bus/usb/001/002 c189:1", "/dev/bus/usb/001/003 c189:2"};
  CHECK(sysfs.found(usb_nodes, {}) == both);
  CHECK(sysfs.found(usb_nodes, {{"vendorid", "0951"}}) == StringList{both[0]});
  CHECK(sysfs.found(usb_nodes, {{"productid", "6001"}}) == StringList{both[1]});
  CHECK(sysfs.found(usb_nodes, {{"serial", "ABC"}}) == StringList{both[0]});
  CHECK(sysfs.found(usb_nodes, {{"busnum", "1"}, {"devnum", "3"}}) == StringList{both[1]});
  CHECK(sysfs.found(usb_nodes, {{"busnum", "2"}}).empty());
  CHECK(usb_nodes("/nowhere", {}).empty());
}

TEST_CASE("what drivers make of USB devices is found by the device it hangs on", "[device]") {
  FakeSysfs sysfs;
  CHECK(sysfs.found(usb_driver_nodes, {{"vendorid", "0951"}}) == StringList{"/dev/sdb b8:16"});
  CHECK(sysfs.found(usb_driver_nodes, {{"vendorid", "0403"}, {"productid", "6001"}}) == StringList{"/dev/ttyUSB0 c188:0"});
  CHECK(sysfs.found(usb_driver_nodes, {{"pci", "0000:00:14.0"}}) == StringList{"/dev/sdb b8:16", "/dev/ttyUSB0 c188:0"});
  CHECK(sysfs.found(usb_driver_nodes, {{"pci", "0000:00:15.0"}}).empty());
}

TEST_CASE("uevents of network interfaces are told from others", "[sys]") {
  using namespace std::string_literals;
  CHECK(sys::is_network_event("add@/devices/virtual/net/veth1\0ACTION=add\0SUBSYSTEM=net\0"s));
  CHECK(sys::is_network_event("add@/x/queues/rx-0\0ACTION=add\0SUBSYSTEM=queues\0"s));
  CHECK_FALSE(sys::is_network_event("add@/devices/usb1/1-1\0ACTION=add\0SUBSYSTEM=usb\0"s));
  CHECK_FALSE(sys::is_network_event(""));
}
