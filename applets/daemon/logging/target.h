// One receiver of events: a bounded queue that workers empty. Idle ones cost no thread.
#pragma once
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "applets/daemon/logging/settings.h"
#include "async/runtime.h"

namespace incusd {

class LogTarget : public std::enable_shared_from_this<LogTarget> {
 public:
  /// Errors: invalid (no address, an address that makes no sense).
  static Result<std::shared_ptr<LogTarget>> create(async::Runtime& runtime, const LogTargetSettings& settings);
  virtual ~LogTarget() = default;
  const LogTargetSettings& settings() const { return settings_; }
  /// Takes an event's frame; never blocks. When the receiver is too slow, the newest events are dropped and counted in the log.
  void push(const std::string& frame);
  /// Nothing more is sent; an attempt in progress ends at once.
  void stop();

 protected:
  LogTarget(async::Runtime& runtime, LogTargetSettings settings, Duration batching)
      : settings_(std::move(settings)), runtime_(runtime), batching_(batching) {}
  /// Delivers what the settings want, in order, on a worker.
  virtual Result<> send(const Context& ctx, const std::vector<api::Event>& events) = 0;
  const LogTargetSettings settings_;

 private:
  void schedule_locked(Duration delay);
  void drain();

  async::Runtime& runtime_;
  const Duration batching_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::deque<std::string> queue_;
  size_t dropped_ = 0;
  bool scheduled_ = false;
  std::shared_ptr<async::Runtime::Timer> timer_;
};

using MakeLogTarget = Result<std::shared_ptr<LogTarget>> (*)(async::Runtime& runtime, const LogTargetSettings& settings);
Result<std::shared_ptr<LogTarget>> make_syslog_target(async::Runtime& runtime, const LogTargetSettings& settings);
Result<std::shared_ptr<LogTarget>> make_loki_target(async::Runtime& runtime, const LogTargetSettings& settings);
Result<std::shared_ptr<LogTarget>> make_webhook_target(async::Runtime& runtime, const LogTargetSettings& settings);

/// This machine's name.
std::string host_name();

}  // namespace incusd
