// A transport bound to one I/O context: coroutines await its readiness. Only for .cpp files of this folder (it includes Asio).
#pragma once
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/context.h"
#include "http/transport.h"

namespace async {
class Runtime;
}

namespace http {

/// Everything but the blocking use of `transport` belongs to the context's thread.
class Link {
 public:
  Link(asio::io_context& io, std::shared_ptr<Transport> transport);
  ~Link();  ///< on any thread, when no coroutine waits

  /// Waits until poll(2) would report one of `events`; false if cancelled. At most `limit`, where given.
  asio::awaitable<bool> ready(short events);
  asio::awaitable<bool> ready(short events, Duration limit);
  /// Wakes all waiters with false.
  void cancel();
  /// Writes all of `data`. False on a lost connection.
  asio::awaitable<bool> write(std::string_view data);

  asio::io_context& io;
  std::shared_ptr<Transport> transport;
  std::string input;  ///< read and not yet consumed

 private:
  asio::posix::stream_descriptor descriptor_;
  bool registered_ = false;
};

/// Suspends the coroutine and gives `start` a function that resumes it on its own thread; that may be called from anywhere, once.
/// If it is dropped instead, the coroutine is destroyed.
asio::awaitable<void> suspend(asio::io_context& io, std::function<void(std::function<void()> resume)> start);
/// Runs a coroutine for its own sake. Exceptions are logged.
void spawn(asio::io_context& io, asio::awaitable<void> work);

/// A buffer for the current I/O thread: valid until the next co_await.
std::span<char> scratch();

}  // namespace http
