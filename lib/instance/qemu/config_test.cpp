// What QEMU is told. The golden file is what the real Incus 7.0 tells it for the same machine, but for four paths: ours are names in the run folder,
// where QEMU starts, because paths of sockets have room for 107 bytes, and the variables of the firmware are opened before QEMU gives up root.
#include "instance/qemu/config.h"

#include <catch2/catch_test_macros.hpp>
#include <algorithm>

#include "instance/qemu/plug.h"

using namespace instance::qemu;

namespace {

Capabilities qemu10() {
  Capabilities qemu{.program = "/usr/bin/qemu-system-x86_64", .version = "10.0.0", .release = 10};
  qemu.devices = {"vhost-vsock-pci", "vhost-vsock-device", "vhost-user-vsock-pci", "virtio-9p-pci", "virtio-vga", "virtio-sound-pci"};
  qemu.spice = qemu.run_with_user = qemu.microvm = true;
  return qemu;
}

MachineSpec machine() {
  MachineSpec spec{.name = "v1", .uuid = "71ccab91-4af5-4104-8630-ecfc890e14c5", .generation = "71ccab91-4af5-4104-8630-ecfc890e14c5"};
  spec.accel = Accel::kvm;
  spec.cpu = {.count = 1, .max = 2};
  spec.memory = {.size = 1024ull << 20, .max = 23540ull << 20};
  spec.firmware = {"/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/run/v1/qemu.nvram"};
  spec.vsock = {.kind = VsockSpec::Kind::vhost, .cid = 604193369, .fd = 3};
  spec.config_drive.folder = "/var/lib/incus/devices/v1/config.mount";
  spec.run_folder = "/run/incus/v1";
  spec.log_file = "/var/log/incus/v1/qemu.log";
  spec.user = "nobody";
  device::RunConfig nic;
  nic.nics.push_back({.device = "eth0", .host_name = "tap1", .hwaddr = "10:66:6a:00:00:01", .kind = device::NicEntry::Kind::tap});
  spec.devices.push_back(nic);
  return spec;
}

std::string conf(const MachineSpec& spec, const Capabilities& qemu) {
  auto out = render(spec, qemu);
  REQUIRE(out);
  return out->conf;
}

}  // namespace

TEST_CASE("qemu.conf of a q35 machine is the one real Incus writes", "[qemu]") {
  auto golden = read_file("tests/golden/qemu-q35.conf");
  REQUIRE(golden);
  CHECK(conf(machine(), qemu10()) == *golden);
}

TEST_CASE("QEMU's arguments follow its version", "[qemu]") {
  MachineSpec spec = machine();
  Capabilities qemu = qemu10();
  auto out = arguments(spec, qemu);
  REQUIRE(out);
  CHECK(join(*out, " ").ends_with("-smbios type=2,manufacturer=LinuxContainers,product=Incus -run-with user=nobody"));
  qemu.run_with_user = false;
  CHECK(join(*arguments(spec, qemu), " ").ends_with("-runas nobody"));
  spec.incoming = true;
  spec.accel = Accel::tcg;
  spec.config["raw.qemu"] = "-device 'a b' -global x=\"y \\\" z\"";
  StringList argv = *arguments(spec, qemu);
  CHECK(contains(argv, "max,la57=off"));
  CHECK(StringList(argv.end() - 6, argv.end()) == StringList{"-incoming", "defer", "-device", "a b", "-global", "x=y \" z"});
  spec.config["raw.qemu"] = "'open";
  CHECK(arguments(spec, qemu).error().code() == Code::invalid);
}

