// Address arithmetic on byte arrays in network order.
#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <format>

#include "base/strings.h"

std::optional<MacAddress> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress mac;
  for (size_t i = 0; i < 6; i++) {
    if (i > 0 && text[i * 3 - 1] != ':' && text[i * 3 - 1] != '-') return std::nullopt;
    auto byte = parse_uint(text.substr(i * 3, 2), 16);
    if (!byte) return std::nullopt;
    mac[i] = static_cast<uint8_t>(*byte);
  }
  return mac;
}

std::string format_mac(const MacAddress& mac) {
  return std::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::string copy(text);
  uint8_t bytes[16];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return from_bytes(bytes, 4);
  if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return from_bytes(bytes, 16);
  return std::nullopt;
}

IpAddress IpAddress::from_bytes(const void* bytes, size_t size) {
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  IpAddress address;
  const auto* from = static_cast<const uint8_t*>(bytes);
  if (size == 16 && std::memcmp(from, kMapped, sizeof kMapped) == 0) {
    from += 12;
    size = 4;
  }
  address.v4_ = size == 4;
  std::copy_n(from, size, address.bytes_.begin());
  return address;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

IpAddress IpAddress::plus(int64_t delta) const {
  IpAddress result = *this;
  __int128 carry = delta;
  for (size_t i = size(); i-- > 0;) {
    carry += result.bytes_[i];
    result.bytes_[i] = static_cast<uint8_t>(carry & 0xff);
    carry >>= 8;  // arithmetic: borrows travel as -1
  }
  return result;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.begin() + size(), [](uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](uint8_t byte) { return byte == 0; }) && bytes_[15] == 1;
}

bool IpAddress::is_link_local() const {
  if (v4_) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const { return v4_ ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }

bool IpAddress::is_global_unicast() const {
  bool broadcast = v4_ && std::all_of(bytes_.begin(), bytes_.begin() + 4, [](uint8_t byte) { return byte == 0xff; });
  return !broadcast && !is_unspecified() && !is_loopback() && !is_multicast() && !is_link_local();
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto address = IpAddress::parse(text.substr(0, slash));
  auto prefix = parse_uint(text.substr(slash + 1));
  if (!address || !prefix || *prefix > static_cast<uint64_t>(address->bits())) return std::nullopt;
  return IpNetwork{*address, static_cast<int>(*prefix)};
}

std::optional<IpNetwork> IpNetwork::parse_host_or_network(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return parse(text);
  auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return host(*address);
}

namespace {
/// `address` with all bits after `prefix` cleared or set.
IpAddress with_host_bits(const IpAddress& address, int prefix, bool set) {
  uint8_t bytes[16];
  std::copy_n(address.bytes(), address.size(), bytes);
  for (int bit = prefix; bit < address.bits(); bit++) {
    uint8_t mask = static_cast<uint8_t>(0x80 >> (bit % 8));
    bytes[bit / 8] = set ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask;
  }
  return IpAddress::from_bytes(bytes, address.size());
}
}  // namespace

IpAddress IpNetwork::first() const { return with_host_bits(address, prefix, false); }
IpAddress IpNetwork::last() const { return with_host_bits(address, prefix, true); }

bool IpNetwork::contains(const IpAddress& other) const {
  return other.is_v4() == address.is_v4() && with_host_bits(other, prefix, false) == first();
}

IpAddress IpNetwork::nth(int64_t index) const { return index >= 0 ? first().plus(index) : last().plus(index + 1); }

std::string IpNetwork::text() const { return std::format("{}/{}", address.text(), prefix); }

std::string IpNetwork::netmask() const {
  uint8_t all[4] = {0xff, 0xff, 0xff, 0xff};
  return with_host_bits(IpAddress::from_bytes(all, 4), std::min(prefix, 32), false).text();
}

std::optional<IpAddress> IpNetwork::eui64(const MacAddress& mac) const {
  if (prefix != 64 || address.is_v4()) return std::nullopt;
  uint8_t bytes[16];
  std::copy_n(address.bytes(), 8, bytes);
  const uint8_t host[8] = {static_cast<uint8_t>(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
  std::copy_n(host, 8, bytes + 8);
  return IpAddress::from_bytes(bytes, 16);
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  size_t dash = text.find('-');
  auto first = IpAddress::parse(trim(text.substr(0, dash)));
  auto last = dash == std::string_view::npos ? first : IpAddress::parse(trim(text.substr(dash + 1)));
  if (!first || !last || first->is_v4() != last->is_v4() || *last < *first) return std::nullopt;
  return IpRange{*first, *last};
}

std::optional<IpRange> IpRange::parse_in(std::string_view text, const IpNetwork& subnet) {
  auto range = parse(text);
  if (!range || range->first.is_v4() != subnet.is_v4()) return std::nullopt;
  auto place = [&](const IpAddress& address) {
    if (address.bytes()[0] != 0) return address;
    uint8_t bytes[16];
    IpAddress base = subnet.first();
    for (size_t i = 0; i < address.size(); i++) bytes[i] = address.bytes()[i] | base.bytes()[i];
    return IpAddress::from_bytes(bytes, address.size());
  };
  return IpRange{place(range->first), place(range->last)};
}

std::string IpRange::text() const { return first == last ? first.text() : std::format("{}-{}", first.text(), last.text()); }
