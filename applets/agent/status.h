// The serial port through which the host learns, without a connection, whether the agent runs: lines into a ring buffer.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "async/runtime.h"

namespace agent {

/// Repeats its status, as a daemon that starts later must see it too. Thread-safe.
class StatusPort : public std::enable_shared_from_this<StatusPort> {
 public:
  /// `with_state`: no server runs, so the machine's state goes along.
  StatusPort(async::Runtime& runtime, bool with_state) : runtime_(runtime), with_state_(with_state) {}
  void start();
  void connected() { say("CONNECTED"); }
  void stop();

 private:
  void repeat();
  /// Nothing happens without such a port. Never blocks.
  void say(const std::string& text);

  async::Runtime& runtime_;
  const bool with_state_;
  std::mutex mutex_;  ///< guards what follows, and keeps lines whole
  std::shared_ptr<async::Runtime::Timer> timer_;
  bool stopped_ = false;
};

}  // namespace agent
