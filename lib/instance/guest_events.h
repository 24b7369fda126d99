// What the guests of /dev/incus hear: changes of their own instance's user keys and devices.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/strings.h"
#include "instance/view.h"

namespace instance {

/// How the devices of an instance differ between two moments.
struct DeviceChanges {
  api::DevicesMap removed, added, updated;
};

/// Thread-safe hub. Sending never blocks.
class GuestEvents {
 public:
  /// Receives one JSON document; must not block. Returning false removes the listener.
  using Listener = std::function<bool(const std::string& frame)>;
  /// Listens to `types` ("config", "device") about the instance with that id, until the handle is dropped.
  [[nodiscard]] std::shared_ptr<void> listen(int64_t instance, StringList types, Listener listener);
  /// The instance's expanded config went from `before` to `after`, and its devices changed so.
  void changed(int64_t instance, const StringMap& before, const StringMap& after, const DeviceChanges& devices);

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
  bool wanted(int64_t instance) const;
  void send(int64_t instance, const std::string& type, const std::string& metadata);

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace instance
