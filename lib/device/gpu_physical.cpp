// Whole graphics cards: their nodes for containers, the cards themselves for virtual machines.
#include <algorithm>
#include <filesystem>

#include "device/gpu.h"
#include "device/gpu_keys.h"
#include "device/node_files.h"
#include "device/pass_through.h"
#include "device/roles.h"

namespace device::gpu {
namespace {

namespace fs = std::filesystem;

/// NVIDIA's nodes that belong to no single card: nvidiactl, nvidia-uvm, …
StringList nvidia_common_nodes() {
  StringList out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/dev", error)) {
    std::string name = entry.path().filename();
    if (name.starts_with("nvidia") && !parse_uint(name.substr(6)) && read_node(entry.path())) out.push_back(entry.path());
  }
  return out;
}

class Nodes : public Gpu {
 public:
  Nodes(Host& host, const std::string& name, const StringMap& config) : Gpu(host, name, config), files_(host, name) {}

  Result<> validate() override { return check_selection(kPhysicalKeys); }

  Result<RunConfig> start(const Context&) override {
    TRY(check_environment());
    RunConfig out;
    bool nvidia = false;
    for (const api::ResourcesGPUCard& card : TRY(selected_cards())) {
      if (card.drm)
        for (const std::string& name : {card.drm->card_name, card.drm->render_name, card.drm->control_name})
          if (!name.empty()) TRY(add(out, "/dev/dri/" + name));
      if (!card.nvidia || card.nvidia->card_name.empty()) continue;
      nvidia = true;
      TRY(add(out, "/dev/" + card.nvidia->card_name));
    }
    // NVIDIA's own runtime brings them with it.
    if (nvidia && !is_true(get_or(host_.expanded_config(), "nvidia.runtime")))
      for (const std::string& path : nvidia_common_nodes()) TRY(add(out, path));
    return out;
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    for (const std::string& target : files_.targets())
      if (auto node = read_node(files_.path(target)); node && !files_.taken(target)) files_.add_to(out, *node, target);
    return out;
  }

  Result<> stop(const Context&) override {
    for (const std::string& target : files_.targets()) TRY(files_.remove(target));
    return {};
  }

 private:
  /// Nothing if the host has no such node.
  Result<> add(RunConfig& out, const std::string& path) const {
    auto node = read_node(path);
    if (!node) return {};
    std::string target = path.substr(1);
    bool taken = files_.taken(target);
    TRY(files_.make(*node, target, config_));
    if (!taken) files_.add_to(out, *node, target);
    return {};
  }

  NodeFiles files_;
};

/// Processes that have the node open: the driver would not let go of the card, and who asks it to would wait for ever. "1234 (Xorg)".
StringList users_of(const std::string& node) {
  StringList out;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    std::string pid = process.path().filename();
    if (!parse_uint(pid)) continue;
    std::error_code unreadable;
    for (const auto& fd : fs::directory_iterator(process.path() / "fd", unreadable)) {
      if (fs::read_symlink(fd.path(), unreadable) != node) continue;
      out.push_back(std::format("{} ({})", pid, trim(read_file(process.path() / "comm").value_or(""))));
      break;
    }
  }
  return out;
}

class Card : public Gpu, public FixedAtStart {
 public:
  Card(Host& host, const std::string& name, const StringMap& config) : Gpu(host, name, config), passed_(host, name) {}

  bool fixed() const override { return true; }
  Result<> validate() override { return check_selection(kMachineKeys); }

  Result<RunConfig> start(const Context& ctx) override {
    TRY(check_environment());
    api::ResourcesGPUCard card = TRY(selected_card("VMs cannot match multiple GPUs per device"));
    TRY(check_unused(card));
    PciFunction function = TRY_CTX(function_at(card.pci_address), "Failed to get PCI device info for GPU {}", quote(card.pci_address));
    TRY(passed_.take(ctx, function, true));
    return plugged();
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    auto entry = passed_.taken();
    if (!entry) return out;
    std::string folder = function_folder(entry->address);
    entry->gpu = true;
    // A virtual function's card goes on serving the host's screen.
    entry->vga = fs::exists(folder + "/boot_vga") && !fs::exists(folder + "/physfn");
    entry->siblings = card_functions(entry->address);
    std::erase(entry->siblings, entry->address);
    out.pcis.push_back(std::move(*entry));
    return out;
  }

  Result<> stop(const Context& ctx) override { return passed_.give_back(ctx, true); }

 private:
  static Result<> check_unused(const api::ResourcesGPUCard& card) {
    if (!card.nvidia || card.nvidia->card_name.empty()) return {};
    std::string node = "/dev/" + card.nvidia->card_name;
    StringList users = users_of(node);
    if (users.empty()) return {};
    return fail(Code::invalid, "Cannot use device {}, which {} processes have open: {}", quote(node), users.size(), join(users, ", "));
  }

  PassThrough passed_;
};

}  // namespace

std::unique_ptr<Device> create_physical(Services&, Host& host, const std::string& name, const StringMap& config) {
  if (host.is_container()) return std::make_unique<Nodes>(host, name, config);
  return std::make_unique<Card>(host, name, config);
}

}  // namespace device::gpu
