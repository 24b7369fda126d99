#include "vsock/device.h"

#include <catch2/catch_test_macros.hpp>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sys/fd_passing.h"
#include "vsock/test_guest.h"

using namespace vsock;

namespace {

constexpr uint32_t kCid = 77;

/// A guest with both rings running and receive buffers offered, driven by hand.
struct Fixture {
  TestMemory raw;
  GuestMemory memory;
  Ring to_guest, from_guest;
  TestRing receive{raw, 0, to_guest}, transmit{raw, 0x40000, from_guest};
  UniqueFd epoll{epoll_create1(0)};
  Device device{kCid, memory, to_guest, from_guest, epoll.get()};
  uint16_t slot = 0;

  Fixture() {
    REQUIRE(memory.add({TestMemory::kGuest, TestMemory::kSize, TestMemory::kUser, 0}, raw.fd()));
    REQUIRE(to_guest.resolve(memory));
    REQUIRE(from_guest.resolve(memory));
    for (uint16_t i = 0; i < TestRing::kSize; i++) receive.offer_buffer(i);
  }
  void turn() {
    do {
      epoll_event events[16];
      int count = epoll_wait(epoll.get(), events, 16, 0);
      for (int i = 0; i < count; i++) device.on_event(events[i].data.fd, events[i].events);
    } while (device.work());
  }
  void send(uint16_t operation, uint32_t guest_port, uint32_t host_port, std::string_view data = "", uint32_t flags = 0, uint32_t buffer = 65536, uint64_t from = kCid) {
    virtio_vsock_hdr header{.src_cid = from, .dst_cid = 2, .src_port = guest_port, .dst_port = host_port, .len = static_cast<uint32_t>(data.size()),
                            .type = 1, .op = operation, .flags = flags, .buf_alloc = buffer, .fwd_cnt = 0};
    transmit.send(slot++ % TestRing::kSize, header, data);
    turn();
  }
  /// The next packet, which has to be of this kind.
  TestRing::Packet expect(uint16_t operation) {
    auto packet = receive.receive();
    REQUIRE(packet);
    CHECK(packet->header.op == operation);
    CHECK(packet->header.src_cid == 2);
    CHECK(packet->header.dst_cid == kCid);
    turn();
    return *packet;
  }
  bool quiet() { return !receive.receive(); }
  /// A stream of the host to port 5 of the guest, which agreed. `buffer`: what the guest has room for.
  UniqueFd dialled(uint32_t& port, uint32_t buffer = 65536) {
    auto pair = sys::socket_pair();
    device.dial(std::move(pair->second), 5);
    turn();
    port = expect(VIRTIO_VSOCK_OP_REQUEST).header.src_port;
    send(VIRTIO_VSOCK_OP_RESPONSE, 5, port, "", 0, buffer);
    char answer[3];
    REQUIRE(recv(pair->first.get(), answer, 3, MSG_DONTWAIT) == 3);
    CHECK(std::string_view(answer, 3) == "OK\n");
    return std::move(pair->first);
  }
};

std::string read_some(const UniqueFd& fd) {
  char buffer[65536];
  ssize_t got = recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : got == 0 ? "END" : "NOTHING";
}

}  // namespace

TEST_CASE_METHOD(Fixture, "Packets that belong to nothing are answered with a reset") {
  SECTION("nobody listens") { send(VIRTIO_VSOCK_OP_REQUEST, 1000, 8443); }
  SECTION("no such connection") { send(VIRTIO_VSOCK_OP_RW, 1000, 8443, "data"); }
  SECTION("unknown operation") { send(99, 1000, 8443); }
  SECTION("another guest's number") { send(VIRTIO_VSOCK_OP_REQUEST, 1000, 8443, "", 0, 0, kCid + 1); }
  auto packet = expect(VIRTIO_VSOCK_OP_RST);
  CHECK(packet.header.dst_port == 1000);
  CHECK(packet.header.src_port == 8443);
  send(VIRTIO_VSOCK_OP_RST, 1000, 8443);
  CHECK(quiet());
  CHECK(device.connections() == 0);
}

