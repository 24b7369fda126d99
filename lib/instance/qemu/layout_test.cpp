// How a machine was built up, learned from a stand-in for QEMU, kept in front of its saved state, and followed by the next start.
#include "instance/qemu/layout.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "instance/qemu/config.h"
#include "instance/qemu/qmp/stand_in.h"

using namespace instance::qemu;

namespace {

const Json kAnswers = {
    {"/machine type", "pc-q35-7.2-machine"},
    {"/machine memory", {{"size", 402653184}, {"slots", 8}, {"max-size", 4294967296}}},
    {"/machine/peripheral/qemu_scsi num_queues", 1},
    {"/machine/peripheral/dev-incus_eth0 parent_bus", "/machine/peripheral/qemu_pcie4/qemu_pcie4"},
    {"/machine/peripheral/dev-incus_eth0 vectors", 6},
    {"/machine/peripheral/dev-incus_root parent_bus", "/machine/peripheral/qemu_scsi/virtio-backend/qemu_scsi.0"},
    {"/machine/peripheral/dev-incus_root scsi-id", 1},
    {"query-memory-size-summary", {{"base-memory", 402653184}, {"plugged-memory", 134217728}}},
    {"query-memory-devices", {{{"type", "dimm"}, {"data", {{"id", "dimm2"}, {"size", 268435456}}}}, {{"type", "dimm"}, {"data", {{"id", "dimm1"}, {"size", 134217728}}}}}},
    {"query-hotpluggable-cpus", {{{"type", "x"}, {"props", {}}}, {{"type", "x"}, {"props", {}}, {"qom-path", "/machine/peripheral/cpu1"}}, {{"type", "x"}, {"qom-path", "/machine/unattached/device[0]"}}}},
};

std::string children() {
  Json out = Json::array();
  for (const char* name : {"qemu_pcie0", "qemu_pcie1", "qemu_pcie4", "qemu_scsi", "dev-incus_eth0", "dev-incus_root", "qemu_vsock"}) out.push_back({{"name", name}, {"type", "child<x>"}});
  return api::dump_json(out);
}

std::string answer(const Json& message) {
  std::string command = message.at("execute");
  if (command == "qmp_capabilities") return qmp::ok(message);
  if (command == "qom-list") return qmp::ok(message, children());
  if (command == "qom-get") command = message["arguments"]["path"].get<std::string>() + " " + message["arguments"]["property"].get<std::string>();
  if (kAnswers.contains(command)) return qmp::ok(message, api::dump_json(kAnswers[command]));
  return std::format("{{\"error\": {{\"class\": \"GenericError\", \"desc\": \"no {}\"}}, \"id\": {}}}\n", command, message.at("id").get<uint64_t>());
}

struct Machinery {
  Machinery() : runtime({.io_threads = 1, .max_workers = 4}) {}
  ~Machinery() { runtime.stop(); }
  async::Runtime runtime;
};

UniqueFd file_with(std::string_view text) {
  UniqueFd fd(memfd_create("state", MFD_CLOEXEC));
  REQUIRE(write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace

TEST_CASE("The layout of a running machine is learned, kept in front of its state and followed", "[qemu]") {
  Machinery machinery;
  Context ctx = Context().with_timeout(seconds(20));
  qmp::Peer peer(answer);
  auto client = qmp::Client::adopt(ctx, machinery.runtime, std::move(peer.client), {});
  REQUIRE(client);
  auto learned = layout_of(ctx, **client);
  REQUIRE(learned);
  UniqueFd file = file_with("");
  REQUIRE(write_layout(file.get(), *learned));
  REQUIRE(write(file.get(), "QEVM", 4) == 4);
  lseek(file.get(), 0, SEEK_SET);
  auto kept = read_layout(file.get());
  REQUIRE(kept);
  char rest[8] = {};
  CHECK(read(file.get(), rest, sizeof rest) == 4);
  CHECK(std::string(rest) == "QEVM");
  CHECK(kept->machine == "pc-q35-7.2");
  CHECK(kept->ports == 3);
  CHECK(kept->cpus == 2);
  CHECK(kept->first_cpus == 1);
  CHECK(kept->max_cpus == 3);
  CHECK(kept->dimms == std::vector<uint64_t>{134217728, 268435456});
  REQUIRE(kept->places.size() == 2);
  CHECK(kept->places["dev-incus_eth0"].port == "qemu_pcie4");
  CHECK(kept->places["dev-incus_eth0"].vectors == 6);
  CHECK(kept->places["dev-incus_root"].port == "");
  CHECK(kept->places["dev-incus_root"].scsi_id == 1);
  MachineSpec spec;
  spec.name = "v1";
  spec.cpu.count = 4;
  spec.memory.size = uint64_t{1} << 30;
  follow_layout(spec, *kept);
  Capabilities qemu{.version = "7.2"};
  auto made = sections(spec, qemu);
  REQUIRE(made);
  std::string text = to_text(*made);
  CHECK(text.contains("type = \"pc-q35-7.2\""));
  CHECK(text.contains("size = \"384M\""));
  CHECK(text.contains("maxmem = \"4096M\""));
  CHECK(text.contains("maxcpus = \"3\""));
}

TEST_CASE("Limits that a saved machine cannot come to are refused", "[qemu]") {
  Layout layout{.machine = "pc-q35-7.2", .cpus = 2, .first_cpus = 1, .max_cpus = 4, .memory = 1 << 30, .max_memory = uint64_t{2} << 30};
  MachineSpec spec;
  spec.accel = Accel::kvm;
  auto reaches = [&](unsigned cpus, unsigned sockets, uint64_t memory) {
    spec.cpu.count = cpus;
    spec.cpu.sockets = sockets;
    spec.memory.size = memory;
    return can_reach(spec, layout).has_value();
  };
  CHECK(reaches(1, 0, 1 << 20));
  CHECK(reaches(4, 0, uint64_t{2} << 30));
  CHECK_FALSE(reaches(5, 0, 1 << 30));
  CHECK(reaches(2, 1, 1 << 30));
  CHECK_FALSE(reaches(3, 1, 1 << 30));
  CHECK_FALSE(reaches(1, 0, (uint64_t{2} << 30) + 1));
  spec.accel = Accel::tcg;
  CHECK(reaches(2, 0, 1 << 30));
  CHECK_FALSE(reaches(1, 0, 1 << 30));
}

TEST_CASE("A file with a saved state that is not ours, or damaged, is refused", "[qemu]") {
  for (const char* text : {"", "QEVM", "QEVM\n", "{}\n", "{\"format\":\"incus-state-1\"}\n", "{\"format\":\"incus-state-1\",\"machine\":\"q35,accel=kvm\",\"memory\":1,\"cpus\":1}\n",
                           "{\"format\":\"incus-state-1\",\"machine\":\"q35\",\"memory\":0,\"cpus\":1}\n", "[[[[[[[[[[[[[[\n"}) {
    UniqueFd file = file_with(text);
    CHECK_FALSE(read_layout(file.get()));
  }
  UniqueFd endless = file_with(std::string(3 << 20, 'x'));
  CHECK_FALSE(read_layout(endless.get()));
  auto strange = parse_layout("{\"format\":\"incus-state-1\",\"machine\":\"q35\",\"memory\":1,\"cpus\":99999999,\"ports\":99999999,\"dimms\":{},\"places\":{\"a\":3,\"b\":{\"port\":7,\"scsi_id\":-2}}}");
  REQUIRE(strange);
  CHECK(strange->cpus == 4096);
  CHECK(strange->ports == 256);
  CHECK(strange->places["b"].port == "");
}
