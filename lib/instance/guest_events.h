// What the guests of /dev/incus hear: changes of their own instance's user keys and devices.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/strings.h"
#include "instance/view.h"

namespace instance {

/// How the devices of an instance differ between two moments.
struct DeviceChanges {
  api::DevicesMap removed, added, updated;
};

/// Something that a guest may hear: "config" or "device", and what changed, as JSON.
struct GuestMessage {
  std::string type, metadata;
};
/// The instance's expanded config went from `before` to `after`, and its devices changed so: what its guest is told of that, in this order.
std::vector<GuestMessage> guest_messages(const StringMap& before, const StringMap& after, const DeviceChanges& devices);

/// Thread-safe hub. Sending never blocks.
class GuestEvents {
 public:
  /// Receives one JSON document; must not block. Returning false removes the listener.
  using Listener = std::function<bool(const std::string& frame)>;
  /// Listens to `types` ("config", "device") about the instance with that id, until the handle is dropped.
  [[nodiscard]] std::shared_ptr<void> listen(int64_t instance, StringList types, Listener listener);
  /// Does anybody listen for that instance?
  bool wanted(int64_t instance) const;
  void send(int64_t instance, const GuestMessage& message);

 private:
  struct Entry {
    int64_t instance;
    StringList types;
    Listener listener;
  };
  struct State {
    std::mutex mutex;
    std::list<std::shared_ptr<Entry>> entries;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace instance
