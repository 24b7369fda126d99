#include <algorithm>
#include <filesystem>
#include <print>

#include "api/yaml.h"
#include "applets/cli/admin/init.h"
#include "applets/cli/ask.h"

namespace cli {
namespace {

StringList backends(client::Server& server, const Context& ctx) {
  StringList names;
  auto info = server.info(ctx);
  if (!info) return {"dir"};
  for (const Json& driver : (**info)["environment"]["storage_supported_drivers"]) {
    if (!driver.value("Remote", driver.value("remote", false))) names.push_back(driver.value("Name", driver.value("name", "")));
  }
  return names.empty() ? StringList{"dir"} : names;
}

Result<> ask_where(api::StoragePoolsPost& pool) {
  if (pool.driver == "dir") {
    std::string usual = var_path("storage-pools/" + pool.name);
    std::string source = TRY(ask_text(std::format("Where should this storage pool store its data? [default={}]: ", usual), usual));
    if (source != usual) pool.config["source"] = source;
    return {};
  }
  if (!TRY(ask_yes_no(std::format("Create a new {} pool? (yes/no) [default=yes]: ", to_upper(pool.driver)), "yes"))) {
    pool.config["source"] = TRY(ask_text(std::format("Name of the existing {} pool or dataset: ", to_upper(pool.driver)), ""));
  } else if (TRY(ask_yes_no("Would you like to use an existing empty block device (e.g. a disk or partition)? (yes/no) [default=no]: ", "no"))) {
    pool.config["source"] = TRY(ask_text("Path to the existing block device: ", ""));
  } else {
    std::string size = TRY(ask_text("Size in GiB of the new loop device (1GiB minimum) [default=30GiB]: ", "30GiB"));
    pool.config["size"] = size.ends_with("GiB") ? size : size + "GiB";
  }
  return {};
}

Result<> ask_storage(client::Server& server, const Context& ctx, api::InitLocalPreseed& preseed) {
  if (!TRY(ask_yes_no("Do you want to configure a new storage pool? (yes/no) [default=yes]: ", "yes"))) return {};
  for (;;) {
    api::StoragePoolsPost pool;
    pool.name = TRY(ask_text("Name of the new storage pool [default=default]: ", "default"));
    if (server.get(ctx, "/1.0/storage-pools/" + url_escape(pool.name))) {
      std::println("The requested storage pool \"{}\" already exists. Please choose another name.", pool.name);
      continue;
    }
    StringList names = backends(server, ctx);
    std::string usual = contains(names, "btrfs") ? "btrfs" : "dir";
    pool.driver = TRY(ask_choice(std::format("Name of the storage backend to use ({}) [default={}]: ", join(names, ", "), usual), names, usual));
    TRY(ask_where(pool));
    preseed.storage_pools.push_back(pool);
    default_profile(preseed).devices["root"] = {{"type", "disk"}, {"path", "/"}, {"pool", pool.name}};
    return {};
  }
}

Result<> check_subnet(const std::string& text) {
  if (text == "auto" || text == "none" || text.contains('/')) return {};
  return fail(Code::invalid, "{} is no CIDR subnet, auto or none", quote(text));
}

Result<> ask_family(api::InitNetworksProjectPost& network, int family) {
  std::string key = std::format("ipv{}", family);
  std::string address = TRY(ask_text(std::format("What IPv{} address should be used? (CIDR subnet notation, “auto” or “none”) [default=auto]: ", family), "auto", check_subnet));
  network.config[key + ".address"] = address;
  if (address == "auto" || address == "none") return {};
  bool nat = TRY(ask_yes_no(std::format("Would you like to NAT IPv{} traffic on your bridge? [default=yes]: ", family), "yes"));
  network.config[key + ".nat"] = nat ? "true" : "false";
  return {};
}

Result<> ask_existing_interface(api::InitLocalPreseed& preseed) {
  if (!TRY(ask_yes_no("Would you like to use an existing bridge or host interface? (yes/no) [default=no]: ", "no"))) return {};
  for (;;) {
    std::string name = TRY(ask_text("Name of the existing bridge or host interface: ", ""));
    std::string path = "/sys/class/net/" + name;
    if (name.contains('/') || !std::filesystem::exists(path)) {
      std::println("The requested interface doesn't exist. Please choose another one.");
      continue;
    }
    bool bridge = std::filesystem::exists(path + "/bridge");
    default_profile(preseed).devices["eth0"] = {{"type", "nic"}, {"nictype", bridge ? "bridged" : "macvlan"}, {"name", "eth0"}, {"parent", name}};
    return {};
  }
}

Result<> ask_network(client::Server& server, const Context& ctx, api::InitLocalPreseed& preseed) {
  if (!TRY(ask_yes_no("Would you like to create a new local network bridge? (yes/no) [default=yes]: ", "yes"))) return ask_existing_interface(preseed);
  for (;;) {
    api::InitNetworksProjectPost network;
    network.project = "default";
    network.name = TRY(ask_text("What should the new bridge be called? [default=incusbr0]: ", "incusbr0"));
    if (server.get(ctx, "/1.0/networks/" + url_escape(network.name))) {
      std::println("The requested network bridge \"{}\" already exists. Please choose another name.", network.name);
      continue;
    }
    TRY(ask_family(network, 4));
    TRY(ask_family(network, 6));
    preseed.networks.push_back(network);
    default_profile(preseed).devices["eth0"] = {{"type", "nic"}, {"network", network.name}, {"name", "eth0"}};
    return {};
  }
}

Result<> ask_server(api::InitLocalPreseed& preseed) {
  if (TRY(ask_yes_no("Would you like the server to be available over the network? (yes/no) [default=no]: ", "no"))) {
    std::string address = TRY(ask_text("Address to bind to (not including port) [default=all]: ", "all"));
    if (address == "all") address = "::";
    if (address.contains(':')) address = "[" + address + "]";
    int64_t port = TRY(ask_number("Port to bind to [default=8443]: ", 1, 65535, "8443"));
    preseed.config["core.https_address"] = std::format("{}:{}", address, port);
  }
  if (!TRY(ask_yes_no("Would you like stale cached images to be updated automatically? (yes/no) [default=yes]: ", "yes"))) {
    preseed.config["images.auto_update_interval"] = "0";
  }
  return {};
}

}  // namespace

Result<api::InitLocalPreseed> interactive_preseed(client::Server& server, const Context& ctx) {
  api::InitLocalPreseed preseed;
  default_profile(preseed);
  if (TRY(ask_yes_no("Would you like to use clustering? (yes/no) [default=no]: ", "no"))) {
    return fail(Code::unsupported, "Clustering isn't available in this version");
  }
  TRY(ask_storage(server, ctx, preseed));
  TRY(ask_network(server, ctx, preseed));
  TRY(ask_server(preseed));
  if (TRY(ask_yes_no("Would you like a YAML \"init\" preseed to be printed? (yes/no) [default=no]: ", "no"))) {
    std::println("{}", api::dump_yaml(api::to_json(preseed)));
  }
  return preseed;
}

}  // namespace cli
