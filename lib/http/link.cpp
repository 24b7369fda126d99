#include "http/link.h"

#include <poll.h>

#include <array>
#include <asio/as_tuple.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "base/log.h"

namespace http {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
using Descriptor = asio::posix::stream_descriptor;

}  // namespace

Link::Link(asio::io_context& io_context, std::shared_ptr<Transport> t) : io(io_context), transport(std::move(t)), descriptor_(io) {
  if (transport->always_ready()) return;
  asio::error_code error;
  descriptor_.assign(transport->fd(), error);
  registered_ = !error;
}

Link::~Link() {
  if (registered_) descriptor_.release();  // the transport owns the descriptor
}

asio::awaitable<bool> Link::ready(short events) {
  if (!registered_) co_return transport->always_ready();
  auto [error] = co_await descriptor_.async_wait(events & POLLOUT ? Descriptor::wait_write : Descriptor::wait_read, kToken);
  co_return !error;
}

asio::awaitable<bool> Link::ready(short events, Duration limit) {
  asio::steady_timer timer(io, limit);
  timer.async_wait([this](const asio::error_code& error) {
    if (!error) cancel();
  });
  co_return co_await ready(events);
}

void Link::cancel() {
  asio::error_code ignored;
  if (registered_) descriptor_.cancel(ignored);
}

asio::awaitable<bool> Link::write(std::string_view data) {
  while (!data.empty()) {
    auto io_result = transport->write(data);
    if (!io_result) co_return false;
    data.remove_prefix(io_result->bytes);
    if (io_result->wait && !co_await ready(io_result->wait)) co_return false;
  }
  co_return true;
}

asio::awaitable<void> suspend(asio::io_context& io, std::function<void(std::function<void()>)> start) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [&io, start = std::move(start)](auto handler) mutable {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        start([&io, shared] { asio::post(io, [shared] { std::move(*shared)(); }); });
      },
      asio::use_awaitable);
}

void spawn(asio::io_context& io, asio::awaitable<void> work) {
  asio::co_spawn(io, std::move(work), [](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      log_error("Unexpected exception in a connection", {{"error", e.what()}});
    }
  });
}

std::span<char> scratch() {
  thread_local std::unique_ptr<std::array<char, 64 << 10>> buffer = std::make_unique<std::array<char, 64 << 10>>();
  return *buffer;
}

}  // namespace http
