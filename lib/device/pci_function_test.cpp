#include "device/pci_function.h"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;
using namespace device;

namespace {

/// A sysfs with a card of two functions in one IOMMU group, and a virtual function of the first.
struct Sysfs {
  Sysfs() : root(fs::temp_directory_path() / std::format("pci-test-{}", getpid())) {
    setenv("INCUS_SYSFS_DIR", root.c_str(), 1);
    add("0000:02:00.0", "PCI_SLOT_NAME=0000:02:00.0\nDRIVER=igb\n", "7");
    add("0000:02:00.1", "PCI_SLOT_NAME=0000:02:00.1\n", "7");
    add("0000:03:00.0", "PCI_SLOT_NAME=0000:03:00.0\n", "7");
    add("0000:02:10.0", "PCI_SLOT_NAME=0000:02:10.0\n", "");
    fs::create_directory_symlink("../0000:02:10.0", function_folder("0000:02:00.0") + "/virtfn0");
    fs::create_directory_symlink("../0000:02:00.0", function_folder("0000:02:00.0") + "/virtfn1");
    write(function_folder("0000:02:00.0") + "/sriov_numvfs", "2\n");
  }
  ~Sysfs() {
    unsetenv("INCUS_SYSFS_DIR");
    fs::remove_all(root);
  }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  void add(const std::string& address, const std::string& uevent, const std::string& group) const {
    fs::create_directories(function_folder(address));
    write(function_folder(address) + "/uevent", uevent);
    if (group.empty()) return;
    std::string folder = root / "kernel/iommu_groups" / group;
    fs::create_directories(folder + "/devices/" + address);
    fs::create_directory_symlink(folder, function_folder(address) + "/iommu_group");
  }
  fs::path root;
};

}  // namespace

TEST_CASE("PCI functions are read from sysfs", "[device]") {
  Sysfs sysfs;
  CHECK(full_address("02:0A.1") == "0000:02:0a.1");
  CHECK(full_address("0001:02:00.0") == "0001:02:00.0");
  auto function = function_at("0000:02:00.0");
  REQUIRE(function);
  CHECK(function->driver == "igb");
  CHECK(function_at("0000:02:00.1")->driver.empty());
  CHECK_FALSE(function_at("0000:09:00.0"));
  sysfs.add("usb", "DEVTYPE=usb_interface\nDRIVER=r8152\n", "");
  CHECK(function_at("usb")->usb);
  sysfs.add("odd", "MODALIAS=x\n", "");
  CHECK_FALSE(function_at("odd"));
}

TEST_CASE("A card's functions go together, others of the group do not", "[device]") {
  Sysfs sysfs;
  CHECK(iommu_group("0000:02:00.1") == "7");
  CHECK(iommu_group("0000:02:10.0").error().code() == Code::unsupported);
  CHECK(card_functions("0000:02:00.1") == StringList{"0000:02:00.0", "0000:02:00.1"});
  CHECK(card_functions("0000:02:10.0") == StringList{"0000:02:10.0"});
  CHECK(free_functions("0000:02:00.0") == std::vector<unsigned>{0});
  CHECK(virtual_function("0000:02:00.0", 0)->address == "0000:02:10.0");
}

TEST_CASE("A driver that does not take a function leaves it where it was", "[device]") {
  Sysfs sysfs;
  std::string folder = function_folder("0000:02:00.0");
  fs::create_directories(folder + "/driver");
  Sysfs::write(folder + "/driver/unbind", "");
  Sysfs::write(folder + "/driver_override", "(null)\n");
  Sysfs::write(sysfs.root / "bus/pci/drivers_probe", "");
  auto given = give_to_driver(Context(), *function_at("0000:02:00.0"), kVfioDriver);
  REQUIRE_FALSE(given);
  CHECK(given.error().code() == Code::timeout);
  CHECK(read_file(folder + "/driver_override")->starts_with("igb\n"));
  fs::create_directories(sysfs.root / "bus/pci/drivers/vfio-pci/0000:02:00.0");
  CHECK(give_to_driver(Context(), *function_at("0000:02:00.0"), kVfioDriver));
}
