// A split virtqueue from the device's side (virtio 1.2, sections 2.7 and 2.6.5.3): buffers come as chains of descriptors, go back by their head.
// Everything in it is written by the guest: indices, lengths and links are read once and checked, chains end after a fixed number of steps.
#pragma once
#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "base/unique_fd.h"
#include "vsock/guest_memory.h"

namespace vsock {

/// One request of the driver: pieces to read from, then pieces to write to, in host addresses that stay valid until the memory changes.
struct Chain {
  static constexpr size_t kMaxPieces = 128;
  uint16_t head = 0;
  size_t pieces = 0;         ///< of both kinds
  size_t readable_pieces = 0;
  uint64_t readable = 0;     ///< bytes
  uint64_t writable = 0;     ///< bytes
  iovec piece[kMaxPieces];

  std::span<iovec> to_read() { return {piece, readable_pieces}; }
  std::span<iovec> to_write() { return {piece + readable_pieces, pieces - readable_pieces}; }
};

/// Moves bytes between a buffer and pieces, from their beginning. Returns how many.
size_t copy_from(std::span<const iovec> pieces, void* to, size_t size);
size_t copy_to(std::span<const iovec> pieces, const void* from, size_t size);
/// The pieces behind the first `skip` bytes, at most `limit` bytes; changes them in place.
std::span<iovec> trim(std::span<iovec> pieces, size_t skip, size_t limit);

class Ring {
 public:
  static constexpr uint32_t kMaxSize = 32768;

  // What vhost-user tells of it. None of it is believed before resolve().
  bool set_size(uint32_t size);
  void set_addresses(uint64_t descriptors, uint64_t available, uint64_t used) { descriptors_at_ = descriptors, available_at_ = available, used_at_ = used; }
  void set_base(uint16_t index) { next_ = index; }
  uint16_t base() const { return next_; }
  void set_event_index(bool on) { event_index_ = on; }
  void set_call(UniqueFd fd) { call_ = std::move(fd); }
  void set_error(UniqueFd fd) { error_ = std::move(fd); }

  /// Finds the three parts in the memory: to call whenever it or the addresses change. False: the ring cannot run.
  bool resolve(const GuestMemory& memory);
  /// Forgets where it is; set_*() and resolve() make it run again.
  void stop() { descriptors_ = nullptr; }
  bool running() const { return descriptors_ != nullptr; }

  enum class Peek { empty, chain, malformed };
  /// The next chain, which stays where it is until take(). `malformed`: of no use (only `head` is filled in), to be given back with length 0.
  /// Indices that cannot be stop the ring: empty.
  Peek peek(const GuestMemory& memory, Chain& chain);
  void take() { ++next_; }
  /// Gives a chain back with `written` bytes in it.
  void give_back(uint16_t head, uint32_t written);
  /// Tells the driver of what was given back, if it wants to know.
  void notify();
  /// Asks for a kick at the next chain. True: there is one already.
  bool rearm();

 private:
  struct Walk;
  struct Parts;
  bool follow(Walk& walk) const;
  bool add(Walk& walk, uint64_t address, uint32_t length, bool writable) const;

  uint32_t size_ = 0;
  uint64_t descriptors_at_ = 0, available_at_ = 0, used_at_ = 0;
  bool event_index_ = false;
  char* descriptors_ = nullptr;
  char* available_ = nullptr;
  char* used_ = nullptr;
  uint16_t next_ = 0;       ///< chain to look at, in available
  uint16_t used_next_ = 0;
  uint16_t notified_ = 0;   ///< used_next_ when the driver was told last
  UniqueFd call_, error_;
};

}  // namespace vsock
