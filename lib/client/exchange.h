// One request and its answer over one connection. Only for .cpp files of this folder.
#pragma once
#include <memory>
#include <string>

#include "client/client.h"
#include "http/parser.h"
#include "http/tls.h"
#include "http/transport.h"

namespace client {

/// A connection and what is known of its state between exchanges.
struct Wire {
  std::shared_ptr<http::Transport> transport;
  http::Parser parser{http::Parser::Type::answer};
  std::string input;     ///< read and not consumed; after a 101 answer: the first bytes of the new protocol
  bool reusable = false; ///< the last answer is complete and the server keeps the connection
  size_t max_body = 512 << 20;  ///< of answers without a sink
};

struct Exchange {
  Answer answer;
  bool started = false;  ///< something of the answer arrived (or of the upload is gone): it cannot be repeated on another connection
};

/// Takes an answer apart as its bytes arrive. All three must outlive it. Errors: internal (garbage), too_large, and those of the request's functions.
class Receiver {
 public:
  Receiver(Wire& wire, const Request& request, Answer& answer) : wire_(wire), request_(request), answer_(answer) {}
  /// What the wire holds already, then `piece`. True once the answer is complete.
  Result<bool> take(std::string_view piece);
  /// The connection ended: an error unless that completes the answer.
  Result<> at_end();

 private:
  Wire& wire_;
  const Request& request_;
  Answer& answer_;
  bool interim_ = false;
};

/// The head, and the body where it is in memory.
std::string render_request(const Endpoint& endpoint, const Request& request);
/// Sends and receives. `exchange` is filled as far as it gets, also on errors.
Result<> run_exchange(const Context& ctx, Wire& wire, const Endpoint& endpoint, const Request& request, Exchange& exchange);
/// A connection of its own whose request was answered 101. Errors: those of the answer if it was another.
Result<Wire> run_upgrade(const Context& ctx, const Endpoint& endpoint, std::shared_ptr<http::TlsContext>& tls, const Request& request);

}  // namespace client
