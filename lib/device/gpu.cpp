// gpu: the nodes of whole graphics cards of the host (gputype physical).
#include <algorithm>
#include <filesystem>

#include "config/file_checks.h"
#include "device/nic/keys.h"
#include "device/node_files.h"
#include "device/services.h"
#include "resources/resources.h"

namespace device {
namespace {

constexpr config::Key kKeys[] = {
    {.name = "gid", .group = "gpu_physical", .def = "0", .required = "no", .summary = "Group that owns the nodes in the instance", .check = config::is_unix_id},
    {.name = "gputype", .group = "gpu_physical", .def = "physical", .required = "no", .summary = "Kind of the device: physical"},
    {.name = "id", .group = "gpu_physical", .required = "no", .summary = "Number of the DRM card"},
    {.name = "mode", .group = "gpu_physical", .def = "0660", .required = "no", .summary = "Mode of the nodes in the instance", .check = config::is_file_mode},
    {.name = "pci", .group = "gpu_physical", .required = "no", .summary = "PCI address of the card", .check = nic::checks::pci_address},
    {.name = "productid", .group = "gpu_physical", .required = "no", .summary = "Product of the card, four hex digits", .check = nic::checks::device_id},
    {.name = "uid", .group = "gpu_physical", .def = "0", .required = "no", .summary = "User that owns the nodes in the instance", .check = config::is_unix_id},
    {.name = "vendorid", .group = "gpu_physical", .required = "no", .summary = "Vendor of the card, four hex digits", .check = nic::checks::device_id},
};

/// "00:02.0" -> "0000:00:02.0"
std::string full_address(const std::string& address) { return address.size() == 7 ? "0000:" + address : address; }

/// NVIDIA's nodes that belong to no single card: nvidiactl, nvidia-uvm, …
StringList nvidia_common_nodes() {
  StringList out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", error)) {
    std::string name = entry.path().filename();
    if (name.starts_with("nvidia") && !parse_uint(name.substr(6)) && read_node(entry.path())) out.push_back(entry.path());
  }
  return out;
}

class Gpu : public Device {
 public:
  Gpu(Host& host, const std::string& name, const StringMap& config) : host_(host), files_(host, name), config_(config) {}

  Result<> validate() override {
    if (!host_.is_container()) return fail(Code::invalid, "Unsupported device type");
    std::string kind = value("gputype");
    if (contains({"mdev", "mig", "sriov", "native-context"}, kind)) return fail(Code::invalid, "GPU devices of type {} are not supported by this server, only physical ones", quote(kind));
    if (!kind.empty() && kind != "physical") return fail(Code::invalid, "Unsupported device type: gputype {}", quote(kind));
    TRY(check_keys(kKeys, config_));
    for (const char* alone : {"pci", "id"}) {
      if (value(alone).empty()) continue;
      for (const char* other : {"pci", "id", "productid", "vendorid"})
        if (std::string_view(other) != alone && !value(other).empty()) return fail(Code::invalid, "Cannot use {} when {} is set", quote(other), quote(alone));
    }
    return {};
  }

  Result<RunConfig> start(const Context&) override {
    RunConfig out;
    bool found = false, nvidia = false;
    std::string pci = value("pci");
    if (!pci.empty() && !std::filesystem::exists("/sys/bus/pci/devices/" + full_address(pci))) return fail(Code::invalid, "Invalid PCI address (no device found): {}", full_address(pci));
    api::ResourcesGPU all = TRY(resources::gpu());
    for (const api::ResourcesGPUCard& card : all.cards) {
      if (!selected(card)) continue;
      found = true;
      if (card.drm)
        for (const std::string& name : {card.drm->card_name, card.drm->render_name, card.drm->control_name})
          if (!name.empty()) TRY(add(out, "/dev/dri/" + name));
      if (!card.nvidia || card.nvidia->card_name.empty()) continue;
      nvidia = true;
      TRY(add(out, "/dev/" + card.nvidia->card_name));
    }
    if (nvidia)
      for (const std::string& path : nvidia_common_nodes()) TRY(add(out, path));
    if (!found) return fail(Code::invalid, "Failed to detect requested GPU device");
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
  std::string value(const std::string& key) const { return get_or(config_, key); }
  bool is(const std::string& key, const std::string& found) const { return value(key).empty() || value(key) == found; }
  bool selected(const api::ResourcesGPUCard& card) const {
    bool right_id = value("id").empty() || (card.drm && std::to_string(card.drm->id) == value("id"));
    return right_id && is("vendorid", card.vendor_id) && is("productid", card.product_id) && (value("pci").empty() || full_address(value("pci")) == card.pci_address);
  }

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

  Host& host_;
  NodeFiles files_;
  StringMap config_;
};

}  // namespace

extern const device::Type gpu_type = {
    .name = "gpu",
    .create = [](Services&, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> { return std::make_unique<Gpu>(host, name, config); },
    .keys = [](const StringMap&) -> config::Keys { return kKeys; },
};

}  // namespace device
