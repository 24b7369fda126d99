// One stream between a port of the guest and a socket of the host: its state, its credit in both directions, and what waits for the host's end.
#pragma once
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>

#include "base/unique_fd.h"

namespace vsock {

/// Bytes of one connection that may be on their way from the guest: what it is told it may send without hearing from us.
constexpr uint32_t kBufferSize = 256 << 10;

/// What still has to be told to the guest, as bits.
enum Pending : uint8_t { kRequest = 1, kResponse = 2, kCreditUpdate = 4, kShutdown = 8, kReset = 16 };
/// Directions, as virtio counts them: of the one that says so.
enum Ended : uint8_t { kNothing = 0, kReceiving = 1, kSending = 2, kBoth = 3 };

struct Connection {
  uint32_t guest_port = 0, host_port = 0;
  UniqueFd fd;               ///< the host's end, not blocking; none once it is gone
  bool established = false;  ///< else the guest has not answered our request yet
  bool by_guest = false;     ///< it asked for it
  bool readable = false;     ///< until reading says otherwise
  bool hung_up = false;      ///< nobody holds the other end any more
  uint8_t pending = 0;
  uint8_t guest_ended = kNothing;
  uint8_t host_ended = kNothing;  ///< what the guest has to hear about our side
  uint8_t told_ended = kNothing;
  bool deaf = false;         ///< the guest has forgotten it: only the host's end still gets what was sent
  bool closed_to = false;    ///< the host's end takes nothing any more; what it wrote may still wait for the guest
  uint8_t shut = kNothing;   ///< directions of the guest that the fd was told of

  // What the guest may get (counted in bytes, modulo 2^32, as all counters here).
  uint32_t guest_buffer = 0, guest_consumed = 0, sent = 0;
  // What it sent.
  uint32_t received = 0, consumed = 0, told_consumed = 0;
  std::string waiting;       ///< of the guest, for an fd that is not writable
  size_t waiting_from = 0;

  uint32_t credit() const;
  /// Whether there is a packet for the guest.
  bool has_packet() const { return !deaf && (pending || (readable && established && fd && credit() > 0)); }
  /// To say that the host's end is gone for good.
  void lose_host();
  /// Passes bytes of the guest on; keeps what the fd does not take. `pieces` change.
  void deliver(std::span<iovec> pieces);
  /// Writes what waits. Afterwards, if the guest ended that direction, so does the fd.
  void flush();
  bool drained() const { return waiting.size() == waiting_from; }

 private:
  void count_consumed(size_t bytes);
  void pass_on_end();
  void refuse_writes();
};

}  // namespace vsock
