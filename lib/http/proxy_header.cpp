#include "http/proxy_header.h"

#include <arpa/inet.h>

#include <format>

#include "base/strings.h"

namespace http {
namespace {

using Kind = ProxyHeader::Kind;

constexpr std::string_view kStart1 = "PROXY ", kStart2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kMaxLine = 107;   // of version 1, with its end
constexpr size_t kFixedPart = 16;  // of version 2
constexpr size_t kIpv4Block = 12, kIpv6Block = 36;

bool is_start(std::string_view bytes, std::string_view start) { return start.starts_with(bytes.substr(0, start.size())); }

/// "host:port", v6 in brackets; empty if it is no address.
std::string endpoint(const std::string& host, uint64_t port) {
  unsigned char raw[16];
  if (port > 65535) return "";
  if (inet_pton(AF_INET, host.c_str(), raw) == 1) return std::format("{}:{}", host, port);
  return inet_pton(AF_INET6, host.c_str(), raw) == 1 ? std::format("[{}]:{}", host, port) : "";
}

/// "PROXY TCP4 SOURCE TARGET SPORT TPORT\r\n", or "PROXY UNKNOWN …\r\n".
ProxyHeader parse_line(std::string_view bytes) {
  size_t end = bytes.substr(0, kMaxLine).find("\r\n");
  if (end == bytes.npos) return {bytes.size() < kMaxLine ? Kind::incomplete : Kind::malformed, 0, ""};
  StringList words = split(bytes.substr(0, end), ' ');
  if (words.size() >= 2 && words[1] == "UNKNOWN") return {Kind::complete, end + 2, ""};
  bool shaped = words.size() == 6 && (words[1] == "TCP4" || words[1] == "TCP6");
  auto port = shaped ? parse_uint(words[4]) : std::nullopt;
  std::string address = port ? endpoint(words[2], *port) : "";
  if (address.empty()) return {Kind::malformed, 0, ""};
  return {Kind::complete, end + 2, address};
}

ProxyHeader parse_block(std::string_view bytes) {
  if (bytes.size() < kFixedPart) return {Kind::incomplete, 0, ""};
  auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  auto pair = [&](size_t i) { return static_cast<size_t>(byte(i) << 8 | byte(i + 1)); };
  size_t length = kFixedPart + pair(14);
  unsigned version = byte(12) >> 4, command = byte(12) & 15, family = byte(13) >> 4;
  if (version != 2 || command > 1 || length > kMaxProxyHeader) return {Kind::malformed, 0, ""};
  if (bytes.size() < length) return {Kind::incomplete, 0, ""};
  if (command == 0 || (family != 1 && family != 2)) return {Kind::complete, length, ""};
  bool v4 = family == 1;
  if (length < kFixedPart + (v4 ? kIpv4Block : kIpv6Block)) return {Kind::malformed, 0, ""};
  char host[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + kFixedPart, host, sizeof host);
  return {Kind::complete, length, endpoint(host, pair(kFixedPart + (v4 ? 8 : 32)))};
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return {Kind::incomplete, 0, ""};
  if (bytes.starts_with(kStart1)) return parse_line(bytes);
  if (bytes.starts_with(kStart2)) return parse_block(bytes);
  if (is_start(bytes, kStart1) || is_start(bytes, kStart2)) return {Kind::incomplete, 0, ""};
  return {};
}

}  // namespace http
