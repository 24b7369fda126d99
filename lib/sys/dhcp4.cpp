#include "sys/dhcp4.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace sys::dhcp4 {

namespace {

constexpr size_t kOptionsAt = 240;  // fixed fields and the magic number
constexpr size_t kIp = 20, kUdp = 8;
constexpr std::string_view kMagic = "\x63\x82\x53\x63";
constexpr uint8_t kTtl = 64;
constexpr size_t kMaxItems = 64;  // of any list: nobody needs more

enum Option : uint8_t {
  kPad = 0, kMask = 1, kRouter = 3, kDns = 6, kHostName = 12, kDomain = 15, kRequested = 50, kLease = 51, kOverload = 52, kType = 53, kServer = 54,
  kWanted = 55, kRenew = 58, kRebind = 59, kRapidCommit = 80, kSearch = 119, kRoutes = 121, kEnd = 255,
};

void put16(std::string& out, size_t at, uint16_t value) {
  out[at] = static_cast<char>(value >> 8);
  out[at + 1] = static_cast<char>(value & 0xff);
}
void put_bytes(std::string& out, size_t at, const void* bytes, size_t size) { memcpy(out.data() + at, bytes, size); }
uint16_t get16(std::string_view in, size_t at) { return static_cast<uint16_t>(static_cast<uint8_t>(in[at]) << 8 | static_cast<uint8_t>(in[at + 1])); }
uint32_t get32(std::string_view in) {
  uint32_t value = 0;
  for (char c : in.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

uint32_t sum16(std::string_view bytes, uint32_t sum) {
  for (size_t i = 0; i < bytes.size(); i += 2) sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 8 | (i + 1 < bytes.size() ? static_cast<uint8_t>(bytes[i + 1]) : 0);
  return sum;
}
uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum & 0xffff);
}

void add_option(std::string& out, Option code, std::string_view value) {
  out += static_cast<char>(code);
  out += static_cast<char>(value.size());
  out += value;
}
void add_address(std::string& out, Option code, const IpAddress& address) {
  if (!address.is_unspecified()) add_option(out, code, {reinterpret_cast<const char*>(address.bytes()), 4});
}

std::string make_message(const Question& question) {
  std::string out(kOptionsAt, '\0');
  out[0] = 1;  // a request
  out[1] = 1;  // Ethernet
  out[2] = 6;
  uint32_t transaction = htonl(question.transaction);
  put_bytes(out, 4, &transaction, 4);
  // Answers to everybody: nobody has an address to send them to yet.
  if (question.current.is_unspecified()) put16(out, 10, 0x8000);
  else put_bytes(out, 12, question.current.bytes(), 4);
  put_bytes(out, 28, question.hwaddr.data(), 6);
  put_bytes(out, 236, kMagic.data(), 4);
  add_option(out, kType, std::string(1, static_cast<char>(question.type)));
  add_address(out, kRequested, question.requested);
  add_address(out, kServer, question.server);
  if (!question.host_name.empty()) add_option(out, kHostName, question.host_name.substr(0, 63));
  const char wanted[] = {kMask, kRouter, kDns, kDomain, kSearch, static_cast<char>(kRoutes), kLease, kRenew, kRebind};
  add_option(out, kWanted, {wanted, sizeof wanted});
  if (question.type == Type::discover) add_option(out, kRapidCommit, "");
  out += static_cast<char>(kEnd);
  // Old servers drop what is shorter than BOOTP was.
  if (out.size() < 300) out.resize(300);
  return out;
}

/// All values of one option after another, as long ones come in parts (RFC 3396); from the fields named by the overload option, too.
struct Options {
  std::array<std::string, 256> values;

  Result<> read(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
      uint8_t code = static_cast<uint8_t>(text[i++]);
      if (code == kPad) continue;
      if (code == kEnd) return {};
      if (i >= text.size()) break;
      size_t size = static_cast<uint8_t>(text[i++]);
      if (size > text.size() - i) break;
      values[code] += text.substr(i, size);
      i += size;
    }
    return fail(Code::invalid, "damaged options");
  }
  uint32_t number(Option code) const { return values[code].size() == 4 ? get32(values[code]) : 0; }
  std::vector<IpAddress> addresses(Option code) const {
    std::vector<IpAddress> out;
    const std::string& text = values[code];
    for (size_t i = 0; i + 4 <= text.size() && out.size() < kMaxItems; i += 4) out.push_back(IpAddress::from_bytes(text.data() + i, 4));
    return out;
  }
  IpAddress address(Option code) const {
    auto list = addresses(code);
    return list.empty() ? IpAddress() : list[0];
  }
};

std::vector<StaticRoute> parse_routes(std::string_view text) {
  std::vector<StaticRoute> out;
  while (!text.empty() && out.size() < kMaxItems) {
    size_t prefix = static_cast<uint8_t>(text[0]), used = (prefix + 7) / 8;
    if (prefix > 32 || text.size() < 1 + used + 4) break;
    char bytes[4] = {};
    memcpy(bytes, text.data() + 1, used);
    out.push_back({{IpAddress::from_bytes(bytes, 4), static_cast<int>(prefix)}, IpAddress::from_bytes(text.data() + 1 + used, 4)});
    text.remove_prefix(1 + used + 4);
  }
  return out;
}

