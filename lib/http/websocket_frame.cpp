#include "http/websocket_frame.h"

#include <openssl/evp.h>

#include <cstring>

#include "base/encode.h"

namespace http {

std::string frame_header(Opcode opcode, uint64_t length, std::optional<uint32_t> mask) {
  std::string header;
  header += static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  int wide = length < 126 ? 0 : length <= 0xffff ? 2 : 8;
  uint8_t first = wide == 0 ? static_cast<uint8_t>(length) : wide == 2 ? 126 : 127;
  header += static_cast<char>(first | (mask ? 0x80 : 0));
  for (int shift = (wide - 1) * 8; wide && shift >= 0; shift -= 8) header += static_cast<char>(length >> shift & 0xff);
  if (mask) header.append(reinterpret_cast<const char*>(&*mask), 4);  // any four bytes: both sides only XOR with them
  return header;
}

void apply_mask(char* data, size_t size, uint32_t mask, size_t at) {
  if (mask == 0) return;
  char key[8];
  for (size_t i = 0; i < 8; i++) key[i] = reinterpret_cast<const char*>(&mask)[(at + i) % 4];
  uint64_t wide;
  memcpy(&wide, key, 8);
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    memcpy(&word, data + i, 8);
    word ^= wide;
    memcpy(data + i, &word, 8);
  }
  for (; i < size; i++) data[i] = static_cast<char>(data[i] ^ key[i % 4]);
}

std::string websocket_accept(std::string_view key) {
  std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  return base64_encode({reinterpret_cast<const char*>(digest), size});
}

std::string close_payload(uint16_t code, std::string_view reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + std::string(reason.substr(0, 123));
}

struct FrameReader::Header {
  bool final;
  Opcode opcode;
  uint64_t length;
  uint32_t mask;
  size_t size;  // of the header itself
};

void FrameReader::feed(std::string_view bytes) {
  if (start_ == buffer_.size()) buffer_.clear(), start_ = 0;
  if (start_ > (64 << 10)) buffer_.erase(0, start_), start_ = 0;
  buffer_ += bytes;
}

Result<std::optional<FrameReader::Header>> FrameReader::header() const {
  const auto* at = reinterpret_cast<const unsigned char*>(buffer_.data()) + start_;
  size_t have = buffer_.size() - start_;
  if (have < 2) return std::nullopt;
  Header header{.final = (at[0] & 0x80) != 0, .opcode = static_cast<Opcode>(at[0] & 0x0f), .length = at[1] & 0x7fu, .mask = 0, .size = 2};
  if (at[0] & 0x70) return fail(Code::invalid, "Websocket frame with reserved bits");
  bool masked = at[1] & 0x80;
  if (masked != masked_) return fail(Code::invalid, "Websocket frame is {}masked", masked ? "" : "not ");
  size_t wide = header.length == 126 ? 2 : header.length == 127 ? 8 : 0;
  if (have < 2 + wide + (masked ? 4 : 0)) return std::nullopt;
  if (wide) header.length = 0;
  for (size_t i = 0; i < wide; i++) header.length = header.length << 8 | at[2 + i];
  header.size += wide;
  if (masked) memcpy(&header.mask, at + header.size, 4), header.size += 4;
  bool control = static_cast<uint8_t>(header.opcode) >= 8;
  if (control && (!header.final || header.length > 125)) return fail(Code::invalid, "Invalid websocket control frame");
  if (header.length > max_message_ || message_.size() + header.length > max_message_) {
    return fail(Code::too_large, "Websocket message is larger than {} bytes", max_message_);
  }
  return header;
}

Result<std::optional<FrameReader::Frame>> FrameReader::next() {
  for (;;) {
    auto header = TRY(this->header());
    if (!header || buffer_.size() - start_ < header->size + header->length) return std::nullopt;
    char* data = buffer_.data() + start_ + header->size;
    apply_mask(data, header->length, header->mask);
    std::string_view payload(data, header->length);
    start_ += header->size + header->length;
    switch (header->opcode) {
      case Opcode::close:
      case Opcode::ping:
      case Opcode::pong: return Frame{header->opcode, std::string(payload)};
      case Opcode::text:
      case Opcode::binary:
        if (fragmented_) return fail(Code::invalid, "Websocket message inside another");
        if (header->final) return Frame{header->opcode, std::string(payload)};
        fragmented_ = header->opcode;
        message_ = payload;
        break;
      case Opcode::continuation:
        if (!fragmented_) return fail(Code::invalid, "Websocket continuation without a start");
        message_ += payload;
        if (header->final) {
          Frame whole{*std::exchange(fragmented_, std::nullopt), std::exchange(message_, {})};
          return whole;
        }
        break;
      default: return fail(Code::invalid, "Unknown websocket frame type {}", static_cast<int>(header->opcode));
    }
  }
}

}  // namespace http
