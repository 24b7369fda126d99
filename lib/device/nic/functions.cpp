#include "device/nic/functions.h"

#include <algorithm>
#include <filesystem>

#include "db/networks.h"
#include "device/nic/uplink.h"
#include "network/attached.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

namespace fs = std::filesystem;

std::string folder(const std::string& interface) { return "/sys/class/net/" + interface; }

std::string text(const std::string& path) { return std::string(trim(read_file(path).value_or(""))); }

/// Cards with several ports may have the functions of all of them in one list.
bool of_same_port(const std::string& parent, const std::string& interface) {
  return std::ranges::all_of(std::initializer_list<const char*>{"/dev_port", "/dev_id"}, [&](const char* file) { return text(folder(parent) + file) == text(folder(interface) + file); });
}

/// Empty if it has none.
std::string interface_of(const PciFunction& function) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(function_folder(function.address) + "/net", error)) return entry.path().filename();
  return "";
}

}  // namespace

Result<std::set<std::string>> interfaces_in_use(const network::Environment& env) {
  std::set<std::string> out;
  for (const network::AttachedNic& nic : TRY(network::all_interfaces(env))) {
    out.insert(get_or(nic.config, "parent"));
    out.insert(get_or(nic.volatiles, "host_name"));
  }
  for (const auto& row : TRY(env.global.read([](db::Tx& tx) { return db::networks::load_all(tx); }))) out.insert(get_or(row.config, "parent"));
  out.erase("");
  return out;
}

uint64_t function_count(const std::string& parent) { return parse_uint(text(folder(parent) + "/device/sriov_numvfs")).value_or(0); }

Result<PciFunction> function_of_parent(const std::string& parent, const std::string& number) {
  return TRY_CTX(function_of(std::format("{}/device/virtfn{}", folder(parent), number)), "Failed getting PCI slot for VF {}", quote(number));
}

Result<std::vector<FreeFunction>> free_functions(sys::Netlink& netlink, const std::string& parent, const std::set<std::string>& used) {
  if (!fs::exists(folder(parent) + "/device/sriov_numvfs")) return fail(Code::invalid, "Parent device {} doesn't support SR-IOV", quote(parent));
  TRY(netlink.set_up(parent, true));
  std::vector<FreeFunction> out;
  for (int number = 0; number < static_cast<int>(function_count(parent)); number++) {
    // A function that has no interface has another driver.
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(std::format("{}/device/virtfn{}/net", folder(parent), number), error)) {
      std::string interface = entry.path().filename();
      if (used.contains(interface) || !of_same_port(parent, interface)) continue;
      auto link = netlink.link(interface);
      if (link && !link->up() && !has_global_address(*link)) out.push_back({interface, number});
    }
  }
  return out;
}

Result<> await_interface(const Context& ctx, sys::Netlink& netlink, const PciFunction& function, const std::string& interface) {
  constexpr seconds kPatience{10}, kNaming{1};
  Context patient = ctx.with_timeout(kPatience);
  auto began = Clock::now();
  for (milliseconds pause{10};; pause = std::min(pause * 2, milliseconds(1000))) {
    auto probed = probe(function.address);
    if (probed && sys::link_exists(interface)) return {};
    // Where nothing on the host names interfaces, the kernel takes the first free name.
    std::string other = interface_of(function);
    if (probed && !other.empty() && Clock::now() - began > kNaming && netlink.rename(other, interface)) return {};
    if (patient.sleep(pause)) continue;
    TRY(ctx.check());
    return fail(Code::timeout, "Failed binding interface {} after {} s{}", quote(interface), kPatience.count(), probed ? "" : ": " + probed.error().message());
  }
}

std::mutex& functions_lock() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace device::nic
