#include "vsock/ring.h"

#define VIRTIO_RING_NO_LEGACY  // its inline functions are C only
#include <linux/virtio_ring.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace vsock {
namespace {

static_assert(std::endian::native == std::endian::little, "virtio 1 is little endian");
constexpr size_t kDescriptorSize = 16, kUsedSize = 8, kHeadSize = 4;
constexpr int kMaxSteps = 512;  // descriptors of one chain, also useless ones

// SAFETY: resolve() checked that the parts of the ring are inside one region, and sizes are those of the ring's size. The guest writes there at any
// time, so that each value is loaded exactly once.
uint16_t load16(const char* at) { return __atomic_load_n(reinterpret_cast<const uint16_t*>(at), __ATOMIC_ACQUIRE); }
void store16(char* at, uint16_t value) { __atomic_store_n(reinterpret_cast<uint16_t*>(at), value, __ATOMIC_RELEASE); }

struct Descriptor {
  uint64_t address;
  uint32_t length;
  uint16_t flags;
  uint16_t next;
};
static_assert(sizeof(Descriptor) == kDescriptorSize);

/// An own copy, so that what is checked is what is used.
Descriptor load_descriptor(const char* at) {
  uint64_t words[2];
  Descriptor copy;
  // SAFETY: 16 bytes inside a region; the guest may place an indirect table at any address.
  for (int i = 0; i < 2; i++) {
    struct [[gnu::packed]] Word { uint64_t value; };
    words[i] = reinterpret_cast<const volatile Word*>(at)[i].value;
  }
  memcpy(&copy, words, sizeof copy);
  return copy;
}

}  // namespace

size_t copy_from(std::span<const iovec> pieces, void* to, size_t size) {
  size_t done = 0;
  for (const iovec& piece : pieces) {
    size_t step = std::min(piece.iov_len, size - done);
    memcpy(static_cast<char*>(to) + done, piece.iov_base, step);
    done += step;
  }
  return done;
}

size_t copy_to(std::span<const iovec> pieces, const void* from, size_t size) {
  size_t done = 0;
  for (const iovec& piece : pieces) {
    size_t step = std::min(piece.iov_len, size - done);
    memcpy(piece.iov_base, static_cast<const char*>(from) + done, step);
    done += step;
  }
  return done;
}

std::span<iovec> trim(std::span<iovec> pieces, size_t skip, size_t limit) {
  while (!pieces.empty() && pieces[0].iov_len <= skip) {
    skip -= pieces[0].iov_len;
    pieces = pieces.subspan(1);
  }
  if (pieces.empty()) return pieces;
  pieces[0].iov_base = static_cast<char*>(pieces[0].iov_base) + skip;
  pieces[0].iov_len -= skip;
  size_t count = 0;
  while (count < pieces.size() && limit > 0) {
    pieces[count].iov_len = std::min(pieces[count].iov_len, limit);
    limit -= pieces[count++].iov_len;
  }
  return pieces.first(count);
}

bool Ring::set_size(uint32_t size) {
  if (size == 0 || size > kMaxSize || !std::has_single_bit(size)) return false;
  stop();
  size_ = size;
  return true;
}

bool Ring::resolve(const GuestMemory& memory) {
  stop();
  if (size_ == 0 || descriptors_at_ % 16 || available_at_ % 2 || used_at_ % 4) return false;
  // Each of available and used ends with two bytes for the event index.
  char* available = memory.at_user(available_at_, kHeadSize + 2 * size_ + 2);
  char* used = memory.at_user(used_at_, kHeadSize + kUsedSize * size_ + 2);
  char* descriptors = memory.at_user(descriptors_at_, kDescriptorSize * size_);
  if (!available || !used || !descriptors) return false;
  available_ = available, used_ = used, descriptors_ = descriptors;
  used_next_ = notified_ = load16(used_ + 2);
  return true;
}

/// A chain being read: where, and what was found.
struct Ring::Walk {
  const GuestMemory& memory;
  Chain& chain;
  const char* table;   ///< the ring's, or an indirect one
  uint32_t entries;
  uint16_t at;
  bool indirect = false;
  int steps = 0;
};

