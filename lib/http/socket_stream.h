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
/// `count` bytes of `file` from its own offset on. Blocks. Errors: as Stream::write(); invalid where files_by_kernel() is false.
Result<> send_file(const Context& ctx, Stream& stream, int file, uint64_t count);
/// Whether the kernel can send files to the stream by itself.
bool files_by_kernel(Stream& stream);
enum class WebSocketRole { server, client };
std::shared_ptr<WebSocket> adopt_websocket(async::Runtime& runtime, std::shared_ptr<Transport> transport, std::string leftover, WebSocketRole role);


}  // namespace http
