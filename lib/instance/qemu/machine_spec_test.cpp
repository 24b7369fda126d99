// What keys ask of a machine: acceleration, CPUs, and the kernel that an image carries.
#include "instance/qemu/machine_spec.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "instance/qemu/direct_kernel.h"

using namespace instance::qemu;

namespace {

struct Folder {
  Folder() { REQUIRE(mkdtemp(path.data())); }
  ~Folder() { std::filesystem::remove_all(path); }
  void put(const std::string& name, std::string_view text) const { REQUIRE(write_file_atomic(path + "/" + name, text)); }
  std::string path = "/tmp/machine-spec.XXXXXX";
};

}  // namespace

TEST_CASE("One key chooses between KVM and emulation", "[qemu]") {
  Host with, without;
  with.kvm = true;
  CHECK(choose_accelerator("", with).value() == Accel::kvm);
  CHECK(choose_accelerator("auto", with).value() == Accel::kvm);
  CHECK(choose_accelerator("tcg", with).value() == Accel::tcg);
  CHECK(choose_accelerator("kvm", with).value() == Accel::kvm);
  CHECK(choose_accelerator("", without).value() == Accel::tcg);
  CHECK(choose_accelerator("auto", without).value() == Accel::tcg);
  auto forced = choose_accelerator("kvm", without);
  if (access("/dev/kvm", R_OK | W_OK) == 0) CHECK(forced.value() == Accel::kvm);
  else CHECK_FALSE(forced);
}

TEST_CASE("limits.cpu is a number, pins or a topology", "[qemu]") {
  CHECK(parse_cpus("").value().count == 1);
  CHECK(parse_cpus("3").value().count == 3);
  CHECK_FALSE(parse_cpus("3").value().fixed());
  CHECK(parse_cpus("0-2,5").value().pins == std::vector<int>{0, 1, 2, 5});
  auto topology = parse_cpus("sockets=2,cores=3,threads=2");
  REQUIRE(topology);
  CHECK(topology->count == 12);
  CHECK(topology->fixed());
  for (const char* bad : {"0", "5000", "sockets=0", "sockets=2,sockets", "dies=2", "sockets=4000,cores=4000", "a"}) CHECK_FALSE(parse_cpus(bad));
}

TEST_CASE("The kernel of an image is taken only if it is a plain file in the image", "[qemu]") {
  Folder volume, elsewhere;
  CHECK_FALSE(direct_kernel(volume.path));
  mkdir((volume.path + "/boot").c_str(), 0700);
  CHECK_FALSE(direct_kernel(volume.path));
  volume.put("boot/linux", "kernel");
  auto bare = direct_kernel(volume.path);
  REQUIRE(bare);
  CHECK(bare->kernel == volume.path + "/boot/linux");
  CHECK(bare->initrd.empty());
  CHECK(bare->command_line.empty());
  volume.put("boot/initrd", "files");
  volume.put("boot/cmdline", "console=hvc0 quiet\n");
  auto whole = direct_kernel(volume.path);
  REQUIRE(whole);
  CHECK(whole->initrd == volume.path + "/boot/initrd");
  CHECK(whole->command_line == "console=hvc0 quiet");
  volume.put("boot/cmdline", std::string(5000, 'x'));
  CHECK_FALSE(direct_kernel(volume.path));
  volume.put("boot/cmdline", "");
  elsewhere.put("secret", "x");
  unlink((volume.path + "/boot/initrd").c_str());
  REQUIRE(symlink((elsewhere.path + "/secret").c_str(), (volume.path + "/boot/initrd").c_str()) == 0);
  CHECK_FALSE(direct_kernel(volume.path));
  std::filesystem::remove_all(volume.path + "/boot");
  elsewhere.put("linux", "x");
  REQUIRE(symlink(elsewhere.path.c_str(), (volume.path + "/boot").c_str()) == 0);
  CHECK_FALSE(direct_kernel(volume.path));
}