TEST_CASE("What QEMU or the board lacks is left out or refused", "[qemu]") {
  MachineSpec spec = machine();
  Capabilities old = qemu10();
  old.devices = {"vhost-user-vsock-pci"};
  old.spice = false;
  CHECK(render(spec, old).error().code() == Code::unsupported);  // no vhost-vsock-pci
  spec.vsock = {.kind = VsockSpec::Kind::vhost_user, .fd = 5};
  std::string text = conf(spec, old);
  CHECK_FALSE(text.contains("spice"));
  CHECK_FALSE(text.contains("9p"));
  CHECK(text.contains("driver = \"VGA\""));
  CHECK(text.contains("[chardev \"qemu_vsock-chardev\"]\nbackend = \"socket\"\nfd = \"5\""));
  spec.stateful = true;  // then it is plugged
  CHECK_FALSE(conf(spec, old).contains("vsock"));
  spec.board = Board::microvm;
  CHECK(render(spec, old).error().message() == "A microvm starts a kernel directly, and the image carries none");
}

TEST_CASE("The firmware's variables reach an unprivileged QEMU as descriptors", "[qemu]") {
  MachineSpec spec = machine();
  spec.firmware.fds = {4, 5};
  CHECK(conf(spec, qemu10()).contains("file = \"/dev/fdset/1\""));
  CHECK_FALSE(conf(spec, qemu10()).contains(spec.firmware.vars));
  std::string words = join(*arguments(spec, qemu10()), " ");
  CHECK(words.contains("-add-fd fd=4,set=1 -add-fd fd=5,set=1"));
  CHECK(words.contains("-run-with user=nobody"));
  Capabilities old = qemu10();
  old.run_with_user = false;
  CHECK(join(*arguments(spec, old), " ").contains("-runas nobody"));
}

TEST_CASE("SPICE is named ahead of the config only where nobody changes its section", "[qemu]") {
  MachineSpec spec = machine();
  CHECK(config_head(spec, qemu10()) == "[spice]\n[boot-opts]\n");
  // Both sections come again, whole.
  std::string text = conf(spec, qemu10());
  CHECK(text.contains("[spice]\naddr = "));
  CHECK(text.contains("[boot-opts]\nstrict = "));
  spec.config["raw.qemu.conf"] = "[spice]\naddr = \"\"\ndisable-ticketing = \"\"\nunix = \"\"\n";
  CHECK(config_head(spec, qemu10()) == "");
  spec.config.clear();
  spec.board = Board::microvm;
  CHECK(config_head(spec, qemu10()) == "");
}

TEST_CASE("Ports for devices are known without asking", "[qemu]") {
  MachineSpec spec = machine();
  StringList free = render(spec, qemu10())->free_ports;
  REQUIRE(free.size() >= 8);
  CHECK(free[0] == "qemu_pcie4");  // the fifth port: enp5s0
  std::vector<device::RunConfig> devices(3);
  devices[0].drives.push_back({.device = "fast", .bus = "nvme"});
  devices[0].drives.push_back({.device = "root"});
  devices[1].nics.push_back({.device = "eth0"});
  devices[2].nics.push_back({.device = "usb", .bus = "usb"});
  spec.devices = devices;
  Places places = places_on(free, spec);
  CHECK(places.size() == 2);
  CHECK(places[device_id("eth0")].port == free[0]);
  CHECK(places[device_id("eth0")].vectors == 6);
  CHECK(places[device_id("fast")].port == free[1]);
  CHECK(places_on({}, MachineSpec()).empty());
  spec.config["raw.qemu"] = "-S";
  CHECK(render(spec, qemu10())->free_ports.empty());
}

TEST_CASE("Only KVM's processors are plugged: those of an emulated machine are made with it", "[qemu]") {
  MachineSpec spec = machine();
  spec.cpu = {.count = 3, .max = 4};
  CHECK(conf(spec, qemu10()).contains("cpus = \"1\"\nmaxcpus = \"4\""));
  spec.accel = Accel::tcg;
  CHECK(conf(spec, qemu10()).contains("cpus = \"3\"\nmaxcpus = \"4\""));
  spec.cpu.present = 4;
  CHECK(conf(spec, qemu10()).contains("cpus = \"4\"\nmaxcpus = \"4\""));
}

