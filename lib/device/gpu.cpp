// gpu: graphics cards of the host. Finds the kind and hands over.
#include "device/gpu.h"

#include <algorithm>

#include "base/encode.h"
#include "device/gpu_keys.h"
#include "device/pass_through.h"
#include "device/unusable.h"
#include "resources/resources.h"

namespace device {
namespace gpu {

Result<> checks::mig_uuid(std::string_view value) {
  std::string_view uuid = value.starts_with("MIG-") ? value.substr(4) : value;
  return is_uuid(uuid) ? Result<>() : fail(Code::invalid, "Invalid UUID {}", quote(uuid));
}

Gpu::Gpu(Host& host, const std::string& name, const StringMap& config) : host_(host), name_(name), config_(config) {
  if (auto pci = config_.find("pci"); pci != config_.end()) pci->second = full_address(pci->second);
}

Result<> Gpu::save(const StringMap& changes) {
  StringMap full;
  for (const auto& [key, text] : changes) full[name_ + "." + key] = text;
  return host_.volatile_set(full);
}

Result<> Gpu::check_selection(config::Keys keys) const {
  TRY(check_keys(keys, config_));
  for (const char* alone : {"pci", "id"}) {
    if (value(alone).empty()) continue;
    for (const char* other : {"pci", "id", "productid", "vendorid"})
      if (std::string_view(other) != alone && !value(other).empty()) return fail(Code::invalid, "Cannot use {} when {} is set", quote(other), quote(alone));
  }
  return {};
}

Result<> Gpu::check_environment() const {
  TRY(check_stateless(host_, "GPU devices"));
  return check_present(value("pci"));
}

bool Gpu::selected(const api::ResourcesGPUCard& card) const {
  auto is = [&](const char* key, const std::string& found) { return value(key).empty() || value(key) == found; };
  bool right_id = value("id").empty() || (card.drm && std::to_string(card.drm->id) == value("id"));
  return right_id && is("vendorid", card.vendor_id) && is("productid", card.product_id) && is("pci", card.pci_address);
}

Result<std::vector<api::ResourcesGPUCard>> Gpu::selected_cards() const {
  api::ResourcesGPU all = TRY(resources::gpu());
  std::erase_if(all.cards, [&](const api::ResourcesGPUCard& card) { return !selected(card); });
  if (all.cards.empty()) return fail(Code::invalid, "Failed to detect requested GPU device");
  return std::move(all.cards);
}

Result<api::ResourcesGPUCard> Gpu::selected_card(std::string_view several) const {
  auto cards = TRY(selected_cards());
  if (cards.size() > 1) return fail(Code::invalid, "{}", several);
  return std::move(cards[0]);
}

namespace {

constexpr Kind kKinds[] = {
    {"mdev", kMdevKeys, create_mdev}, {"mig", kMigKeys, create_mig}, {"physical", kPhysicalKeys, create_physical}, {"sriov", kSriovKeys, create_sriov}};

/// Null if there is none of that name.
const Kind* find_kind(const StringMap& config) {
  auto found = std::ranges::find(kKinds, get_or(config, "gputype", "physical"), &Kind::name);
  return found == std::end(kKinds) ? nullptr : found;
}

std::unique_ptr<Device> create(Services& services, Host& host, const std::string& name, const StringMap& config) {
  const Kind* kind = find_kind(config);
  return kind ? kind->create(services, host, name, config) : std::make_unique<Unusable>(Error(Code::invalid, std::format("Unsupported GPU type {}", quote(get_or(config, "gputype")))));
}

config::Keys keys_of(const StringMap& config) {
  const Kind* kind = find_kind(config);
  return kind ? kind->keys : config::Keys();
}

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

}  // namespace gpu

extern const Type gpu_type = {.name = "gpu", .create = gpu::create, .keys = gpu::keys_of};

}  // namespace device