/// Only what may stand in resolv.conf: a server must not add lines to it.
bool is_domain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return std::ranges::all_of(text, [](unsigned char c) { return isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

/// Domain names with compression pointers, which only ever point backwards.
std::vector<std::string> parse_search(std::string_view text) {
  std::vector<std::string> out;
  for (size_t start = 0; start < text.size() && out.size() < kMaxItems;) {
    std::string name;
    size_t at = start, next = 0, limit = start + 1;
    for (;;) {
      if (at >= text.size()) return out;
      size_t size = static_cast<uint8_t>(text[at]);
      if (size >= 0xc0) {
        if (at + 1 >= text.size()) return out;
        if (!next) next = at + 2;
        size_t to = (size & 0x3f) << 8 | static_cast<uint8_t>(text[at + 1]);
        if (to >= limit - 1) return out;
        limit = to + 1;
        at = to;
        continue;
      }
      ++at;
      if (size == 0) break;
      if (size > 63 || at + size > text.size() || name.size() > 253) return out;
      name += (name.empty() ? "" : ".") + std::string(text.substr(at, size));
      at += size;
    }
    start = next ? next : at;
    if (is_domain(name)) out.push_back(name);
  }
  return out;
}

/// The DHCP message in an IPv4 packet for the client's port.
Result<std::string_view> payload_of(std::string_view packet) {
  if (packet.size() < kIp || static_cast<uint8_t>(packet[0]) >> 4 != 4) return fail(Code::invalid, "not IPv4");
  size_t header = (static_cast<uint8_t>(packet[0]) & 15) * 4u, total = get16(packet, 2);
  if (header < kIp || total > packet.size() || total < header + kUdp || packet[9] != IPPROTO_UDP || (get16(packet, 6) & 0x3fff)) return fail(Code::invalid, "not a whole UDP packet");
  packet = packet.substr(0, total);
  if (get16(packet, header) != kServerPort || get16(packet, header + 2) != kClientPort) return fail(Code::invalid, "other ports");
  size_t size = get16(packet, header + 4);
  if (size < kUdp || size > packet.size() - header) return fail(Code::invalid, "a damaged UDP packet");
  return packet.substr(header + kUdp, size - kUdp);
}

}  // namespace

std::string make_packet(const Question& question) {
  std::string message = make_message(question);
  std::string out(kIp + kUdp, '\0');
  out[0] = 0x45;
  put16(out, 2, static_cast<uint16_t>(kIp + kUdp + message.size()));
  out[8] = kTtl;
  out[9] = IPPROTO_UDP;
  put_bytes(out, 12, question.current.bytes(), 4);
  put_bytes(out, 16, "\xff\xff\xff\xff", 4);
  put16(out, 10, fold(sum16(std::string_view(out).substr(0, kIp), 0)));
  put16(out, kIp, kClientPort);
  put16(out, kIp + 2, kServerPort);
  auto length = static_cast<uint16_t>(kUdp + message.size());
  put16(out, kIp + 4, length);
  out += message;
  // The UDP sum covers addresses, protocol and length, too.
  uint32_t sum = sum16(std::string_view(out).substr(12, 8), IPPROTO_UDP + length);
  uint16_t check = fold(sum16(std::string_view(out).substr(kIp), sum));
  put16(out, kIp + 6, check ? check : 0xffff);
  return out;
}

Result<Answer> parse_packet(std::string_view packet, uint32_t transaction, const MacAddress& hwaddr) {
  std::string_view message = TRY(payload_of(packet));
  if (message.size() < kOptionsAt || message[0] != 2 || message.substr(236, 4) != kMagic) return fail(Code::invalid, "not a DHCP answer");
  if (get32(message.substr(4)) != transaction || memcmp(message.data() + 28, hwaddr.data(), 6) != 0) return fail(Code::invalid, "an answer to somebody else");
  Options options;
  TRY(options.read(message.substr(kOptionsAt)));
  uint8_t overload = options.values[kOverload].empty() ? 0 : static_cast<uint8_t>(options.values[kOverload][0]);
  if (overload & 1) TRY(options.read(message.substr(108, 128)));
  if (overload & 2) TRY(options.read(message.substr(44, 64)));
  Answer out;
  if (options.values[kType].size() != 1) return fail(Code::invalid, "no message type");
  out.type = static_cast<Type>(options.values[kType][0]);
  out.address = IpAddress::from_bytes(message.data() + 16, 4);
  out.server = options.address(kServer);
  uint32_t mask = options.number(kMask);
  out.prefix = std::popcount(mask);
  if (mask && (mask & (~mask >> 1))) return fail(Code::invalid, "a subnet mask with gaps");
  out.gateways = options.addresses(kRouter);
  out.name_servers = options.addresses(kDns);
  out.routes = parse_routes(options.values[kRoutes]);
  out.search = parse_search(options.values[kSearch]);
  std::string domain = options.values[kDomain].substr(0, options.values[kDomain].find('\0'));
  if (is_domain(domain)) out.domain = domain;
  out.lease = options.number(kLease);
  out.renew = options.number(kRenew);
  out.rebind = options.number(kRebind);
  return out;
}

}  // namespace sys::dhcp4
