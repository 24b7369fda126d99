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

void GuestEvents::send(int64_t instance, const std::string& type, const std::string& metadata) {
  std::list<std::shared_ptr<Entry>> targets;
  {
    std::lock_guard guard(state_->mutex);
    for (const auto& entry : state_->entries)
      if (entry->instance == instance && contains(entry->types, type)) targets.push_back(entry);
  }
  if (targets.empty()) return;
  std::string frame = std::format(R"({{"type":"{}","timestamp":"{}","metadata":{}}})", type, Timestamp::now().rfc3339(), metadata);
  for (const auto& entry : targets) {
    if (entry->listener(frame)) continue;
    std::lock_guard guard(state_->mutex);
    state_->entries.remove(entry);
  }
}

void GuestEvents::changed(int64_t instance, const StringMap& before, const StringMap& after, const DeviceChanges& devices) {
  if (!wanted(instance)) return;
  auto key_changed = [&](const std::string& key) {
    if (!key.starts_with("user.") || get_or(before, key) == get_or(after, key)) return;
    send(instance, "config", api::dump_json({{"key", key}, {"old_value", get_or(before, key)}, {"value", get_or(after, key)}}));
  };
  for (const auto& [key, value] : before) key_changed(key);
  for (const auto& [key, value] : after)
    if (!before.contains(key)) key_changed(key);
  auto device_changed = [&](const api::DevicesMap& which, const char* action) {
    for (const auto& [name, config] : which) send(instance, "device", api::dump_json({{"action", action}, {"name", name}, {"config", config}}));
  };
  device_changed(devices.removed, "removed");
  device_changed(devices.updated, "updated");
  device_changed(devices.added, "added");
}

}  // namespace instance
