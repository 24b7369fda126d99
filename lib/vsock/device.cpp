#include "vsock/device.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "sys/fd_passing.h"

namespace vsock {
namespace {

constexpr uint64_t kHost = 2;
constexpr int kPacketsPerTurn = 256;

void answer_dialler(Connection& connection, const char* text) {
  if (connection.fd) (void)!send(connection.fd.get(), text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Device::Device(uint32_t cid, const GuestMemory& memory, Ring& to_guest, Ring& from_guest, int epoll)
    : cid_(cid), memory_(memory), to_guest_(to_guest), from_guest_(from_guest), epoll_(epoll) {}

Connection* Device::find(uint32_t guest_port, uint32_t host_port) {
  for (auto& connection : connections_) {
    if (connection->guest_port == guest_port && connection->host_port == host_port && !connection->deaf) return connection.get();
  }
  return nullptr;
}

Connection* Device::add(UniqueFd stream, uint32_t guest_port, uint32_t host_port) {
  if (connections_.size() >= kMaxConnections) return nullptr;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.fd = stream.get()}};
  fcntl(stream.get(), F_SETFL, O_NONBLOCK);
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, stream.get(), &event) < 0) return nullptr;
  connections_.push_back(std::make_unique<Connection>());
  Connection& added = *connections_.back();
  added.fd = std::move(stream);
  added.guest_port = guest_port;
  added.host_port = host_port;
  return &added;
}

void Device::dial(UniqueFd stream, uint32_t port) {
  if (!from_guest_.running() || !to_guest_.running()) return;  // no driver: its end is the answer
  while (find(port, next_port_)) ++next_port_;
  Connection* added = add(std::move(stream), port, next_port_++);
  if (next_port_ == UINT32_MAX) next_port_ = 1u << 30;
  if (added) added->pending = kRequest;
}

void Device::listen(uint32_t port, UniqueFd uplink) {
  std::erase_if(uplinks_, [port](const Uplink& old) { return old.port == port; });
  if (uplinks_.size() >= 16) return;
  epoll_event event{.events = EPOLLRDHUP | EPOLLET, .data = {.fd = uplink.get()}};
  fcntl(uplink.get(), F_SETFL, O_NONBLOCK);
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, uplink.get(), &event) < 0) return;
  (void)!send(uplink.get(), "OK\n", 3, MSG_NOSIGNAL | MSG_DONTWAIT);
  uplinks_.push_back({port, std::move(uplink)});
}

bool Device::on_event(int fd, uint32_t events) {
  for (auto& connection : connections_) {
    if (connection->fd.get() != fd) continue;
    if (events & (EPOLLIN | EPOLLRDHUP)) connection->readable = !(connection->guest_ended & kReceiving);
    if (events & (EPOLLHUP | EPOLLERR)) connection->hung_up = true;
    if (events & EPOLLOUT) connection->flush();
    // Whoever dialled gave up before the guest answered.
    if (connection->hung_up && (!connection->established || (connection->guest_ended & kReceiving))) connection->lose_host();
    return true;
  }
  size_t before = uplinks_.size();
  std::erase_if(uplinks_, [fd, events](const Uplink& uplink) { return uplink.fd.get() == fd && (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)); });
  return uplinks_.size() != before;
}

void Device::reset() {
  for (auto& connection : connections_) {
    if (!connection->established) answer_dialler(*connection, "NO\n");
  }
  connections_.clear();
  resets_.clear();
}

/// The guest closed, and the host's end has everything: that is confirmed, so that the guest may forget it too.
void Device::confirm_ends() {
  for (auto& connection : connections_) {
    if (!connection->deaf && connection->guest_ended == kBoth && connection->drained()) connection->pending = kReset;
  }
}

/// Forgets connections that have nothing left to do.
void Device::sweep() {
  for (auto& connection : connections_) {
    if (connection->deaf && connection->hung_up) connection->lose_host();
  }
  std::erase_if(connections_, [](const auto& connection) { return connection->deaf && connection->drained(); });
  // Guests that never confirm the end of a connection don't keep others from coming.
  if (connections_.size() < kMaxConnections) return;
  auto dead = std::ranges::find_if(connections_, [](const auto& connection) { return !connection->fd && connection->told_ended == kBoth; });
  if (dead != connections_.end()) connections_.erase(dead);
}

