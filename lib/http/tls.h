// TLS 1.3 over a non-blocking socket with OpenSSL, for both sides.
#pragma once
#include <memory>
#include <string>

#include "http/transport.h"

namespace http {

class TlsTransport : public Transport {
 public:
  using Transport::Transport;
  /// One attempt: 0 when the handshake is complete, else the events to poll for. Errors: unauthorized (the peer or its certificate
  /// is refused), internal (connection lost).
  virtual Result<short> handshake() = 0;
  /// What the peer showed, as PEM; empty without one. After the handshake.
  virtual std::string peer_certificate() const = 0;
  /// Blocks until the handshake is complete.
  Result<> handshake_all(const Context& ctx);
};

struct ServerTls {
  std::string certificate_pem;  ///< may carry a chain
  std::string key_pem;
};

struct ClientTls {
  std::string host;                ///< for SNI and verification
  std::string server_certificate;  ///< PEM: exactly this one, or one signed by it
  std::string ca_certificate;      ///< PEM bundle instead of the host's
  std::string client_certificate;
  std::string client_key;
  bool insecure = false;
  bool allow_tls12 = false;        ///< public web servers
};

/// Settings shared by many connections; making one takes about 0.2 ms.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  /// Takes over a connected socket. The handshake has not begun.
  virtual Result<std::shared_ptr<TlsTransport>> wrap(UniqueFd socket) const = 0;

  /// Asks for a client certificate and accepts any: the trust store decides later. Errors: invalid.
  static Result<std::shared_ptr<TlsContext>> server(const ServerTls& settings);
  static Result<std::shared_ptr<TlsContext>> client(const ClientTls& settings);
};

}  // namespace http
