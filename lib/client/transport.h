// A connected byte stream to a server: unix socket, TCP or TLS. The socket is non-blocking; blocking calls poll with the Context.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "client/client.h"

namespace client {

class Transport {
 public:
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  int fd() const { return fd_.get(); }
  /// Is this a channel nobody else can read (then websocket frames need no real mask)?
  bool local() const { return local_; }

  /// Up to buffer.size() bytes, 0 at the end; nothing if it would block.
  virtual Result<std::optional<size_t>> try_read(std::span<char> buffer);
  /// How many bytes were taken: 0 if it would block.
  virtual Result<size_t> try_write(std::string_view data);
  virtual Result<> shutdown_write();
  /// What try_read (try_write) waits for, as poll(2) events.
  virtual short read_events() const;
  virtual short write_events() const;
  /// Certificate the other side showed (PEM), "" without TLS.
  virtual std::string peer_certificate() const { return ""; }

  /// Blocking forms.
  Result<size_t> read(const Context& ctx, std::span<char> buffer);
  Result<> write(const Context& ctx, std::string_view data);

 protected:
  Transport(UniqueFd fd, bool local) : fd_(std::move(fd)), local_(local) {}
  UniqueFd fd_;
  bool local_;

  friend Result<std::unique_ptr<Transport>> connect_unix(const std::string& path);
  friend Result<std::unique_ptr<Transport>> connect_plain(const Context& ctx, const Endpoint& endpoint);
};

/// Errors: unavailable (nobody listens, with the words users of the client know).
Result<std::unique_ptr<Transport>> connect_unix(const std::string& path);
/// TCP, through the endpoint's proxy (HTTP CONNECT) where it has one.
Result<std::unique_ptr<Transport>> connect_plain(const Context& ctx, const Endpoint& endpoint);
/// TLS over `plain`; verifies the server as the endpoint says. Errors: unauthorized (certificate), unavailable (handshake).
Result<std::unique_ptr<Transport>> start_tls(const Context& ctx, std::unique_ptr<Transport> plain, const Endpoint& endpoint);
/// Whatever the endpoint asks for.
Result<std::unique_ptr<Transport>> connect(const Context& ctx, const Endpoint& endpoint);

}  // namespace client
