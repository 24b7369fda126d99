#include "vsock/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace vsock {
namespace {

/// The guest hears of room in the buffer at the latest when this much of it was read.
constexpr uint32_t kTellEvery = kBufferSize / 4;

size_t total(std::span<const iovec> pieces) {
  size_t sum = 0;
  for (const iovec& piece : pieces) sum += piece.iov_len;
  return sum;
}

}  // namespace

uint32_t Connection::credit() const {
  uint32_t in_flight = sent - guest_consumed;
  return in_flight >= guest_buffer ? 0 : guest_buffer - in_flight;
}

void Connection::lose_host() {
  fd.reset();
  readable = false;
  consumed += static_cast<uint32_t>(waiting.size() - waiting_from);
  waiting = std::string();
  waiting_from = 0;
  host_ended = kBoth;
  if (!established) pending = kReset;
  else if (told_ended != kBoth) pending |= kShutdown;
}

void Connection::count_consumed(size_t bytes) {
  consumed += static_cast<uint32_t>(bytes);
  if (consumed - told_consumed >= kTellEvery) pending |= kCreditUpdate;
}

/// What the guest sends from now on is dropped.
void Connection::refuse_writes() {
  closed_to = true;
  count_consumed(waiting.size() - waiting_from);
  waiting = std::string();
  waiting_from = 0;
}

void Connection::deliver(std::span<iovec> pieces) {
  size_t size = total(pieces), done = 0;
  received += static_cast<uint32_t>(size);
  if (fd && !closed_to && drained()) {
    msghdr header{.msg_iov = pieces.data(), .msg_iovlen = pieces.size()};
    ssize_t now = sendmsg(fd.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) refuse_writes();
    if (now > 0) done = static_cast<size_t>(now);
  }
  if (!fd || closed_to) return count_consumed(size);
  count_consumed(done);
  for (const iovec& piece : pieces) {
    size_t skip = std::min(done, piece.iov_len);
    waiting.append(static_cast<const char*>(piece.iov_base) + skip, piece.iov_len - skip);
    done -= skip;
  }
}

void Connection::flush() {
  while (fd && !drained()) {
    ssize_t now = send(fd.get(), waiting.data() + waiting_from, waiting.size() - waiting_from, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0 && (errno == EAGAIN || errno == ENOBUFS)) return;
    if (now <= 0) return refuse_writes();
    waiting_from += static_cast<size_t>(now);
    count_consumed(static_cast<size_t>(now));
  }
  waiting = std::string();  // gives the memory back: most connections never need it
  waiting_from = 0;
  pass_on_end();
}

/// Once for each direction: every shutdown(2) wakes the epoll that called us.
void Connection::pass_on_end() {
  uint8_t fresh = guest_ended & ~shut;
  shut |= fresh;
  if (fd && (fresh & kSending)) ::shutdown(fd.get(), SHUT_WR);
  if (fd && (fresh & kReceiving)) ::shutdown(fd.get(), SHUT_RD);
  if (guest_ended & kReceiving) readable = false;
}

}  // namespace vsock
