// The back end's side of vhost-user (QEMU's docs/interop/vhost-user): messages over a unix socket by which QEMU hands over the guest's memory and
// rings. What QEMU says is checked as if the guest said it: a guest may have taken QEMU over.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/unique_fd.h"
#include "vsock/guest_memory.h"
#include "vsock/ring.h"

namespace vsock {

class VhostUser {
 public:
  static constexpr size_t kRings = 2;  ///< receive (to the guest), transmit (from it); QEMU itself serves the queue of events

  struct Handlers {
    std::function<void(size_t ring, int kick)> started;   ///< it runs; poll `kick` (not taken over) for the driver's kicks
    std::function<void(size_t ring, int kick)> stopped;   ///< `kick` is about to be closed, -1 without one
    std::function<void()> reset;                          ///< the driver begins anew: nothing of before counts
  };

  /// `config`: the device's configuration space.
  VhostUser(UniqueFd socket, std::string config, Handlers handlers);

  int fd() const { return socket_.get(); }
  /// Reads one message and answers it. False: QEMU went away, or speaks nonsense, which ends the connection. Blocks until the message is complete.
  bool serve_one();

  /// Whether `fd` is a ring's kick; if so, it is read.
  bool take_kick(int fd);

  Ring& ring(size_t index) { return rings_[index].ring; }
  const GuestMemory& memory() const { return memory_; }

 private:
  struct Message;
  struct Queue {
    Ring ring;
    UniqueFd kick;
    bool enabled = false;
    bool last_known = false;   ///< it ran before, up to `last`
    uint16_t last = 0;
  };

  bool receive(Message& message);
  bool reply(const Message& message, const void* data, size_t size);
  Queue* queue_of(const Message& message);
  void refresh(size_t index);
  void halt(size_t index);
  void forget_all();

  bool dispatch(Message& message);
  bool get_features(Message&);
  bool set_features(Message&);
  bool reset_device();
  bool set_memory(Message&);
  bool add_memory(Message&);
  bool remove_memory(Message&);
  bool set_size(Message&);
  bool set_addresses(Message&);
  bool set_base(Message&);
  bool get_base(Message&);
  bool set_kick(Message&);
  bool set_call(Message&);
  bool set_error(Message&);
  bool get_protocol_features(Message&);
  bool set_protocol_features(Message&);
  bool get_queue_count(Message&);
  bool set_enabled(Message&);
  bool get_config(Message&);
  bool get_slots(Message&);

  UniqueFd socket_;
  std::string config_;
  Handlers handlers_;
  GuestMemory memory_;
  Queue rings_[kRings];
  uint64_t features_ = 0, protocol_features_ = 0;
};

}  // namespace vsock
