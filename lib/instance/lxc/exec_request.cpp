#include "instance/lxc/exec_request.h"

#include <sys/resource.h>

namespace instance::lxc {
namespace {

struct ResourceName {
  std::string_view name;
  int resource;
};
constexpr ResourceName kResources[] = {{"as", RLIMIT_AS},           {"core", RLIMIT_CORE},       {"cpu", RLIMIT_CPU},           {"data", RLIMIT_DATA},
                                       {"fsize", RLIMIT_FSIZE},     {"locks", RLIMIT_LOCKS},     {"memlock", RLIMIT_MEMLOCK},   {"msgqueue", RLIMIT_MSGQUEUE},
                                       {"nice", RLIMIT_NICE},       {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
                                       {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},   {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK}};

std::optional<uint64_t> parse_limit(std::string_view text) {
  text = trim(text);
  if (text == "unlimited") return RLIM_INFINITY;
  return parse_uint(text);
}

void put(std::string& text, std::string_view key, std::string_view value) {
  text.append(key);
  text.push_back('\0');
  text.append(value);
  text.push_back('\0');
}

std::string_view take(std::string_view& text) {
  size_t end = text.find('\0');
  std::string_view value = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return value;
}

Result<ResourceLimit> decode_limit(std::string_view value) {
  StringList fields = split(value, ' ');
  if (fields.size() != 3) return fail(Code::internal, "Broken exec request");
  return ResourceLimit{static_cast<int>(parse_int(fields[0]).value_or(0)), parse_uint(fields[1]).value_or(0), parse_uint(fields[2]).value_or(0)};
}

Result<> decode_field(ExecOrder& order, std::string_view key, std::string_view value) {
  if (key == "arg") order.command.emplace_back(value);
  else if (key == "env") order.environment.emplace_back(value);
  else if (key == "cwd") order.cwd = value;
  else if (key == "uid") order.uid = parse_int(value).value_or(0);
  else if (key == "gid") order.gid = parse_int(value).value_or(0);
  else if (key == "tty") order.terminal = value == "1";
  else if (key == "userns") order.enter_user_namespace = value == "1";
  else if (key == "nnp") order.no_new_privileges = value == "1";
  else if (key == "caps") order.capabilities = parse_uint(value).value_or(0);
  else if (key == "lsm") order.lsm_label = value;
  else if (key == "limit") order.limits.push_back(TRY(decode_limit(value)));
  else return fail(Code::internal, "Broken exec request");
  return {};
}

}  // namespace

Result<ResourceLimit> parse_resource_limit(const std::string& name, const std::string& value) {
  for (const ResourceName& row : kResources) {
    if (row.name != name) continue;
    StringList parts = split(value, ':', 2);
    auto soft = parse_limit(parts[0]);
    auto hard = parts.size() == 2 ? parse_limit(parts[1]) : soft;
    if (!soft || !hard) return fail(Code::invalid, "Invalid value {} for limits.kernel.{}", quote(value), name);
    return ResourceLimit{row.resource, *soft, *hard};
  }
  return fail(Code::invalid, "Unknown kernel limit {}", quote(name));
}

std::string ExecOrder::encode() const {
  std::string text;
  for (const std::string& word : command) put(text, "arg", word);
  for (const std::string& entry : environment) put(text, "env", entry);
  put(text, "cwd", cwd);
  put(text, "uid", std::to_string(uid));
  put(text, "gid", std::to_string(gid));
  put(text, "tty", terminal ? "1" : "0");
  put(text, "userns", enter_user_namespace ? "1" : "0");
  put(text, "nnp", no_new_privileges ? "1" : "0");
  put(text, "caps", std::to_string(capabilities));
  put(text, "lsm", lsm_label);
  for (const ResourceLimit& limit : limits) put(text, "limit", std::format("{} {} {}", limit.resource, limit.soft, limit.hard));
  return text;
}

Result<ExecOrder> ExecOrder::decode(std::string_view text) {
  ExecOrder order;
  while (!text.empty()) {
    std::string_view key = take(text);
    std::string_view value = take(text);
    TRY(decode_field(order, key, value));
  }
  if (order.command.empty()) return fail(Code::internal, "Broken exec request: no command");
  return order;
}

}  // namespace instance::lxc