bool Device::work() {
  bool more = false;
  if (from_guest_.running() && to_guest_.running()) {
    more = read_ring();
    confirm_ends();
    more |= fill_ring();
    from_guest_.notify();
    to_guest_.notify();
    if (!more && resets_.size() < kMaxResets) more |= from_guest_.rearm();
    if (!more && room_wanted_) more |= to_guest_.rearm();
  }
  sweep();
  return more;
}

// --- from the guest ---

/// True: there is more than one turn's worth.
bool Device::read_ring() {
  Chain chain;
  for (int i = 0; i < kPacketsPerTurn; i++) {
    if (resets_.size() >= kMaxResets) return false;
    Ring::Peek found = from_guest_.peek(memory_, chain);
    if (found == Ring::Peek::empty) return false;
    from_guest_.take();
    Header header;
    if (found == Ring::Peek::chain && copy_from(chain.to_read(), &header, sizeof header) == sizeof header) on_packet(header, chain);
    from_guest_.give_back(chain.head, 0);
  }
  return true;
}

void Device::on_packet(const Header& header, Chain& chain) {
  if (header.src_cid != cid_ || header.dst_cid != kHost || header.type != VIRTIO_VSOCK_TYPE_STREAM) return refuse(header);
  Connection* connection = find(header.src_port, header.dst_port);
  if (connection) return on_packet_of(*connection, header, chain);
  if (header.op == VIRTIO_VSOCK_OP_REQUEST) return on_request(header);
  refuse(header);
}

/// Answers with a reset, unless it is one itself.
void Device::refuse(const Header& header) {
  if (header.op == VIRTIO_VSOCK_OP_RST) return;
  Header answer{};
  answer.src_cid = header.dst_cid, answer.src_port = header.dst_port;
  answer.dst_cid = cid_, answer.dst_port = header.src_port;
  answer.type = header.type;
  answer.op = VIRTIO_VSOCK_OP_RST;
  resets_.push_back(answer);
}

void Device::on_packet_of(Connection& connection, const Header& header, Chain& chain) {
  connection.guest_buffer = header.buf_alloc;
  connection.guest_consumed = header.fwd_cnt;
  switch (header.op) {
    case VIRTIO_VSOCK_OP_RESPONSE: return on_response(connection);
    case VIRTIO_VSOCK_OP_RW: return on_data(connection, header, chain);
    case VIRTIO_VSOCK_OP_CREDIT_UPDATE: return;
    case VIRTIO_VSOCK_OP_CREDIT_REQUEST: connection.pending |= kCreditUpdate; return;
    case VIRTIO_VSOCK_OP_SHUTDOWN:
      connection.guest_ended |= header.flags & kBoth;
      connection.flush();
      return;
    case VIRTIO_VSOCK_OP_RST:
      if (!connection.established) answer_dialler(connection, "NO\n");
      connection.guest_ended = kBoth;
      connection.pending = 0;
      connection.deaf = true;
      connection.flush();
      return;
    default:
      connection.lose_host();  // also a request for a connection that exists: one of the two is wrong about it
      connection.pending = kReset;
  }
}

void Device::on_response(Connection& connection) {
  if (connection.established) return;
  connection.established = true;
  answer_dialler(connection, "OK\n");
}

void Device::on_data(Connection& connection, const Header& header, Chain& chain) {
  bool too_much = connection.received - connection.consumed + uint64_t{header.len} > kBufferSize;
  if (!connection.established || (connection.guest_ended & kSending) || too_much || header.len > chain.readable - sizeof header) {
    connection.lose_host();
    connection.pending = kReset;
    return;
  }
  if (header.len > 0) connection.deliver(trim(chain.to_read(), sizeof header, header.len));
}

void Device::on_request(const Header& header) {
  auto mine = std::ranges::count_if(connections_, [](const auto& connection) { return connection->by_guest; });
  auto pair = sys::socket_pair();
  if (static_cast<size_t>(mine) >= kMaxByGuest || !pair) return refuse(header);
  Connection* added = add(std::move(pair->first), header.src_port, header.dst_port);
  if (!added) return refuse(header);
  if (!pass_on(header.dst_port, std::move(pair->second))) {
    connections_.pop_back();
    return refuse(header);
  }
  added->guest_buffer = header.buf_alloc;
  added->guest_consumed = header.fwd_cnt;
  added->established = added->by_guest = true;
  added->pending = kResponse;
}

