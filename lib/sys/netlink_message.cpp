#include "sys/netlink_message.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

namespace sys::nl {
namespace {

/// The kernel's own explanation of a refusal, where it gives one (NETLINK_EXT_ACK).
std::string extended_ack(const nlmsghdr* message) {
  if (!(message->nlmsg_flags & NLM_F_ACK_TLVS)) return "";
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  size_t fixed = sizeof(nlmsgerr);
  if (!(message->nlmsg_flags & NLM_F_CAPPED)) fixed += mnl_nlmsg_get_payload_len(&error->msg);
  std::string text;
  for_attributes(message, fixed, [&](uint16_t type, const nlattr* attribute) {
    if (type == NLMSGERR_ATTR_MSG) text = mnl_attr_get_str(attribute);
  });
  return text;
}

Failure to_failure(std::string_view what, int error, const std::string& detail) {
  Code code = error == ENODEV || error == ENOENT || error == ESRCH || error == EADDRNOTAVAIL ? Code::not_found : error == EEXIST ? Code::conflict : Code::internal;
  std::string message = std::format("{}: {}{}", what, strerror(error), detail.empty() ? "" : " (" + detail + ")");
  return Failure(Error(code, std::move(message), error));
}

}  // namespace

Result<Socket> Socket::open() {
  Socket result;
  result.fd_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!result.fd_) return fail_errno("Failed opening a netlink socket");
  int on = 1;
  setsockopt(result.fd_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(result.fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  // Strict checking makes the kernel filter dumps by the request's fields.
  setsockopt(result.fd_.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(result.fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return fail_errno("Failed binding a netlink socket");
  return result;
}

Result<> Socket::send(Message& message, std::string_view what) {
  message.header()->nlmsg_seq = ++sequence_;
  ssize_t sent = ::send(fd_.get(), message.header(), message.header()->nlmsg_len, 0);
  if (sent < 0) return fail_errno(what);
  return {};
}

Result<> Socket::receive(std::string_view what, const std::function<void(const nlmsghdr*)>& each) {
  std::string buffer(65536, '\0');
  while (true) {
    ssize_t received = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return fail_errno(what);
    int left = static_cast<int>(received);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence_) continue;
      if (message->nlmsg_type == NLMSG_DONE) return {};
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
        if (error->error == 0) return {};
        return to_failure(what, -error->error, extended_ack(message));
      }
      if (each) each(message);
    }
  }
}

Result<> Socket::change(Message& message, std::string_view what) {
  message.header()->nlmsg_flags |= NLM_F_ACK;
  TRY(send(message, what));
  return receive(what, nullptr);
}

Result<> Socket::query(Message& message, std::string_view what, const std::function<void(const nlmsghdr*)>& each) {
  if (!(message.header()->nlmsg_flags & NLM_F_DUMP)) message.header()->nlmsg_flags |= NLM_F_ACK;
  TRY(send(message, what));
  return receive(what, each);
}

Result<std::string> parse_ip(const std::string& text, int& family) {
  char bytes[16];
  family = text.contains(':') ? AF_INET6 : AF_INET;
  if (inet_pton(family, text.c_str(), bytes) != 1) return fail(Code::invalid, "Invalid IP address {}", quote(text));
  return std::string(bytes, family == AF_INET ? 4 : 16);
}

std::string format_ip(int family, const void* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, bytes, text, sizeof text);
  return text;
}

Result<std::string> parse_mac(const std::string& text) {
  std::string bytes;
  for (const std::string& part : split(text, ':')) {
    auto value = parse_uint(part, 16);
    if (!value || *value > 255 || part.size() > 2) return fail(Code::invalid, "Invalid MAC address {}", quote(text));
    bytes.push_back(static_cast<char>(*value));
  }
  if (bytes.size() != 6 && bytes.size() != 8 && bytes.size() != 20) return fail(Code::invalid, "Invalid MAC address {}", quote(text));
  return bytes;
}

std::string format_mac(std::string_view bytes) {
  std::string text;
  for (char byte : bytes) text += std::format("{}{:02x}", text.empty() ? "" : ":", static_cast<unsigned char>(byte));
  return text;
}

Result<Prefix> parse_prefix(const std::string& text) {
  StringList parts = split(text, '/', 2);
  Prefix prefix;
  prefix.bytes = TRY(parse_ip(parts[0], prefix.family));
  int64_t full = static_cast<int64_t>(prefix.bytes.size()) * 8;
  auto length = parts.size() > 1 ? parse_int(parts[1]) : full;
  if (!length || *length < 0 || *length > full) return fail(Code::invalid, "Invalid prefix length in {}", quote(text));
  prefix.length = static_cast<int>(*length);
  return prefix;
}

Result<int> index_of(const std::string& name) {
  unsigned index = if_nametoindex(name.c_str());
  if (index == 0) return fail(Code::not_found, "Network interface {} not found", quote(name));
  return static_cast<int>(index);
}

std::string name_of(int index) {
  char name[IF_NAMESIZE] = "";
  return index > 0 && if_indextoname(static_cast<unsigned>(index), name) ? name : "";
}

}  // namespace sys::nl
