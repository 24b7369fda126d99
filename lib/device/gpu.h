// What the kinds of graphics cards share. A kind is a row in gpu.cpp.
#pragma once
#include "api/types/resource.h"
#include "device/services.h"

namespace device::gpu {

/// Base of the kinds: which of the host's cards is meant.
class Gpu : public Device {
 public:
  Gpu(Host& host, const std::string& name, const StringMap& config);

 protected:
  std::string value(const std::string& key) const { return get_or(config_, key); }
  std::string saved(const std::string& key) const { return host_.volatile_get(name_ + "." + key); }
  Result<> save(const StringMap& changes);
  /// The keys that select a card exclude each other. Errors: invalid.
  Result<> check_selection(config::Keys keys) const;
  /// What a start needs. Errors: invalid.
  Result<> check_environment() const;
  bool selected(const api::ResourcesGPUCard& card) const;
  /// Errors: invalid (none).
  Result<std::vector<api::ResourcesGPUCard>> selected_cards() const;
  /// The only one. Errors: invalid (none; `several` where there are more).
  Result<api::ResourcesGPUCard> selected_card(std::string_view several) const;

  Host& host_;
  std::string name_;
  StringMap config_;
};

std::unique_ptr<Device> create_physical(Services&, Host& host, const std::string& name, const StringMap& config);
std::unique_ptr<Device> create_mdev(Services&, Host& host, const std::string& name, const StringMap& config);
std::unique_ptr<Device> create_mig(Services&, Host& host, const std::string& name, const StringMap& config);
std::unique_ptr<Device> create_sriov(Services&, Host& host, const std::string& name, const StringMap& config);

/// "physical" and its keys.
struct Kind {
  std::string_view name;
  config::Keys keys;
  std::unique_ptr<Device> (*create)(Services&, Host&, const std::string&, const StringMap&);
};
std::span<const Kind> kinds();

}  // namespace device::gpu