TEST_CASE_METHOD(Fixture, "The host dials, both talk, the guest ends") {
  uint32_t port;
  UniqueFd host = dialled(port);
  send(VIRTIO_VSOCK_OP_RW, 5, port, "from the guest");
  CHECK(read_some(host) == "from the guest");
  CHECK(write(host.get(), "from the host", 13) == 13);
  turn();
  CHECK(expect(VIRTIO_VSOCK_OP_RW).data == "from the host");
  send(VIRTIO_VSOCK_OP_SHUTDOWN, 5, port, "", 2);  // it sends no more, but still receives
  CHECK(read_some(host) == "END");
  CHECK(write(host.get(), "more", 4) == 4);
  turn();
  CHECK(expect(VIRTIO_VSOCK_OP_RW).data == "more");
  send(VIRTIO_VSOCK_OP_SHUTDOWN, 5, port, "", 3);
  expect(VIRTIO_VSOCK_OP_RST);
  CHECK(device.connections() == 0);
}

TEST_CASE_METHOD(Fixture, "Nobody listens in the guest") {
  auto pair = sys::socket_pair();
  device.dial(std::move(pair->second), 5);
  turn();
  uint32_t port = expect(VIRTIO_VSOCK_OP_REQUEST).header.src_port;
  send(VIRTIO_VSOCK_OP_RST, 5, port);
  CHECK(read_some(pair->first) == "NO\n");
  CHECK(read_some(pair->first) == "END");
  CHECK(device.connections() == 0);
}

TEST_CASE_METHOD(Fixture, "Who dials a guest that has no driver, or gives up, leaves nothing behind") {
  auto pair = sys::socket_pair();
  SECTION("gives up") {
    device.dial(std::move(pair->second), 5);
    turn();
    expect(VIRTIO_VSOCK_OP_REQUEST);
    pair->first.reset();
    turn();
    expect(VIRTIO_VSOCK_OP_RST);
  }
  SECTION("no driver") {
    to_guest.stop();
    device.dial(std::move(pair->second), 5);
    CHECK(read_some(pair->first) == "END");
  }
  CHECK(device.connections() == 0);
}

TEST_CASE_METHOD(Fixture, "The host sends no more than the guest has room for") {
  uint32_t port;
  UniqueFd host = dialled(port, 10);
  CHECK(write(host.get(), "0123456789abcdef", 16) == 16);
  turn();
  CHECK(expect(VIRTIO_VSOCK_OP_RW).data == "0123456789");
  CHECK(quiet());
  virtio_vsock_hdr header{.src_cid = kCid, .dst_cid = 2, .src_port = 5, .dst_port = port, .len = 0, .type = 1, .op = VIRTIO_VSOCK_OP_CREDIT_UPDATE, .flags = 0, .buf_alloc = 10, .fwd_cnt = 4};
  transmit.send(slot++ % TestRing::kSize, header, "");
  turn();
  CHECK(expect(VIRTIO_VSOCK_OP_RW).data == "abcd");
  header.fwd_cnt = 0x80000000;  // more than was ever sent: no credit at all
  transmit.send(slot++ % TestRing::kSize, header, "");
  turn();
  CHECK(quiet());
}

TEST_CASE_METHOD(Fixture, "The end of the host's side reaches the guest behind the data") {
  uint32_t port;
  UniqueFd host = dialled(port);
  CHECK(write(host.get(), "bye", 3) == 3);
  SECTION("half") {
    shutdown(host.get(), SHUT_WR);
    turn();
    CHECK(expect(VIRTIO_VSOCK_OP_RW).data == "bye");
    CHECK(expect(VIRTIO_VSOCK_OP_SHUTDOWN).header.flags == 2);
    send(VIRTIO_VSOCK_OP_RW, 5, port, "answer");
    CHECK(read_some(host) == "answer");
  }
  SECTION("whole") {
    host.reset();
    turn();
    CHECK(expect(VIRTIO_VSOCK_OP_RW).data == "bye");
    CHECK(expect(VIRTIO_VSOCK_OP_SHUTDOWN).header.flags == 3);
    send(VIRTIO_VSOCK_OP_RW, 5, port, "late");
    send(VIRTIO_VSOCK_OP_RST, 5, port);
    CHECK(device.connections() == 0);
  }
}

