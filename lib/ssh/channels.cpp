#include "ssh/channels.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ssh {

namespace {

enum Message : uint8_t {
  kOpen = 90, kOpenConfirmation = 91, kOpenFailure = 92, kWindowAdjust = 93, kData = 94, kExtendedData = 95,
  kEof = 96, kClose = 97, kRequest = 98, kSuccess = 99, kFailure = 100,
};
constexpr uint32_t kWindow = 2 << 20, kMaxData = 32 << 10;
constexpr size_t kMaxChannels = 16;
constexpr uint32_t kUnknownType = 3, kResourceShortage = 4;  ///< reasons of a refused channel

bool events_of(const std::vector<pollfd>& fds, int fd, short wanted) {
  return std::ranges::any_of(fds, [&](const pollfd& entry) { return entry.fd == fd && (entry.revents & wanted); });
}

}  // namespace

void Channels::open(Reader& reader) {
  std::string_view type = reader.text();
  Channel channel{.remote = reader.number(), .window = reader.number(), .max_packet = reader.number()};
  uint32_t reason = type != "session" ? kUnknownType : channels_.size() >= kMaxChannels ? kResourceShortage : 0;
  if (reason) return packets_.write(Writer(kOpenFailure).number(channel.remote).number(reason).text("only a few sessions are served here").text("").bytes());
  channel.granted = kWindow;
  packets_.write(Writer(kOpenConfirmation).number(channel.remote).number(next_).number(kWindow).number(kMaxData).bytes());
  channels_.emplace(next_++, std::move(channel));
}

void Channels::request(Channel& channel, Reader& reader) {
  std::string_view type = reader.text();
  bool wants_answer = reader.boolean();
  bool done = false;
  if (type == "subsystem" && reader.text() == "sftp" && !channel.socket) {
    auto socket = open_sftp_();
    done = socket.has_value();
    if (done) channel.socket = std::move(*socket);
  }
  if (wants_answer) packets_.write(Writer(done ? kSuccess : kFailure).number(channel.remote).bytes());
}

void Channels::data(Channel& channel, std::string_view bytes) {
  channel.granted -= static_cast<uint32_t>(bytes.size());
  if (channel.socket) channel.waiting += bytes;
  write_to_socket(channel);
}

Result<> Channels::handle(uint8_t message, Reader& reader) {
  if (message == kOpen) return open(reader), Result<>();
  auto found = channels_.find(reader.number());
  if (found == channels_.end()) return fail(Code::invalid, "The SSH client named a channel that isn't open");
  Channel& channel = found->second;
  if (message == kExtendedData) reader.number();  // its kind
  if (message == kData || message == kExtendedData) {
    std::string_view bytes = reader.text();
    if (bytes.size() > channel.granted) return fail(Code::invalid, "The SSH client sent more than its window allows");
    data(channel, bytes);
  }
  if (message == kWindowAdjust) channel.window = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{channel.window} + reader.number(), UINT32_MAX));
  if (message == kEof) channel.client_ended = true, write_to_socket(channel);
  if (message == kRequest) request(channel, reader);
  if (message == kClose) {
    close(channel);
    channels_.erase(found);
  }
  return reader.good() ? Result<>() : fail(Code::invalid, "The SSH client sent a broken message");
}

void Channels::close(Channel& channel) {
  if (std::exchange(channel.we_closed, true)) return;
  packets_.write(Writer(kEof).number(channel.remote).bytes());
  packets_.write(Writer(kClose).number(channel.remote).bytes());
  channel.socket.reset();
}

void Channels::collect(std::vector<pollfd>& fds, bool may_send) const {
  for (const auto& [id, channel] : channels_) {
    if (!channel.socket) continue;
    int events = (may_send && channel.window > 0 ? POLLIN : 0) | (channel.waiting.empty() ? 0 : POLLOUT);
    if (events) fds.push_back({channel.socket.get(), static_cast<short>(events), 0});
  }
}

void Channels::pump(const std::vector<pollfd>& fds, bool may_send) {
  for (auto& [id, channel] : channels_) {
    if (channel.socket && events_of(fds, channel.socket.get(), POLLOUT | POLLERR)) write_to_socket(channel);
    if (channel.socket && may_send && events_of(fds, channel.socket.get(), POLLIN | POLLHUP)) send_from_socket(channel);
  }
}

void Channels::send_from_socket(Channel& channel) {
  std::string bytes(std::min({channel.window, channel.max_packet, kMaxData}), '\0');
  if (bytes.empty()) return;
  ssize_t count = recv(channel.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return close(channel);
  bytes.resize(static_cast<size_t>(count));
  channel.window -= static_cast<uint32_t>(count);
  packets_.write(Writer(kData).number(channel.remote).text(bytes).bytes());
}

void Channels::write_to_socket(Channel& channel) {
  if (!channel.socket) return;
  if (!channel.waiting.empty()) {
    ssize_t count = send(channel.socket.get(), channel.waiting.data(), channel.waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return close(channel);
    if (count > 0) channel.waiting.erase(0, static_cast<size_t>(count));
  }
  if (channel.waiting.empty() && channel.client_ended) shutdown(channel.socket.get(), SHUT_WR);
  uint32_t room = kWindow - static_cast<uint32_t>(channel.waiting.size());
  if (room < channel.granted + kWindow / 2) return;
  packets_.write(Writer(kWindowAdjust).number(channel.remote).number(room - channel.granted).bytes());
  channel.granted = room;
}

}  // namespace ssh
