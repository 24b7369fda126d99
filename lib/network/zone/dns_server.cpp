#include "network/zone/dns_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstring>
#include <map>
#include <thread>

#include "base/ip.h"
#include "base/log.h"
#include "base/timestamp.h"
#include "base/unique_fd.h"
#include "network/zone/dns_message.h"
#include "network/zone/tsig.h"

namespace network::zone {
namespace {

constexpr int kTypeSoa = 6, kTypeIxfr = 251, kTypeAxfr = 252;
constexpr int kFine = 0, kServerFailure = 2, kNoSuchName = 3, kNotImplemented = 4;

struct Peer {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  // SAFETY: sockaddr_storage is made to be seen as any socket address.
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  std::string host() const {
    if (storage.ss_family == AF_INET) return IpAddress::from_bytes(&reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, 4).text();
    return IpAddress::from_bytes(&reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr, 16).text();
  }
};

/// A zone's peer, from the zone's keys peers.<name>.*.
struct ZonePeer {
  std::string address, key;
};

/// Who asks: an address, and what was signed.
struct Asker {
  std::string host;
  const std::string& packet;
  std::optional<Tsig> tsig;
};

/// The peer of `zone` that asks; a zone without peers is nobody's.
std::optional<ZonePeer> peer_asking(const Zone& zone, const Asker& asker) {
  std::map<std::string, ZonePeer> peers;
  for (const auto& [key, value] : zone.config) {
    StringList parts = split(key, '.', 3);
    if (parts.size() != 3 || parts[0] != "peers") continue;
    (parts[2] == "address" ? peers[parts[1]].address : peers[parts[1]].key) = value;
  }
  for (const auto& [name, peer] : peers) {
    if (!peer.address.empty() && peer.address != asker.host) continue;
    if (peer.key.empty()) return peer;
    bool named = asker.tsig && asker.tsig->name == to_lower(zone.name + "_" + name);
    if (named && verify_tsig(asker.packet, *asker.tsig, peer.key, static_cast<uint64_t>(Timestamp::now().seconds))) return peer;
  }
  return std::nullopt;
}

Result<UniqueFd> open_listener(int kind, const IpAddress& address, int port) {
  UniqueFd fd(socket(address.is_v4() ? AF_INET : AF_INET6, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed to open a socket");
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port))};
  sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(static_cast<uint16_t>(port))};
  std::memcpy(address.is_v4() ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr, address.bytes(), address.size());
  // SAFETY: both structures are the socket API's own, passed with their sizes.
  const auto* where = address.is_v4() ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  if (bind(fd.get(), where, address.is_v4() ? sizeof v4 : sizeof v6) < 0) return fail_errno(std::format("Failed to listen on {} port {}", address.text(), port));
  if (kind == SOCK_STREAM && listen(fd.get(), 16) < 0) return fail_errno("Failed to listen");
  return fd;
}

bool read_exactly(const Context& ctx, int fd, std::string& into, size_t size) {
  into.clear();
  while (into.size() < size) {
    if (!ctx.wait_fd(fd, POLLIN)) return false;
    char buffer[512];
    ssize_t got = recv(fd, buffer, std::min(sizeof buffer, size - into.size()), MSG_DONTWAIT);
    if (got <= 0) return false;
    into.append(buffer, static_cast<size_t>(got));
  }
  return true;
}

bool write_all(const Context& ctx, int fd, std::string_view text) {
  while (!text.empty()) {
    if (!ctx.wait_fd(fd, POLLOUT)) return false;
    ssize_t put = send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0) return false;
    text.remove_prefix(static_cast<size_t>(put));
  }
  return true;
}

}  // namespace

struct DnsServer::Impl {
  Networks& networks;
  UniqueFd udp, tcp, stop;
  std::thread thread;