TEST_CASE_METHOD(Fixture, "A guest that does not keep to its credit, or to its own lengths, is cut") {
  uint32_t port;
  UniqueFd host = dialled(port);
  SECTION("more than the header says is in the packet") {
    virtio_vsock_hdr header{.src_cid = kCid, .dst_cid = 2, .src_port = 5, .dst_port = port, .len = 100, .type = 1, .op = VIRTIO_VSOCK_OP_RW, .flags = 0, .buf_alloc = 0, .fwd_cnt = 0};
    transmit.send(slot++ % TestRing::kSize, header, "short");
    turn();
  }
  SECTION("too much") {
    std::string piece(4096, 'x');
    for (uint32_t i = 0; i < 300 && device.connections() > 0; i++) {
      send(VIRTIO_VSOCK_OP_RW, 5, port, piece);
      while (receive.receive()) turn();
    }
  }
  SECTION("data behind its end") {
    send(VIRTIO_VSOCK_OP_SHUTDOWN, 5, port, "", 2);
    send(VIRTIO_VSOCK_OP_RW, 5, port, "late");
  }
  CHECK(device.connections() == 0);
}

TEST_CASE_METHOD(Fixture, "Data waits for a host that does not read, and credit comes back when it does") {
  uint32_t port;
  UniqueFd host = dialled(port);
  std::string piece(8000, 'x');
  size_t sent = 0;
  auto update = receive.receive();
  // The socket takes some of it, the rest waits in the connection.
  while (sent + piece.size() <= kBufferSize && !update) {
    send(VIRTIO_VSOCK_OP_RW, 5, port, piece);
    sent += piece.size();
    update = receive.receive();
  }
  size_t got = 0;
  for (std::string text; got < sent; got += text.size()) {
    text = read_some(host);
    REQUIRE(text != "NOTHING");
    REQUIRE(text != "END");
    turn();
  }
  while (auto next = receive.receive()) update = next;
  REQUIRE(update);
  CHECK(update->header.op == VIRTIO_VSOCK_OP_CREDIT_UPDATE);
  CHECK(update->header.fwd_cnt > 0);
  CHECK(update->header.buf_alloc == kBufferSize);
}

TEST_CASE_METHOD(Fixture, "The guest's connections go to who listens, with their stream") {
  auto uplink = sys::socket_pair();
  device.listen(8443, std::move(uplink->second));
  CHECK(read_some(uplink->first) == "OK\n");
  send(VIRTIO_VSOCK_OP_REQUEST, 1000, 8443);
  expect(VIRTIO_VSOCK_OP_RESPONSE);
  auto received = sys::receive_fds(uplink->first.get());
  REQUIRE(received);
  CHECK(received->text == "+");
  REQUIRE(received->fds.size() == 1);
  send(VIRTIO_VSOCK_OP_RW, 1000, 8443, "hello");
  CHECK(read_some(received->fds[0]) == "hello");
  send(VIRTIO_VSOCK_OP_REQUEST, 1000, 8443);  // again: one of both has gone mad
  expect(VIRTIO_VSOCK_OP_RST);
  uplink->first.reset();
  turn();
  send(VIRTIO_VSOCK_OP_REQUEST, 1001, 8443);
  expect(VIRTIO_VSOCK_OP_RST);
}

TEST_CASE_METHOD(Fixture, "A guest that floods holds only so much") {
  auto uplink = sys::socket_pair();
  device.listen(8443, std::move(uplink->second));
  std::vector<UniqueFd> streams;
  for (uint32_t port = 0; port < 2 * Device::kMaxByGuest; port++) {
    send(VIRTIO_VSOCK_OP_REQUEST, 1000 + port, 8443);
    REQUIRE(receive.receive());
    turn();
  }
  CHECK(device.connections() <= Device::kMaxByGuest);
  device.reset();
  CHECK(device.connections() == 0);
}
