// The client's side of a websocket connection.
#pragma once
#include "client/exchange.h"

namespace client {

/// Over a connection whose handshake is done.
std::unique_ptr<WebSocket> open_websocket(Connection connection);

}  // namespace client