TEST_CASE("A microvm has its devices in the config", "[qemu]") {
  MachineSpec spec = machine();
  spec.board = Board::microvm;
  spec.accel = Accel::tcg;
  spec.kernel = {"/boot/vmlinuz", "", "console=ttyS0"};
  device::RunConfig disk;
  disk.drives.push_back({.device = "root", .path = "/var/root.img", .read_ops = 7});
  spec.devices.push_back(disk);
  std::string text = conf(spec, qemu10());
  CHECK(text.contains("type = \"microvm\""));
  CHECK(text.contains("[netdev \"incus_eth0\"]\ndownscript = \"no\"\nifname = \"tap1\""));
  CHECK(text.contains("throttling.iops-read = \"7\""));
  CHECK_FALSE(text.contains("pcie"));
  CHECK(join(*arguments(spec, qemu10()), " ").contains("-kernel /boot/vmlinuz -append console=ttyS0"));
}

TEST_CASE("Nothing gets out of its line in qemu.conf", "[qemu]") {
  for (const char* evil : {"/x\"\n[device]\n", "/x\nkey = 1", "/x\"y"}) {
    MachineSpec spec = machine();
    spec.config_drive.folder = evil;
    CHECK(render(spec, qemu10()).error().code() == Code::invalid);
    spec.config_drive.folder = "/good";
    spec.config["raw.qemu.conf"] = std::string("[machine]\ngraphics = \"a\\\"b\"");
    CHECK(render(spec, qemu10()).error().code() == Code::invalid);
  }
}

TEST_CASE("raw.qemu.conf changes, removes and adds", "[qemu]") {
  Sections base = {{"global", "first", {{"driver", "a"}, {"value", "1"}}}, {"global", "", {{"driver", "b"}}}, {"memory", "", {{"size", "1M"}}}};
  auto out = apply_override(base, "# a comment\n[global]\nvalue = \"2\"\ndriver = \"\"\n[global][1]\n\n[memory]\nsize = 5M\n[device \"new\"]\nid=x\n");
  REQUIRE(out);
  CHECK(to_text(*out) == "# first\n[global]\nvalue = \"2\"\n\n[memory]\nsize = \"5M\"\n\n[device \"new\"]\nid = \"x\"\n\n");
  for (const char* bad : {"size = 1", "[", "[]", "[a]b", "[a][x]", "[a]\nnovalue", "[a]\nk = \"open", "[a][99999999999]"}) {
    auto refused = apply_override(base, bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::invalid);
  }
}

TEST_CASE("PCI functions are in qemu.conf as real Incus writes them, in ports of their own after the NICs'", "[qemu]") {
  MachineSpec spec = machine();
  device::RunConfig disk, card, part;
  disk.pcis.push_back({.device = "disk", .address = "0000:01:00.0", .firmware = false});
  card.pcis.push_back({.device = "card", .address = "0000:02:00.0", .gpu = true, .vga = true, .siblings = {"0000:02:00.1"}});
  part.pcis.push_back({.device = "part", .address = "0000:03:00.0", .mdev = "71ccab91-4af5-4104-8630-ecfc890e14c5", .gpu = true});
  spec.devices.insert(spec.devices.end(), {disk, card, part});
  std::string text = conf(spec, qemu10());
  CHECK(text.contains("# PCI card (\"disk\" device)\n[device \"dev-incus_disk\"]\naddr = \"00.0\"\nbus = \"qemu_pcie5\"\ndriver = \"vfio-pci\"\n"
                      "host = \"0000:01:00.0\"\nmultifunction = \"on\"\nrombar = \"0\"\n"));
  CHECK(text.contains("# GPU card (\"card\" device)\n[device \"dev-incus_card\"]\naddr = \"00.0\"\nbus = \"qemu_pcie6\"\ndriver = \"vfio-pci\"\n"
                      "host = \"0000:02:00.0\"\nmultifunction = \"on\"\nx-vga = \"on\"\n"));
  CHECK(text.contains("# GPU card (\"card_00.1\" device)\n[device \"dev-incus_card_00.1\"]\naddr = \"00.1\"\nbus = \"qemu_pcie6\"\ndriver = \"vfio-pci\"\n"
                      "host = \"0000:02:00.1\"\n"));
  CHECK(text.contains("driver = \"vfio-pci\"\nmultifunction = \"on\"\nsysfsdev = \"/sys/bus/mdev/devices/71ccab91-4af5-4104-8630-ecfc890e14c5\"\n"));
  CHECK_FALSE(contains(render(spec, qemu10())->free_ports, "qemu_pcie5"));
  spec.board = Board::microvm;
  spec.kernel.kernel = "linux";
  CHECK(render(spec, qemu10()).error().code() == Code::unsupported);
}

