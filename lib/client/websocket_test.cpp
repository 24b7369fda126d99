#include "client/websocket.h"

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

#include "http/websocket_frame.h"

TEST_CASE("a peer that pings, speaks and hangs up at once is still heard") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  std::string said = http::frame_header(http::Opcode::ping, 4, {}) + "beat" + http::frame_header(http::Opcode::binary, 5, {}) + "hello";
  // The ping came with the upgrade's answer, the rest before the peer closed: the pong can't be sent any more.
  std::string early = said.substr(0, 6), late = said.substr(6);
  REQUIRE(write(ends[1], late.data(), late.size()) == static_cast<ssize_t>(late.size()));
  close(ends[1]);
  auto socket = client::make_websocket(http::socket_transport(UniqueFd(ends[0])), early);
  auto first = socket->receive(Context::detached(seconds(5)));
  REQUIRE(first);
  CHECK(first->data == "hello");
  auto last = socket->receive(Context::detached(seconds(5)));
  REQUIRE(last);
  CHECK(last->end);
}
