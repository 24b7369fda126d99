// Websocket framing (RFC 6455, section 5): pure functions over bytes, shared by server and client.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace http {

enum class Opcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Header bytes of one final frame. `mask`: the key of a masked frame (client to server); the payload must then be masked with it.
std::string frame_header(Opcode opcode, uint64_t length, std::optional<uint32_t> mask);
/// XORs `size` bytes with the key, starting at offset `at` of the payload.
void apply_mask(char* data, size_t size, uint32_t mask, size_t at = 0);
/// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);
/// Payload of a close frame.
std::string close_payload(uint16_t code, std::string_view reason = "");

/// Cuts a byte stream into messages: joins fragments, unmasks, checks the protocol. Feed bytes, then call next() until it has nothing.
class FrameReader {
 public:
  /// masked: whether frames must be masked (server side) or must not be (client side).
  FrameReader(bool masked, size_t max_message) : masked_(masked), max_message_(max_message) {}

  struct Frame {
    Opcode opcode;  ///< text, binary (whole messages), close, ping or pong
    std::string payload;
  };
  void feed(std::string_view bytes);
  /// Errors: invalid (protocol violation), too_large (message above the limit).
  Result<std::optional<Frame>> next();
  /// Bytes not yet consumed.
  size_t buffered() const { return buffer_.size() - start_; }

 private:
  struct Header;
  Result<std::optional<Header>> header() const;
  std::string buffer_;
  size_t start_ = 0;
  std::string message_;
  std::optional<Opcode> fragmented_;
  bool masked_;
  size_t max_message_;
};

}  // namespace http
