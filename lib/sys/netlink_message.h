// Building and parsing rtnetlink messages: libmnl's attributes as small typed helpers. Used by netlink*.cpp only.
#pragma once
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace sys::nl {

/// One request in a fixed buffer: requests are small, and libmnl checks nothing.
class Message {
 public:
  Message(uint16_t type, uint16_t flags) : header_(mnl_nlmsg_put_header(buffer_)) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  }
  Message(const Message&) = delete;

  template <class T>
  T& extra() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(header_, sizeof(T)));
  }
  void u8(uint16_t type, uint8_t value) { mnl_attr_put_u8(header_, type, value); }
  void u16(uint16_t type, uint16_t value) { mnl_attr_put_u16(header_, type, value); }
  void u32(uint16_t type, uint32_t value) { mnl_attr_put_u32(header_, type, value); }
  void text(uint16_t type, const std::string& value) { mnl_attr_put_strz(header_, type, value.c_str()); }
  void bytes(uint16_t type, std::string_view value) { mnl_attr_put(header_, type, value.size(), value.data()); }
  void flag(uint16_t type) { mnl_attr_put(header_, type, 0, nullptr); }
  /// Everything `body` puts goes inside attribute `type`.
  template <class Body>
  void nest(uint16_t type, Body body) {
    nlattr* start = mnl_attr_nest_start(header_, type);
    body();
    mnl_attr_nest_end(header_, start);
  }
  nlmsghdr* header() { return header_; }

 private:
  alignas(8) char buffer_[4096] = {};
  nlmsghdr* header_;
};

/// Sends requests and hands back the replies.
class Socket {
 public:
  static Result<Socket> open();
  /// A change: waits for the kernel's acknowledgement. Errors: not_found (ENODEV, ENOENT), conflict (EEXIST), else internal with the kernel's words.
  Result<> change(Message& message, std::string_view what);
  /// A query: `each` is called for every reply message.
  Result<> query(Message& message, std::string_view what, const std::function<void(const nlmsghdr*)>& each);

 private:
  Result<> send(Message& message, std::string_view what);
  Result<> receive(std::string_view what, const std::function<void(const nlmsghdr*)>& each);
  UniqueFd fd_;
  uint32_t sequence_ = 0;
  uint32_t port_ = 0;
};

/// Calls `each(type, attribute)` for the attributes after a message's fixed part.
template <class Each>
void for_attributes(const nlmsghdr* message, size_t fixed, Each each) {
  // SAFETY: libmnl's own loop is C only; the kernel's message bounds the walk.
  const char* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
  for (auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, fixed));
       mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute))); attribute = mnl_attr_next(attribute)) {
    each(mnl_attr_get_type(attribute), attribute);
  }
}
template <class Each>
void for_nested(const nlattr* outer, Each each) {
  const char* end = static_cast<const char*>(mnl_attr_get_payload(outer)) + mnl_attr_get_payload_len(outer);
  for (auto* attribute = static_cast<const nlattr*>(mnl_attr_get_payload(outer));
       mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute))); attribute = mnl_attr_next(attribute)) {
    each(mnl_attr_get_type(attribute), attribute);
  }
}

/// "10.0.0.1" -> 4 or 16 bytes.
Result<std::string> parse_ip(const std::string& text, int& family);
std::string format_ip(int family, const void* bytes);
Result<std::string> parse_mac(const std::string& text);
std::string format_mac(std::string_view bytes);
struct Prefix {
  int family = 0;
  std::string bytes;
  int length = 0;
};
/// "10.0.0.0/8"; without a slash the full length.
Result<Prefix> parse_prefix(const std::string& text);
/// Errors: not_found.
Result<int> index_of(const std::string& name);
std::string name_of(int index);
/// Names for small kernel numbers, either way; unknown numbers are written as such.
struct NumberName {
  uint32_t number;
  std::string_view name;
};
template <size_t N>
std::string number_name(const NumberName (&table)[N], uint32_t number) {
  for (const NumberName& row : table) {
    if (row.number == number) return std::string(row.name);
  }
  return std::to_string(number);
}
template <size_t N>
std::optional<uint32_t> name_number(const NumberName (&table)[N], std::string_view name) {
  for (const NumberName& row : table) {
    if (row.name == name) return row.number;
  }
  auto number = parse_uint(name);
  if (number) return static_cast<uint32_t>(*number);
  return std::nullopt;
}
inline constexpr NumberName kScopes[] = {{0, "global"}, {200, "site"}, {253, "link"}, {254, "host"}, {255, "nowhere"}};

}  // namespace sys::nl

