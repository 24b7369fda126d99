#include <catch2/catch_test_macros.hpp>

#include "http/websocket_frame.h"

using namespace http;

namespace {
std::string masked(Opcode opcode, std::string payload, uint32_t key) {
  std::string frame = frame_header(opcode, payload.size(), key);
  apply_mask(payload.data(), payload.size(), key);
  return frame + payload;
}
}  // namespace

TEST_CASE("the handshake's answer is RFC 6455's example") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("frames of every length class survive byte-wise delivery") {
  for (size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 100001u}) {
    std::string payload(size, 'x');
    for (size_t i = 0; i < size; i++) payload[i] = static_cast<char>(i * 7);
    FrameReader reader(true, 1 << 20);
    std::string bytes = masked(Opcode::binary, payload, 0x12345678);
    for (size_t at = 0; at < bytes.size(); at += 1021) reader.feed(std::string_view(bytes).substr(at, 1021));
    auto frame = reader.next();
    REQUIRE(frame);
    REQUIRE(*frame);
    CHECK((*frame)->payload == payload);
    CHECK(reader.buffered() == 0);
  }
}

TEST_CASE("fragments are joined, with control frames between them") {
  FrameReader reader(false, 1000);
  std::string first = frame_header(Opcode::text, 3, {}), last = frame_header(Opcode::continuation, 3, {});
  first[0] = 0x01;
  reader.feed(first + "abc" + frame_header(Opcode::ping, 1, {}) + "p" + last + "def");
  auto ping = reader.next();
  REQUIRE((ping && *ping));
  CHECK((*ping)->opcode == Opcode::ping);
  auto text = reader.next();
  REQUIRE((text && *text));
  CHECK((*text)->payload == "abcdef");
}

TEST_CASE("violations are errors") {
  auto refused = [](bool want_mask, const std::string& bytes) {
    FrameReader reader(want_mask, 1000);
    reader.feed(bytes);
    return !reader.next().has_value();
  };
  CHECK(refused(true, frame_header(Opcode::text, 0, {})));
  CHECK(refused(false, masked(Opcode::text, "a", 1)));
  CHECK(refused(false, frame_header(Opcode::continuation, 0, {})));
  CHECK(refused(false, frame_header(Opcode::ping, 126, {}) + std::string(126, 'x')));
  CHECK(refused(false, frame_header(Opcode::binary, 1001, {})));
  CHECK(refused(false, std::string("\x83\x00", 2)));
  CHECK(refused(false, std::string("\xc1\x00", 2)));
}
