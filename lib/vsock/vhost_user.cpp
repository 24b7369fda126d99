#include "vsock/vhost_user.h"

#include <linux/virtio_config.h>
#define VIRTIO_RING_NO_LEGACY  // its inline functions are C only
#include <linux/virtio_ring.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "sys/fd_passing.h"

namespace vsock {
namespace {

constexpr uint64_t bit(int number) { return uint64_t{1} << number; }
constexpr int kFeatureProtocol = 30;  // VHOST_USER_F_PROTOCOL_FEATURES
constexpr uint64_t kFeatures = bit(VIRTIO_F_VERSION_1) | bit(VIRTIO_RING_F_INDIRECT_DESC) | bit(VIRTIO_RING_F_EVENT_IDX) | bit(kFeatureProtocol);
// MQ, REPLY_ACK, CONFIG, RESET_DEVICE, CONFIGURE_MEM_SLOTS
constexpr int kProtocolReplyAck = 3;
constexpr uint64_t kProtocolFeatures = bit(0) | bit(kProtocolReplyAck) | bit(9) | bit(13) | bit(15);

constexpr uint32_t kVersion = 1, kVersionMask = 3, kIsReply = 4, kNeedsReply = 8;
constexpr uint64_t kRingMask = 0xff, kWithoutFd = 0x100;  // of messages that bring a ring's descriptor
constexpr size_t kMaxPayload = 1024, kMaxFds = 8;

struct State { uint32_t index, number; };
struct Addresses { uint32_t index, flags; uint64_t descriptors, used, available, log; };
struct WireRegion { uint64_t guest, size, user, offset; };
struct WireTable { uint32_t count, padding; WireRegion region[kMaxFds]; };
struct WireSlot { uint64_t padding; WireRegion region; };
struct WireConfig { uint32_t offset, size, flags; uint8_t data[256]; };

}  // namespace

struct VhostUser::Message {
  struct { uint32_t request, flags, size; } head;
  alignas(8) char payload[kMaxPayload];
  UniqueFd fds[kMaxFds];
  size_t fd_count = 0;
  bool answered = false;

