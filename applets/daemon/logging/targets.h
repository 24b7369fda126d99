// All receivers of events that the server config names.
#pragma once
#include <map>
#include <memory>
#include <mutex>

#include "applets/daemon/logging/target.h"
#include "core/event.h"

namespace incusd {

/// Listens to events only while there is a receiver. Thread-safe.
class LogTargets {
 public:
  LogTargets(async::Runtime& runtime, core::Events& events) : runtime_(runtime), events_(events) {}
  ~LogTargets();
  /// Starts, replaces and ends receivers so that they are as in `config`. One that can't be started is logged and left out.
  void configure(const StringMap& config);

 private:
  using Map = std::map<std::string, std::shared_ptr<LogTarget>>;
  std::shared_ptr<LogTarget> make(const LogTargetSettings& settings);

  async::Runtime& runtime_;
  core::Events& events_;
  std::mutex mutex_;
  std::shared_ptr<const Map> targets_ = std::make_shared<const Map>();
  std::shared_ptr<void> subscription_;
};

}  // namespace incusd