bool Device::pass_on(uint32_t port, UniqueFd stream) {
  for (Uplink& uplink : uplinks_) {
    if (uplink.port == port) return sys::send_fds(uplink.fd.get(), "+", {stream.get()}).has_value();
  }
  return false;
}

// --- to the guest ---

/// The next chain with room for a header and data; others go back at once.
Ring::Peek Device::peek_usable(Chain& chain) {
  for (int i = 0; i < kPacketsPerTurn; i++) {
    Ring::Peek found = to_guest_.peek(memory_, chain);
    if (found == Ring::Peek::empty || (found == Ring::Peek::chain && chain.writable > sizeof(Header))) return found;
    to_guest_.take();
    to_guest_.give_back(chain.head, 0);
  }
  return Ring::Peek::empty;
}

/// True: there is more than one turn's worth.
bool Device::fill_ring() {
  Chain chain;
  room_wanted_ = false;
  for (int i = 0; i < kPacketsPerTurn; i++) {
    bool more = !resets_.empty();
    for (const auto& connection : connections_) more |= connection->has_packet();
    if (!more) return false;
    if (peek_usable(chain) == Ring::Peek::empty) {
      room_wanted_ = true;
      return false;
    }
    if (next_reset(chain)) continue;
    for (size_t tried = 0; tried < connections_.size(); tried++) {
      Connection& connection = *connections_[turn_++ % connections_.size()];
      if (connection.has_packet() && (send_pending(connection, chain) || send_data(connection, chain))) break;
    }
  }
  return true;
}

void Device::put(Chain& chain, const Header& header) {
  copy_to(chain.to_write(), &header, sizeof header);
  to_guest_.take();
  to_guest_.give_back(chain.head, static_cast<uint32_t>(sizeof header + header.len));
}

bool Device::next_reset(Chain& chain) {
  if (resets_.empty()) return false;
  put(chain, resets_.front());
  resets_.erase(resets_.begin());
  return true;
}

Device::Header Device::header_for(Connection& connection, uint16_t operation, uint32_t length) const {
  Header header{};
  header.src_cid = kHost, header.src_port = connection.host_port;
  header.dst_cid = cid_, header.dst_port = connection.guest_port;
  header.len = length;
  header.type = VIRTIO_VSOCK_TYPE_STREAM;
  header.op = operation;
  header.buf_alloc = kBufferSize;
  header.fwd_cnt = connection.told_consumed = connection.consumed;
  return header;
}

/// True: the chain was used.
bool Device::send_pending(Connection& connection, Chain& chain) {
  struct Row { Pending what; uint16_t operation; };
  static constexpr Row kRows[] = {{kReset, VIRTIO_VSOCK_OP_RST},
                                  {kRequest, VIRTIO_VSOCK_OP_REQUEST},
                                  {kResponse, VIRTIO_VSOCK_OP_RESPONSE},
                                  {kCreditUpdate, VIRTIO_VSOCK_OP_CREDIT_UPDATE},
                                  {kShutdown, VIRTIO_VSOCK_OP_SHUTDOWN}};
  for (const Row& row : kRows) {
    if (!(connection.pending & row.what)) continue;
    connection.pending &= ~row.what;
    Header header = header_for(connection, row.operation);
    if (row.what == kShutdown) header.flags = connection.told_ended = connection.host_ended;
    if (row.what == kReset) connection.deaf = true, connection.pending = 0;
    put(chain, header);
    return true;
  }
  return false;
}

/// False: there was nothing to read, or it ended.
bool Device::send_data(Connection& connection, Chain& chain) {
  size_t room = std::min<size_t>({chain.writable - sizeof(Header), connection.credit(), 64 << 10});
  Chain target = chain;  // the header's place is still needed
  std::span<iovec> pieces = trim(target.to_write(), sizeof(Header), room);
  ssize_t got = readv(connection.fd.get(), pieces.data(), static_cast<int>(pieces.size()));
  if (got > 0) {
    connection.sent += static_cast<uint32_t>(got);
    put(chain, header_for(connection, VIRTIO_VSOCK_OP_RW, static_cast<uint32_t>(got)));
    return true;
  }
  connection.readable = got < 0 && errno == EINTR;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (connection.hung_up || got < 0) {
    connection.lose_host();
  } else if (!(connection.host_ended & kSending)) {
    connection.host_ended |= kSending;
    connection.pending |= kShutdown;
  }
  return false;
}

}  // namespace vsock