  /// Unknown zones and strangers get the same answer, so that nobody learns which zones exist.
  std::string answer(const std::string& packet, const std::string& host, bool stream) {
    auto query = parse_query(packet);
    if (!query) return "";
    if (query->questions != 1) return build_answer(*query, kServerFailure, {});
    bool transfer = query->type == kTypeAxfr || query->type == kTypeIxfr;
    if ((query->type != kTypeSoa && !transfer) || (transfer && !stream)) return build_answer(*query, kNotImplemented, {});
    auto zones = load_all(networks.environment(), "");
    if (!zones) return build_answer(*query, kServerFailure, {});
    Asker asker{host, packet, find_tsig(packet)};
    for (const Zone& zone : *zones) {
      if (to_lower(zone.name) != query->name) continue;
      auto peer = peer_asking(zone, asker);
      if (!peer) continue;
      auto records = transfer ? content(networks, zone) : std::vector{authority(zone)};
      std::string reply = records ? build_answer(*query, kFine, *records) : build_answer(*query, kServerFailure, {});
      if (peer->key.empty()) return reply;
      return sign_tsig(reply, *asker.tsig, peer->key, static_cast<uint64_t>(Timestamp::now().seconds), &*asker.tsig);
    }
    return build_answer(*query, kNoSuchName, {});
  }

  void serve_datagram() {
    char buffer[1500];
    Peer peer;
    ssize_t size = recvfrom(udp.get(), buffer, sizeof buffer, MSG_DONTWAIT, peer.get(), &peer.size);
    if (size <= 0) return;
    std::string reply = answer({buffer, static_cast<size_t>(size)}, peer.host(), false);
    if (!reply.empty()) (void)sendto(udp.get(), reply.data(), reply.size(), MSG_DONTWAIT, peer.get(), peer.size);  // a datagram may get lost
  }

  void serve_stream() {
    Peer peer;
    UniqueFd client(accept4(tcp.get(), peer.get(), &peer.size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client) return;
    Context ctx = Context::detached(seconds(5));
    std::string size, packet;
    while (read_exactly(ctx, client.get(), size, 2)) {
      size_t length = static_cast<size_t>(static_cast<unsigned char>(size[0]) << 8 | static_cast<unsigned char>(size[1]));
      if (!read_exactly(ctx, client.get(), packet, length)) return;
      std::string reply = answer(packet, peer.host(), true);
      if (reply.empty()) return;
      std::string prefix = {static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size())};
      if (!write_all(ctx, client.get(), prefix + reply)) return;
    }
  }

  void run() {
    for (;;) {
      pollfd polls[] = {{stop.get(), POLLIN, 0}, {udp.get(), POLLIN, 0}, {tcp.get(), POLLIN, 0}};
      if (poll(polls, 3, -1) < 0 && errno != EINTR) return;
      if (polls[0].revents) return;
      if (polls[1].revents) serve_datagram();
      if (polls[2].revents) serve_stream();
    }
  }
};

DnsServer::DnsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

DnsServer::~DnsServer() {
  eventfd_write(impl_->stop.get(), 1);
  impl_->thread.join();
}

Result<std::unique_ptr<DnsServer>> DnsServer::start(Networks& networks, const std::string& listen) {
  size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  auto port = parse_int(colon == std::string::npos ? "53" : listen.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto address = IpAddress::parse(host.empty() ? "::" : host);
  if (!address || !port) return fail(Code::invalid, "Invalid address {} for the DNS server: use ADDRESS:PORT", quote(listen));
  auto impl = std::make_unique<Impl>(networks);
  impl->udp = TRY(open_listener(SOCK_DGRAM, *address, static_cast<int>(*port)));
  impl->tcp = TRY(open_listener(SOCK_STREAM, *address, static_cast<int>(*port)));
  impl->stop.reset(eventfd(0, EFD_CLOEXEC));
  Impl* raw = impl.get();
  std::unique_ptr<DnsServer> server(new DnsServer(std::move(impl)));
  raw->thread = std::thread([raw] { raw->run(); });
  return server;
}

}  // namespace network::zone
