// Gives the vsock device a guest whose memory, rings and all are arbitrary bytes, and a QEMU that sends arbitrary messages.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sys/fd_passing.h"
#include "vsock/device.h"
#include "vsock/test_guest.h"
#include "vsock/vhost_user.h"

namespace {

using namespace vsock;

/// The bytes are memory: first the transmit ring, then what it refers to.
void be_guest(const uint8_t* data, size_t size) {
  TestMemory raw;
  GuestMemory memory;
  Ring to_guest, from_guest;
  TestRing receive(raw, 0x40000, to_guest), transmit(raw, 0, from_guest);
  UniqueFd epoll(epoll_create1(0));
  memory.add({TestMemory::kGuest, TestMemory::kSize, TestMemory::kUser, 0}, raw.fd());
  memcpy(raw.at(0), data, std::min(size, size_t{0x30000}));
  for (uint16_t i = 0; i < TestRing::kSize; i++) receive.offer_buffer(i);
  if (!to_guest.resolve(memory) || !from_guest.resolve(memory)) abort();
  Device device(7, memory, to_guest, from_guest, epoll.get());
  auto host = sys::socket_pair();
  auto uplink = sys::socket_pair();
  device.dial(std::move(host->second), 5);
  device.listen(8443, std::move(uplink->second));
  for (int i = 0; i < 64 && device.work(); i++) {
  }
  if (device.connections() > Device::kMaxConnections) abort();
}

/// The bytes are messages of QEMU, whose memory is real.
void be_qemu(const uint8_t* data, size_t size) {
  auto pair = sys::socket_pair();
  TestMemory raw;
  (void)sys::send_fds(pair->first.get(), std::string(reinterpret_cast<const char*>(data), std::min(size, size_t{65536})), {raw.fd().get()});
  shutdown(pair->first.get(), SHUT_WR);
  fcntl(pair->second.get(), F_SETFL, O_NONBLOCK);
  VhostUser user(std::move(pair->second), "12345678", {.started = [](size_t, int) {}, .stopped = [](size_t, int) {}, .reset = [] {}});
  while (user.serve_one()) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  (data[0] & 1 ? be_guest : be_qemu)(data + 1, size - 1);
  return 0;
}
