// IP addresses, subnets, ranges and MAC addresses as values: parsing, comparing and counting without the host's resolver.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using MacAddress = std::array<uint8_t, 6>;

/// "00:16:3e:…" (also with dashes), six bytes.
std::optional<MacAddress> parse_mac(std::string_view text);
std::string format_mac(const MacAddress& mac);

/// One IPv4 or IPv6 address. The default is 0.0.0.0. IPv4-mapped IPv6 addresses become IPv4.
class IpAddress {
 public:
  IpAddress() = default;
  static std::optional<IpAddress> parse(std::string_view text);
  /// From 4 or 16 bytes in network order.
  static IpAddress from_bytes(const void* bytes, size_t size);

  bool is_v4() const { return v4_; }
  bool is_v6() const { return !v4_; }
  int bits() const { return v4_ ? 32 : 128; }
  size_t size() const { return v4_ ? 4 : 16; }
  const uint8_t* bytes() const { return bytes_.data(); }
  std::string text() const;
  /// Counts up or down, wrapping within the family.
  IpAddress plus(int64_t delta) const;
  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_link_local() const;
  bool is_multicast() const;
  /// Neither unspecified, loopback, multicast, link-local nor the IPv4 broadcast address.
  bool is_global_unicast() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  bool v4_ = true;
  std::array<uint8_t, 16> bytes_{};
};

/// An address with a prefix length: a host in its subnet ("10.0.0.1/24") or the subnet itself.
struct IpNetwork {
  IpAddress address;
  int prefix = 32;

  /// The prefix is required.
  static std::optional<IpNetwork> parse(std::string_view text);
  /// Without a prefix: the single host.
  static std::optional<IpNetwork> parse_host_or_network(std::string_view text);
  static IpNetwork host(const IpAddress& address) { return {address, address.bits()}; }

  bool is_v4() const { return address.is_v4(); }
  IpAddress first() const;  ///< the network address
  IpAddress last() const;   ///< the broadcast address of an IPv4 subnet
  IpNetwork subnet() const { return {first(), prefix}; }
  bool contains(const IpAddress& other) const;
  bool contains(const IpNetwork& other) const { return other.prefix >= prefix && contains(other.address); }
  bool overlaps(const IpNetwork& other) const { return contains(other.address) || other.contains(address); }
  /// The nth address of the subnet; negative counts from the end (-1 is the last one).
  IpAddress nth(int64_t index) const;
  std::string text() const;  ///< "10.0.0.1/24"
  std::string netmask() const;  ///< IPv4: "255.255.255.0"
  /// The host address that stateless autoconfiguration derives from `mac` (RFC 4291, appendix A); needs a /64.
  std::optional<IpAddress> eui64(const MacAddress& mac) const;

  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
};

/// First to last address, both included.
struct IpRange {
  IpAddress first;
  IpAddress last;

  /// "10.0.0.10-10.0.0.20", or a single address.
  static std::optional<IpRange> parse(std::string_view text);
  /// The same; addresses like "0.0.0.10" are offsets into `subnet`.
  static std::optional<IpRange> parse_in(std::string_view text, const IpNetwork& subnet);
  bool contains(const IpAddress& address) const {
    return address.is_v4() == first.is_v4() && first <= address && address <= last;
  }
  bool overlaps(const IpRange& other) const { return first.is_v4() == other.first.is_v4() && first <= other.last && other.first <= last; }
  std::string text() const;
};
