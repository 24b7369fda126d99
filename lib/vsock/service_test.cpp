#include "vsock/service.h"

#include <catch2/catch_test_macros.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <thread>

#include "sys/fd_passing.h"
#include "vsock/test_guest.h"

using namespace vsock;

namespace {

/// QEMU's and the daemon's sockets, and a guest whose receive buffers are offered.
struct Fixture {
  std::pair<UniqueFd, UniqueFd> qemu = *sys::socket_pair();
  UniqueFd control{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}, caller{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  TestMemory raw;
  Ring unused;
  TestRing receive{raw, 0, unused}, transmit{raw, 0x40000, unused};

  void say(uint32_t request, const std::string& payload, const std::vector<int>& fds = {}) {
    REQUIRE(sys::send_fds(qemu.first.get(), vhost_message(request, payload), fds));
  }
  /// What starts a ring.
  void start(uint32_t index, const TestRing& ring, uint64_t offset) {
    UniqueFd event(eventfd(0, EFD_NONBLOCK));
    say(8, words(index, uint32_t{TestRing::kSize}));
    say(10, words(index, uint32_t{0}));
    say(9, words(index, uint32_t{0}, TestMemory::kUser + offset, TestMemory::kUser + ring.used(), TestMemory::kUser + ring.available(), uint64_t{0}));
    say(12, words(uint64_t{index}), {event.get()});
    say(18, words(index, uint32_t{1}));
  }
  /// The daemon's line, before anything was read of it.
  void dial() {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    socklen_t size = sizeof(sa_family_t);
    REQUIRE(bind(control.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);  // a name of the kernel's choice
    REQUIRE(listen(control.get(), 4) == 0);
    size = sizeof address;
    REQUIRE(getsockname(control.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    REQUIRE(connect(caller.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(send(caller.get(), "CONNECT 5\n", 10, 0) == 10);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Who dials after QEMU let a machine go on finds its rings running, however late the helper is") {
  for (uint16_t i = 0; i < TestRing::kSize; i++) receive.offer_buffer(i);
  say(2, words(uint64_t{1} << 32 | uint64_t{1} << 30));
  say(5, words(uint32_t{1}, uint32_t{0}, TestMemory::kGuest, TestMemory::kSize, TestMemory::kUser, uint64_t{0}), {raw.fd().get()});
  start(0, receive, 0);
  start(1, transmit, 0x40000);
  dial();
  std::thread helper([&] { CHECK(run_service(77, std::move(qemu.second), std::move(control))); });
  // The guest is asked; or the caller is sent away.
  std::optional<TestRing::Packet> request;
  pollfd turned_away{.fd = caller.get(), .events = POLLIN, .revents = 0};
  while (!(request = receive.receive()) && poll(&turned_away, 1, 1) == 0) {}
  qemu.first.reset();
  helper.join();
  REQUIRE(request);
  CHECK(request->header.op == VIRTIO_VSOCK_OP_REQUEST);
  CHECK(request->header.dst_port == 5);
}