TEST_CASE("Devices boot by their priority, then the root disk, disks, NICs", "[qemu]") {
  std::vector<device::RunConfig> all(1);
  all[0].nics.push_back({.device = "eth0"});
  all[0].nics.push_back({.device = "eth1", .boot_priority = 10});
  all[0].drives.push_back({.device = "data"});
  all[0].drives.push_back({.device = "root", .root = true});
  order_boot(all);
  CHECK(all[0].nics[1].boot_index == 1);
  CHECK(all[0].drives[1].boot_index == 2);
  CHECK(all[0].drives[0].boot_index == 3);
  CHECK(all[0].nics[0].boot_index == 4);
}

TEST_CASE("Names of devices become ids that QEMU takes", "[qemu]") {
  CHECK(device_id("root") == "dev-incus_root");
  CHECK(backend_id("root") == "incus_root");
  std::string odd = backend_id("my disk/with everything, and a long name");
  CHECK(odd.size() <= 31);
  CHECK(odd != backend_id("my disk/with everything, and a long nama"));
  CHECK(odd.find_first_of(" /,") == odd.npos);
}

TEST_CASE("Processors of KVM can be saved where the machine is to be", "[qemu]") {
  auto processor = [](const MachineSpec& spec) {
    StringList argv = *arguments(spec, qemu10());
    return *(std::ranges::find(argv, "-cpu") + 1);
  };
  MachineSpec spec = machine();
  CHECK(processor(spec) == "host,hv_passthrough");
  spec.nested = false;
  CHECK(processor(spec) == "host,hv_passthrough,migratable=no,+invtsc");
  spec.cpu.threads = 2;
  spec.nesting = false;
  CHECK(processor(spec) == "host,hv_passthrough,topoext,migratable=no,+invtsc,vmx=off,svm=off");
  spec.stateful = true;
  CHECK_FALSE(processor(spec).contains("passthrough"));
  CHECK_FALSE(processor(spec).contains("invtsc"));
  CHECK(processor(spec).contains("hv_time"));
}

TEST_CASE("Memory comes from the host's nodes", "[qemu]") {
  MachineSpec spec = machine();
  spec.cpu.nodes = {{.host_nodes = {1, 3}, .memory = 1024ull << 20, .cpus = {}}};
  CHECK(conf(spec, qemu10()).contains("host-nodes.0 = \"1\"\nhost-nodes.1 = \"3\"\npolicy = \"bind\"\nqom-type = \"memory-backend-memfd\"\nshare = \"on\"\nsize = \"1024M\""));
  CHECK_FALSE(conf(spec, qemu10()).contains("type = \"cpu\""));
  spec.memory.hugepages = "/dev/hugepages";
  spec.cpu.sockets = 2;
  spec.cpu.cores = spec.cpu.threads = 1;
  spec.cpu.nodes = {{.host_nodes = {0}, .memory = 512ull << 20, .cpus = {{0, 0, 0}}}, {.host_nodes = {1}, .memory = 512ull << 20, .cpus = {{1, 0, 0}}}};
  std::string text = conf(spec, qemu10());
  CHECK(text.contains("mem-path = \"/dev/hugepages\""));
  CHECK(text.contains("core-id = \"0\"\nnode-id = \"1\"\nsocket-id = \"1\"\nthread-id = \"0\"\ntype = \"cpu\""));
}