bool Ring::add(Walk& walk, uint64_t address, uint32_t length, bool writable) const {
  Chain& chain = walk.chain;
  if (!writable && chain.pieces > chain.readable_pieces) return false;  // readable ones come first
  while (length > 0) {
    std::span<char> part = walk.memory.at_guest(address, length);
    if (part.empty() || chain.pieces == Chain::kMaxPieces) return false;
    chain.piece[chain.pieces++] = {part.data(), part.size()};
    (writable ? chain.writable : chain.readable) += part.size();
    if (!writable) ++chain.readable_pieces;
    address += part.size();
    length -= static_cast<uint32_t>(part.size());
  }
  return true;
}

/// Adds the descriptor at `walk.at` and goes on to the next. False: malformed. `entries` becomes 0 at the end.
bool Ring::follow(Walk& walk) const {
  if (walk.at >= walk.entries || ++walk.steps > kMaxSteps) return false;
  Descriptor found = load_descriptor(walk.table + kDescriptorSize * walk.at);
  if (found.flags & VRING_DESC_F_INDIRECT) {
    if (walk.indirect || (found.flags & VRING_DESC_F_NEXT) || found.length == 0 || found.length % kDescriptorSize) return false;
    std::span<char> table = walk.memory.at_guest(found.address, found.length);
    if (table.size() != found.length) return false;
    walk.table = table.data(), walk.entries = static_cast<uint32_t>(found.length / kDescriptorSize), walk.at = 0, walk.indirect = true;
    return true;
  }
  if (!add(walk, found.address, found.length, found.flags & VRING_DESC_F_WRITE)) return false;
  if (found.flags & VRING_DESC_F_NEXT) walk.at = found.next;
  else walk.entries = 0;
  return true;
}

Ring::Peek Ring::peek(const GuestMemory& memory, Chain& chain) {
  if (!running()) return Peek::empty;
  uint16_t waiting = static_cast<uint16_t>(load16(available_ + 2) - next_);
  if (waiting == 0) return Peek::empty;
  uint16_t head = load16(available_ + kHeadSize + 2 * (next_ % size_));
  if (waiting > size_ || head >= size_) {
    stop();  // the driver is out of its mind: nothing that follows could be trusted
    uint64_t one = 1;
    if (error_) (void)!write(error_.get(), &one, sizeof one);
    return Peek::empty;
  }
  chain.head = head;
  chain.pieces = chain.readable_pieces = 0;
  chain.readable = chain.writable = 0;
  Walk walk{.memory = memory, .chain = chain, .table = descriptors_, .entries = size_, .at = head};
  while (walk.entries > 0) {
    if (!follow(walk)) return Peek::malformed;
  }
  return Peek::chain;
}

void Ring::give_back(uint16_t head, uint32_t written) {
  if (!running()) return;
  char* entry = used_ + kHeadSize + kUsedSize * (used_next_ % size_);
  uint32_t words[2] = {head, written};
  memcpy(entry, words, sizeof words);
  store16(used_ + 2, ++used_next_);
}

void Ring::notify() {
  if (!running() || used_next_ == notified_) return;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // the driver sees the used index before we look at what it wants
  uint16_t old = std::exchange(notified_, used_next_);
  bool wanted;
  if (event_index_) {
    uint16_t event = load16(available_ + kHeadSize + 2 * size_);
    wanted = static_cast<uint16_t>(used_next_ - event - 1) < static_cast<uint16_t>(used_next_ - old);
  } else {
    wanted = !(load16(available_) & VRING_AVAIL_F_NO_INTERRUPT);
  }
  uint64_t one = 1;
  if (wanted && call_) (void)!write(call_.get(), &one, sizeof one);
}

bool Ring::rearm() {
  if (!running()) return false;
  if (event_index_) store16(used_ + kHeadSize + kUsedSize * size_, next_);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // the wish is seen before we look once more
  return load16(available_ + 2) != next_;
}

}  // namespace vsock
