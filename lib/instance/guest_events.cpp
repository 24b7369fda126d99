#include "instance/guest_events.h"

#include "api/json.h"
#include "base/timestamp.h"

namespace instance {

std::shared_ptr<void> GuestEvents::listen(int64_t instance, StringList types, Listener listener) {
  auto entry = std::make_shared<Entry>(instance, std::move(types), std::move(listener));
  {
    std::lock_guard guard(state_->mutex);
    state_->entries.push_back(entry);
  }
  // The handle may outlive the hub.
  return std::shared_ptr<void>(entry.get(), [entry, hub = std::weak_ptr(state_)](void*) {
    auto state = hub.lock();
    if (!state) return;
    std::lock_guard guard(state->mutex);
    state->entries.remove(entry);
  });
}

bool GuestEvents::wanted(int64_t instance) const {
  std::lock_guard guard(state_->mutex);
  for (const auto& entry : state_->entries)
    if (entry->instance == instance) return true;
  return false;
}

void GuestEvents::send(int64_t instance, const GuestMessage& message) {
  std::list<std::shared_ptr<Entry>> targets;
  {
    std::lock_guard guard(state_->mutex);
    for (const auto& entry : state_->entries)
      if (entry->instance == instance && contains(entry->types, message.type)) targets.push_back(entry);
  }
  if (targets.empty()) return;
  std::string frame = std::format(R"({{"type":"{}","timestamp":"{}","metadata":{}}})", message.type, Timestamp::now().rfc3339(), message.metadata);
  for (const auto& entry : targets) {
    if (entry->listener(frame)) continue;
    std::lock_guard guard(state_->mutex);
    state_->entries.remove(entry);
  }
}

std::vector<GuestMessage> guest_messages(const StringMap& before, const StringMap& after, const DeviceChanges& devices) {
  std::vector<GuestMessage> out;
  auto add_key = [&](const std::string& key) {
    if (!key.starts_with("user.") || get_or(before, key) == get_or(after, key)) return;
    out.push_back({"config", api::dump_json({{"key", key}, {"old_value", get_or(before, key)}, {"value", get_or(after, key)}})});
  };
  for (const auto& [key, value] : before) add_key(key);
  for (const auto& [key, value] : after)
    if (!before.contains(key)) add_key(key);
  auto add_devices = [&](const api::DevicesMap& which, const char* action) {
    for (const auto& [name, config] : which) out.push_back({"device", api::dump_json({{"action", action}, {"name", name}, {"config", config}})});
  };
  add_devices(devices.removed, "removed");
  add_devices(devices.updated, "updated");
  add_devices(devices.added, "added");
  return out;
}

}  // namespace instance
