// One HTTP exchange on a transport: writes the request, reads the answer's head, streams its body.
#pragma once
#include "client/transport.h"
#include "http/parser.h"

namespace client {

/// A kept connection: bytes already read but not used stay in it.
struct Connection {
  std::unique_ptr<Transport> transport;
  std::string unread;
  bool reusable = true;
};

/// Sends head and body. Errors: those of the transport and of the upload.
Result<> send_request(const Context& ctx, Connection& connection, const Endpoint& endpoint, const Request& request);
/// Reads one answer; the body goes to the request's sink (2xx) or into Answer::body. `heard` is set once a byte of the answer arrived.
Result<Answer> read_answer(const Context& ctx, Connection& connection, const Request& request, bool& heard);
/// The head of an answer to an upgrade. With 101, bytes behind it stay in `connection.unread`; else the body is read too.
Result<Answer> read_upgrade_answer(const Context& ctx, Connection& connection);

}  // namespace client
