// A guest made up for tests: memory in a memfd, two rings in it, and what a driver does with them.
#pragma once
#include <linux/virtio_vsock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "vsock/guest_memory.h"
#include "vsock/ring.h"

namespace vsock {

/// These numbers as they lie in memory.
template <class... Words>
std::string words(Words... values) {
  std::string text;
  (text.append(reinterpret_cast<const char*>(&values), sizeof values), ...);
  return text;
}

/// What QEMU says over vhost-user.
inline std::string vhost_message(uint32_t request, const std::string& payload, uint32_t flags = 1) {
  return words(request, flags, static_cast<uint32_t>(payload.size())) + payload;
}

struct TestDescriptor {
  uint64_t address;
  uint32_t length;
  uint16_t flags;
  uint16_t next;
};

/// Memory of `kSize` bytes, which the guest has at kGuest and QEMU at kUser.
class TestMemory {
 public:
  static constexpr uint64_t kGuest = 0x100000, kUser = 0x7f0000000000, kSize = 1 << 20;
  TestMemory() : fd_(memfd_create("guest", MFD_CLOEXEC)) {
    (void)!ftruncate(fd_.get(), kSize);
    data_ = static_cast<char*>(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0));
  }
  ~TestMemory() { munmap(data_, kSize); }
  const UniqueFd& fd() const { return fd_; }
  char* at(uint64_t offset) { return data_ + offset; }
  template <class T>
  T& word(uint64_t offset) {
    return *reinterpret_cast<T*>(data_ + offset);  // SAFETY: tests only use aligned offsets inside
  }

 private:
  UniqueFd fd_;
  char* data_ = nullptr;
};

/// One ring at `offset` of the memory, from the driver's side.
class TestRing {
 public:
  static constexpr uint16_t kSize = 8;
  TestRing(TestMemory& memory, uint64_t offset, Ring& ring) : memory_(memory), offset_(offset) {
    ring.set_size(kSize);
    ring.set_addresses(TestMemory::kUser + offset, TestMemory::kUser + available(), TestMemory::kUser + used());
  }
  uint64_t available() const { return offset_ + 256; }
  uint64_t used() const { return offset_ + 512; }
  uint64_t buffer(uint16_t index) const { return offset_ + 1024 + index * 8192; }
  void describe(uint16_t index, uint64_t address, uint32_t length, uint16_t flags, uint16_t next = 0) {
    memory_.word<TestDescriptor>(offset_ + 16 * index) = {address, length, flags, next};
  }
  void offer(uint16_t head) {
    auto& index = memory_.word<uint16_t>(available() + 2);
    memory_.word<uint16_t>(available() + 4 + 2 * (index % kSize)) = head;
    ++index;
  }
  /// A packet of header and data in one descriptor.
  void send(uint16_t slot, const virtio_vsock_hdr& header, std::string_view data) {
    memcpy(memory_.at(buffer(slot)), &header, sizeof header);
    memcpy(memory_.at(buffer(slot) + sizeof header), data.data(), data.size());
    describe(slot, TestMemory::kGuest + buffer(slot), static_cast<uint32_t>(sizeof header + data.size()), 0);
    offer(slot);
  }
  void offer_buffer(uint16_t slot, uint32_t size = 4096) {
    describe(slot, TestMemory::kGuest + buffer(slot), size, 2);
    offer(slot);
  }
  struct Packet {
    virtio_vsock_hdr header;
    std::string data;
  };
  /// The next packet of the device, whose buffer is offered again.
  std::optional<Packet> receive() {
    if (seen_ == memory_.word<uint16_t>(used() + 2)) return std::nullopt;
    uint64_t entry = used() + 4 + 8 * (seen_++ % kSize);
    uint16_t slot = static_cast<uint16_t>(memory_.word<uint32_t>(entry));
    uint32_t length = memory_.word<uint32_t>(entry + 4);
    Packet packet;
    memcpy(&packet.header, memory_.at(buffer(slot)), sizeof packet.header);
    packet.data.assign(memory_.at(buffer(slot) + sizeof packet.header), length - sizeof packet.header);
    offer(slot);
    return packet;
  }
  uint16_t given_back() { return memory_.word<uint16_t>(used() + 2); }

 private:
  TestMemory& memory_;
  uint64_t offset_;
  uint16_t seen_ = 0;
};

}  // namespace vsock
