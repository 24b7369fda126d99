#include <algorithm>
#include <filesystem>

#include "applets/cli/admin/init.h"

namespace cli {
namespace {

Result<> check_storage_flags(Call& call, client::Server& server, bool has_pools) {
  std::string backend = call.flags.text("storage-backend");
  bool placed = call.flags.number("storage-create-loop") != -1 || !call.flags.text("storage-create-device").empty() || !call.flags.text("storage-pool").empty();
  static constexpr std::string_view kBackends[] = {"dir", "btrfs", "lvm", "zfs"};
  if (!backend.empty() && std::ranges::find(kBackends, backend) == std::end(kBackends)) {
    return fail(Code::invalid, "The requested backend '{}' isn't supported by init", backend);
  }
  if (!backend.empty()) {
    const Json& drivers = (*TRY(server.info(call.ctx)))["environment"]["storage_supported_drivers"];
    bool there = std::ranges::any_of(drivers, [&](const Json& driver) { return driver.value("Name", driver.value("name", "")) == backend; });
    if (!there) return fail(Code::invalid, "The requested backend '{}' isn't available on your system (missing tools)", backend);
  }
  if ((backend == "dir" || backend.empty()) && placed) {
    return fail(Code::invalid, "None of --storage-pool, --storage-create-device or --storage-create-loop may be used with the 'dir' backend");
  }
  if (call.flags.number("storage-create-loop") != -1 && !call.flags.text("storage-create-device").empty()) {
    return fail(Code::invalid, "Only one of --storage-create-device or --storage-create-loop can be specified");
  }
  if (has_pools && (!backend.empty() || placed)) return fail(Code::invalid, "Storage has already been configured");
  return {};
}

void add_pool(Call& call, api::InitLocalPreseed& preseed) {
  api::StoragePoolsPost pool;
  pool.name = "default";
  pool.driver = call.flags.text("storage-backend").empty() ? "dir" : call.flags.text("storage-backend");
  std::string device = call.flags.text("storage-create-device"), name = call.flags.text("storage-pool");
  int64_t loop = call.flags.number("storage-create-loop");
  if (!device.empty()) pool.config["source"] = device;
  else if (loop > 0) pool.config["size"] = std::format("{}GiB", loop);
  else pool.config["source"] = name;
  if (!name.empty() && (!device.empty() || loop != -1)) pool.name = name;
  preseed.storage_pools.push_back(pool);
  default_profile(preseed).devices["root"] = {{"type", "disk"}, {"path", "/"}, {"pool", pool.name}};
}

Result<bool> needs_network(Call& call, client::Server& server) {
  for (const Json& network : TRY(server.get(call.ctx, "/1.0/networks?recursion=1")).metadata) {
    if (network.value("managed", false)) return false;
  }
  auto profile = server.get(call.ctx, "/1.0/profiles/default");
  if (!profile) return true;
  for (const Json& device : profile->metadata["devices"]) {
    if (device.value("type", "") == "nic") return false;
  }
  return true;
}

void add_bridge(api::InitLocalPreseed& preseed) {
  int index = 0;
  while (std::filesystem::exists(std::format("/sys/class/net/incusbr{}", index))) index++;
  api::InitNetworksProjectPost network;
  network.name = std::format("incusbr{}", index);
  network.project = "default";
  preseed.networks.push_back(network);
  default_profile(preseed).devices["eth0"] = {{"type", "nic"}, {"network", network.name}, {"name", "eth0"}};
}

}  // namespace

Result<api::InitLocalPreseed> automatic_preseed(Call& call, client::Server& server) {
  api::InitLocalPreseed preseed;
  Json pools = TRY_CTX(server.get(call.ctx, "/1.0/storage-pools"), "Failed to retrieve list of storage pools").metadata;
  TRY(check_storage_flags(call, server, !pools.empty()));
  std::string address = call.flags.text("network-address");
  int64_t port = call.flags.number("network-port");
  if (address.empty() && port != -1) return fail(Code::invalid, "--network-port can't be used without --network-address");
  if (!address.empty()) {
    bool bare_v6 = address.contains(':') && !address.starts_with('[');
    preseed.config["core.https_address"] = std::format("{}:{}", bare_v6 ? "[" + address + "]" : address, port == -1 ? 8443 : port);
  }
  if (pools.empty()) add_pool(call, preseed);
  if (TRY(needs_network(call, server))) add_bridge(preseed);
  return preseed;
}

}  // namespace cli
