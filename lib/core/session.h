// What sessions over websockets have in common: their streams' secrets, the wait for all of them, cancelling, and one end. No thread waits meanwhile.
#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>

#include "api/json.h"
#include "async/runtime.h"
#include "core/operation_async.h"
#include "http/stream.h"

namespace core {

/// Goes with a websocket operation: start() is its `run`, connect() its `connect`. Thread-safe.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `streams`: all that may be connected ("0", "control", …); `optional`: those of them that the session starts without.
  /// `patience`: for all streams but those to be connected.
  Session(async::Runtime& runtime, const StringList& streams, StringList optional, Duration patience = seconds(10));
  virtual ~Session() = default;

  /// {"0": secret, "control": secret}
  Json secrets() const;
  /// Errors: forbidden (wrong secret), invalid (connected already).
  Result<> connect(const std::string& secret, std::shared_ptr<http::WebSocket> socket);
  /// Returns at once; the operation ends with finish().
  Result<> start(const Context& ctx, Operation& operation);

 protected:
  /// All streams are there. On a worker. An error ends the session.
  virtual Result<> launch() = 0;
  /// A text message on the control stream, and its end. On an I/O thread.
  virtual void control(std::string_view text) = 0;
  virtual void hung_up() = 0;
  /// The operation is cancelled and the session was launched: what it runs has to end, then finish(). On a worker.
  virtual void cancel() = 0;
  /// Once, right before the end: last metadata, terminals reset.
  virtual void ended(Operation& operation, const Result<>& result) = 0;

  /// Ends the operation and closes all streams. Only the first call counts. Any thread.
  void finish(Result<> result);
  bool was_cancelled() const { return cancelled_; }
  std::string operation_id() const;
  std::shared_ptr<http::WebSocket> socket(const std::string& name) const;
  template <class Derived>
  std::shared_ptr<Derived> self() {
    return std::static_pointer_cast<Derived>(shared_from_this());
  }

  async::Runtime& runtime_;

 private:
  bool complete_locked() const;
  void launch_if_complete();
  void stop_requested();
  void listen_to_control(std::shared_ptr<http::WebSocket> socket);

  mutable std::mutex mutex_;  ///< guards what follows
  std::map<std::string, std::string> secrets_;
  const StringList optional_;
  const Duration connect_time_;
  std::map<std::string, std::shared_ptr<http::WebSocket>> sockets_;
  std::shared_ptr<Operation> operation_;
  Ending ending_;
  bool launched_ = false, finished_ = false;
  std::optional<Result<>> early_;  ///< ended before start(): a client may connect and leave before a worker is free
  std::atomic<bool> cancelled_ = false;
  std::shared_ptr<async::Runtime::Timer> patience_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace core
