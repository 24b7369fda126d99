// One TLS connection over a socket that somebody else dialled (into a guest): requests, and what a request may turn it into.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "client/client.h"
#include "http/tls.h"

namespace client {

/// Answers' bodies are bounded: this is for servers that nobody trusts. Not thread-safe. Errors: those of Client.
class Channel {
 public:
  /// Blocks for the handshake. `name` stands in the Host header.
  static Result<Channel> open(const Context& ctx, UniqueFd socket, const http::TlsContext& tls, const std::string& name, size_t max_body);
  ~Channel();
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;

  /// Any status is a success. Another request may follow if the server keeps the connection (internal otherwise). Blocks.
  Result<Answer> send(const Context& ctx, const Request& request);

  // What follows uses the connection up. Errors: also those of an answer other than 101.
  Result<std::shared_ptr<http::Stream>> upgrade(const Context& ctx, Request request, const std::string& protocol, async::Runtime& runtime) &&;
  Result<std::shared_ptr<http::WebSocket>> websocket(const Context& ctx, const std::string& target, async::Runtime& runtime) &&;

  using Done = std::function<void(Result<Answer>)>;
  /// Sends the request (blocks); `done` gets the answer whenever it comes, once, on an I/O thread. No thread waits. Dropping the handle cuts the
  /// connection and forgets `done`.
  Result<std::shared_ptr<void>> answer_later(const Context& ctx, const Request& request, async::Runtime& runtime, Done done) &&;

 private:
  struct Impl;
  explicit Channel(std::unique_ptr<Impl> impl);
  Result<> switch_protocol(const Context& ctx, Request& request, const std::string& protocol);
  std::unique_ptr<Impl> impl_;
};

}  // namespace client
