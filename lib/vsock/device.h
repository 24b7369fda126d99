// The vsock device: packets of the guest on one side (virtio 1.2, section 5.10), sockets of the host on the other. Plain logic over two rings and an
// epoll descriptor, one thread. The number of connections, of packets a turn and of bytes held for each connection are bounded.
#pragma once
#include <linux/virtio_vsock.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "vsock/connection.h"
#include "vsock/guest_memory.h"
#include "vsock/ring.h"

namespace vsock {

class Device {
 public:
  static constexpr size_t kMaxConnections = 256;
  static constexpr size_t kMaxByGuest = 96;  ///< of them
  static constexpr size_t kMaxResets = 64;   ///< waiting answers to packets that belong to nothing; more are not read from the ring

  /// `epoll`: gets the connections' sockets, edge-triggered, with the descriptor's number as data.
  Device(uint32_t cid, const GuestMemory& memory, Ring& to_guest, Ring& from_guest, int epoll);

  /// Connects `stream` to a port of the guest. It gets "OK\n" once the guest agreed, "NO\n" and its end otherwise.
  void dial(UniqueFd stream, uint32_t port);
  /// Connections of the guest to `port` go as messages ("+" with a descriptor) over this socket, instead of an earlier one's.
  void listen(uint32_t port, UniqueFd uplink);
  /// Something happened to a descriptor of ours. False: it is none of them.
  bool on_event(int fd, uint32_t events);
  /// Moves what can be moved. True: more can be, but others should have their turn first.
  bool work();
  /// Cuts all connections: the guest has forgotten them.
  void reset();

  size_t connections() const { return connections_.size(); }

 private:
  using Header = virtio_vsock_hdr;
  struct Uplink {
    uint32_t port;
    UniqueFd fd;
  };

  bool read_ring();
  bool fill_ring();
  void on_packet(const Header& header, Chain& chain);
  void on_packet_of(Connection& connection, const Header& header, Chain& chain);
  void on_data(Connection& connection, const Header& header, Chain& chain);
  void on_request(const Header& header);
  void on_response(Connection& connection);
  bool pass_on(uint32_t port, UniqueFd stream);
  void refuse(const Header& header);
  bool next_reset(Chain& chain);
  bool send_pending(Connection& connection, Chain& chain);
  bool send_data(Connection& connection, Chain& chain);
  Header header_for(Connection& connection, uint16_t operation, uint32_t length = 0) const;
  void put(Chain& chain, const Header& header);
  Ring::Peek peek_usable(Chain& chain);
  Connection* find(uint32_t guest_port, uint32_t host_port);
  Connection* add(UniqueFd stream, uint32_t guest_port, uint32_t host_port);
  void confirm_ends();
  void sweep();

  uint64_t cid_;
  const GuestMemory& memory_;
  Ring& to_guest_;
  Ring& from_guest_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Header> resets_;
  std::vector<Uplink> uplinks_;
  uint32_t next_port_ = 1u << 30;
  size_t turn_ = 0;          ///< who is served first
  bool room_wanted_ = false; ///< something waits for a buffer of the guest
};

}  // namespace vsock