  template <class T>
  T as() const {
    T value;
    memcpy(&value, payload, sizeof value);
    return value;
  }
};

VhostUser::VhostUser(UniqueFd socket, std::string config, Handlers handlers)
    : socket_(std::move(socket)), config_(std::move(config)), handlers_(std::move(handlers)) {}

bool VhostUser::receive(Message& message) {
  std::vector<UniqueFd> fds;
  bool dropped = false;
  std::span<char> head(reinterpret_cast<char*>(&message.head), sizeof message.head);
  ssize_t got;
  do got = sys::receive_with_fds(socket_.get(), head, fds, kMaxFds, MSG_WAITALL, &dropped);
  while (got < 0 && errno == EINTR);
  for (UniqueFd& fd : fds) {
    if (message.fd_count < kMaxFds) message.fds[message.fd_count++] = std::move(fd);
  }
  if (got != sizeof message.head || (message.head.flags & kVersionMask) != kVersion || (message.head.flags & kIsReply)) return false;
  if (message.head.size > kMaxPayload || dropped) return false;
  memset(message.payload, 0, sizeof message.payload);
  if (message.head.size == 0) return true;
  do got = recv(socket_.get(), message.payload, message.head.size, MSG_WAITALL);
  while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(message.head.size);
}

bool VhostUser::reply(const Message& message, const void* data, size_t size) {
  struct { uint32_t request, flags, size; } head{message.head.request, kVersion | kIsReply, static_cast<uint32_t>(size)};
  iovec parts[2] = {{&head, sizeof head}, {const_cast<void*>(data), size}};
  msghdr header{.msg_iov = parts, .msg_iovlen = 2};
  return sendmsg(socket_.get(), &header, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof head + size);
}

/// Hands a message with as many bytes as it should have to who understands it. (No table of member functions: the linker merges equal functions, and
/// one that got an odd address by that would pass for a virtual one.)
bool VhostUser::dispatch(Message& message) {
  uint32_t size = message.head.size;
  switch (message.head.request) {
    case 1: return size == 0 && get_features(message);
    case 2: return size == 8 && set_features(message);
    case 3: return size == 0;   // SET_OWNER: there is only one
    case 4:                     // RESET_OWNER
    case 34: return size == 0 && reset_device();
    case 5: return size >= 8 && set_memory(message);
    case 8: return size == sizeof(State) && set_size(message);
    case 9: return size == sizeof(Addresses) && set_addresses(message);
    case 10: return size == sizeof(State) && set_base(message);
    case 11: return size == sizeof(State) && get_base(message);
    case 12: return size == 8 && set_kick(message);
    case 13: return size == 8 && set_call(message);
    case 14: return size == 8 && set_error(message);
    case 15: return size == 0 && get_protocol_features(message);
    case 16: return size == 8 && set_protocol_features(message);
    case 17: return size == 0 && get_queue_count(message);
    case 18: return size == sizeof(State) && set_enabled(message);
    case 24: return size >= 12 && get_config(message);
    case 25: return size >= 12;  // SET_CONFIG: nothing of it can be set
    case 36: return size == 0 && get_slots(message);
    case 37: return size == sizeof(WireSlot) && add_memory(message);
    case 38: return size == sizeof(WireSlot) && remove_memory(message);
    default: return false;
  }
}

bool VhostUser::serve_one() {
  Message message;
  if (!receive(message)) return false;
  bool done = dispatch(message);
  if (message.answered) return done;
  // With REPLY_ACK an order that cannot be carried out is an answer; without it QEMU would go on as if it had been.
  if ((protocol_features_ & bit(kProtocolReplyAck)) && (message.head.flags & kNeedsReply)) {
    uint64_t failed = done ? 0 : 1;
    return reply(message, &failed, sizeof failed);
  }
  return done;
}

bool VhostUser::take_kick(int fd) {
  for (const Queue& queue : rings_) {
    if (queue.kick.get() != fd) continue;
    uint64_t count;
    (void)!read(fd, &count, sizeof count);  // QEMU's eventfds don't block
    return true;
  }
  return false;
}

VhostUser::Queue* VhostUser::queue_of(const Message& message) {
  uint64_t index = message.as<uint32_t>() & kRingMask;
  return index < kRings ? &rings_[index] : nullptr;
}

/// Starts the ring if everything is known that it needs.
void VhostUser::refresh(size_t index) {
  Queue& queue = rings_[index];
  bool enabled = queue.enabled || !(features_ & bit(kFeatureProtocol));
  if (queue.ring.running() || !enabled || !queue.kick || !queue.ring.resolve(memory_)) return;
  // A ring that does not go on where it ended belongs to a driver that was started anew; one that does was only paused.
  if (queue.last_known && queue.last != queue.ring.base()) handlers_.reset();
  queue.last_known = false;
  handlers_.started(index, queue.kick.get());
}

void VhostUser::halt(size_t index) {
  Queue& queue = rings_[index];
  if (queue.ring.running()) queue.last_known = true, queue.last = queue.ring.base();
  queue.ring.stop();
  handlers_.stopped(index, queue.kick.get());
}

void VhostUser::forget_all() {
  for (size_t i = 0; i < kRings; i++) {
    halt(i);
    rings_[i] = Queue();
  }
  handlers_.reset();
}

bool VhostUser::get_features(Message& message) {
  uint64_t features = kFeatures;
  message.answered = true;
  return reply(message, &features, sizeof features);
}

bool VhostUser::set_features(Message& message) {
  features_ = message.as<uint64_t>();
  for (Queue& queue : rings_) queue.ring.set_event_index(features_ & bit(VIRTIO_RING_F_EVENT_IDX));
  return (features_ & ~kFeatures) == 0;
}

bool VhostUser::reset_device() {
  forget_all();
  return true;
}

bool VhostUser::set_memory(Message& message) {
  WireTable table = message.as<WireTable>();
  if (table.count > kMaxFds || table.count != message.fd_count || message.head.size < 8 + table.count * sizeof(WireRegion)) return false;
  for (Queue& queue : rings_) queue.ring.stop();
  memory_.clear();
  for (uint32_t i = 0; i < table.count; i++) {
    const WireRegion& region = table.region[i];
    if (!memory_.add({region.guest, region.size, region.user, region.offset}, message.fds[i])) return false;
  }
  for (size_t i = 0; i < kRings; i++) refresh(i);
  return true;
}

bool VhostUser::add_memory(Message& message) {
  WireRegion region = message.as<WireSlot>().region;
  return message.fd_count == 1 && memory_.add({region.guest, region.size, region.user, region.offset}, message.fds[0]);
}

bool VhostUser::remove_memory(Message& message) {
  WireRegion region = message.as<WireSlot>().region;
  bool ran[kRings];
  for (size_t i = 0; i < kRings; i++) ran[i] = rings_[i].ring.running(), rings_[i].ring.stop();
  bool found = memory_.remove(region.guest, region.size);
  for (size_t i = 0; i < kRings; i++) {
    if (ran[i]) (void)rings_[i].ring.resolve(memory_);  // one that was in that region stays stopped
  }
  return found;
}

bool VhostUser::set_size(Message& message) {
  Queue* queue = queue_of(message);
  return queue && queue->ring.set_size(message.as<State>().number);
}

bool VhostUser::set_addresses(Message& message) {
  Queue* queue = queue_of(message);
  if (!queue) return false;
  Addresses wanted = message.as<Addresses>();
  queue->ring.stop();
  queue->ring.set_addresses(wanted.descriptors, wanted.available, wanted.used);
  refresh(static_cast<size_t>(queue - rings_));
  return true;
}

bool VhostUser::set_base(Message& message) {
  Queue* queue = queue_of(message);
  if (!queue || message.as<State>().number > UINT16_MAX) return false;
  queue->ring.stop();
  queue->ring.set_base(static_cast<uint16_t>(message.as<State>().number));
  return true;
}

/// Also the order to stop.
bool VhostUser::get_base(Message& message) {
  Queue* queue = queue_of(message);
  if (!queue) return false;
  size_t index = static_cast<size_t>(queue - rings_);
  halt(index);
  queue->kick.reset();
  queue->ring.set_call(UniqueFd());
  State state{static_cast<uint32_t>(index), queue->ring.base()};
  message.answered = true;
  return reply(message, &state, sizeof state);
}

bool VhostUser::set_kick(Message& message) {
  Queue* queue = queue_of(message);
  if (!queue) return false;
  size_t index = static_cast<size_t>(queue - rings_);
  if (queue->kick) halt(index);
  bool given = !(message.as<uint64_t>() & kWithoutFd);
  if (given != (message.fd_count == 1)) return false;
  queue->kick = std::move(message.fds[0]);
  refresh(index);
  return true;
}

bool VhostUser::set_call(Message& message) {
  Queue* queue = queue_of(message);
  if (queue) queue->ring.set_call(std::move(message.fds[0]));
  return queue;
}

bool VhostUser::set_error(Message& message) {
  Queue* queue = queue_of(message);
  if (queue) queue->ring.set_error(std::move(message.fds[0]));
  return queue;
}

bool VhostUser::get_protocol_features(Message& message) {
  uint64_t features = kProtocolFeatures;
  message.answered = true;
  return reply(message, &features, sizeof features);
}

bool VhostUser::set_protocol_features(Message& message) {
  protocol_features_ = message.as<uint64_t>();
  return (protocol_features_ & ~kProtocolFeatures) == 0;
}

bool VhostUser::get_queue_count(Message& message) {
  uint64_t count = kRings;
  message.answered = true;
  return reply(message, &count, sizeof count);
}

bool VhostUser::set_enabled(Message& message) {
  Queue* queue = queue_of(message);
  if (!queue) return false;
  queue->enabled = message.as<State>().number != 0;
  size_t index = static_cast<size_t>(queue - rings_);
  if (queue->enabled) refresh(index);
  else if (queue->ring.running()) halt(index);
  return true;
}

bool VhostUser::get_config(Message& message) {
  WireConfig config = message.as<WireConfig>();
  size_t head = sizeof config - sizeof config.data;
  message.answered = true;
  if (config.size > sizeof config.data || message.head.size != head + config.size) return reply(message, &config, 0);
  memset(config.data, 0, sizeof config.data);
  for (size_t i = 0; i < config.size && config.offset + i < config_.size(); i++) config.data[i] = static_cast<uint8_t>(config_[config.offset + i]);
  return reply(message, &config, head + config.size);
}

bool VhostUser::get_slots(Message& message) {
  uint64_t slots = GuestMemory::kMaxRegions;
  message.answered = true;
  return reply(message, &slots, sizeof slots);
}

}  // namespace vsock
