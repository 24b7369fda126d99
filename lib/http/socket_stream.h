// Stream and WebSocket made from connections that left HTTP: by the server after an upgrade, by the client after a 101 answer.
#pragma once
#include <memory>
#include <string>

#include "http/stream.h"
#include "http/transport.h"

namespace async {
class Runtime;
}

namespace http {

/// `leftover`: bytes read behind the HTTP head. Without a runtime relay() is not possible (client programs).
std::shared_ptr<Stream> adopt_stream(async::Runtime* runtime, std::shared_ptr<Transport> transport, std::string leftover);
enum class WebSocketRole { server, client };
std::shared_ptr<WebSocket> adopt_websocket(async::Runtime& runtime, std::shared_ptr<Transport> transport, std::string leftover, WebSocketRole role);


}  // namespace http
