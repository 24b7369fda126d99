// TLS on sockets that somebody else made: vsock, or a connection out of a guest's socket device.
#pragma once
#include "http/server.h"

namespace http {

class TlsContext;

/// Takes over a bound, listening stream socket of any family; it is closed by Server::stop(). Errors: invalid (the identity).
Result<> adopt_listener(Server& server, UniqueFd socket, const TlsIdentity& identity);
/// Serves one connected socket. `peer` says who it is; its certificate is filled in after the handshake. Never blocks. Errors: internal.
Result<> adopt_connection(Server& server, UniqueFd socket, Peer peer, const TlsContext& tls);

}  // namespace http
