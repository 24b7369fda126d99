// Value checks of instance config keys: the accepted spellings are those of the real server.
#include "instance/key_checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <limits>

#include "api/yaml.h"
#include "base/encode.h"
#include "base/strings.h"
#include "base/units.h"
#include "core/schedule.h"

namespace instance::check {
namespace {

Result<> one_of(std::string_view value, std::initializer_list<std::string_view> valid) {
  if (std::ranges::find(valid, value) != valid.end()) return {};
  std::string list;
  for (std::string_view item : valid) list += (list.empty() ? "" : " ") + std::string(item);
  return fail(Code::invalid, "Invalid value {} (not one of [{}])", quote(value), list);
}

Result<> in_range(std::string_view value, int64_t low, int64_t high) {
  TRY(integer(value));
  int64_t number = *parse_int(value);
  if (number < low || number > high) return fail(Code::invalid, "Invalid value for a limit {}. Must be between {} and {}", quote(value), low, high);
  return {};
}

/// "0-3,5": each CPU once. A plain number is a count, at least 1.
Result<> cpu_set(std::string_view value) {
  Failure bad = fail(Code::invalid, "Invalid CPU limit syntax");
  if (auto count = parse_int(value)) {
    if (*count < 1) return fail(Code::invalid, "Invalid cpuset value: {}", value);
    return {};
  }
  std::vector<int64_t> seen;
  for (const std::string& part : split(value, ',')) {
    StringList ends = split(part, '-', 2);
    auto low = parse_uint(ends[0]);
    auto high = ends.size() == 2 ? parse_uint(ends[1]) : low;
    if (!low || !high || *high > 1 << 16) return bad;
    if (*high < *low) return fail(Code::invalid, "Invalid cpuset value: {}", value);
    for (uint64_t cpu = *low; cpu <= *high; cpu++) {
      if (std::ranges::find(seen, static_cast<int64_t>(cpu)) != seen.end()) return fail(Code::invalid, "Cannot define CPU multiple times");
      seen.push_back(static_cast<int64_t>(cpu));
    }
  }
  return {};
}

}  // namespace

Result<> boolean(std::string_view value) {
  if (is_true(value) || is_false(value)) return {};
  return fail(Code::invalid, "Invalid value for a boolean {}", quote(value));
}
Result<> autostart(std::string_view value) { return value == "last-state" ? Result<>() : boolean(value); }
Result<> shutdown_action(std::string_view value) { return one_of(value, {"stop", "force-stop", "stateful-stop"}); }
Result<> evacuate(std::string_view value) {
  return one_of(value, {"auto", "migrate", "live-migrate", "refresh-migrate", "stop", "stateful-stop", "force-stop"});
}
Result<> integer(std::string_view value) {
  if (parse_int(value)) return {};
  return fail(Code::invalid, "Invalid value for an integer {}", quote(value));
}
Result<> uint32(std::string_view value) {
  auto number = parse_uint(value);
  if (number && *number <= std::numeric_limits<uint32_t>::max()) return {};
  return fail(Code::invalid, "Invalid value for uint32 {}", quote(value));
}
Result<> priority(std::string_view value) { return in_range(value, 0, 10); }
Result<> oom_priority(std::string_view value) { return in_range(value, -1000, 1000); }
Result<> size(std::string_view value) {
  if (parse_byte_size(value)) return {};
  return fail(Code::invalid, "Invalid value for a size {}: use a number with a unit such as MiB", quote(value));
}
Result<> size_or_boolean(std::string_view value) { return is_true(value) || is_false(value) ? Result<>() : size(value); }

Result<> cpu(std::string_view value) {
  if (!value.contains('=')) return cpu_set(value);
  for (const std::string& part : split(value, ',')) {
    StringList item = split(part, '=', 2);
    if (item.size() != 2 || !contains({"sockets", "cores", "threads"}, item[0]) || parse_int(item[1]).value_or(0) < 1)
      return fail(Code::invalid, "Invalid CPU topology {}: use sockets=N,cores=N,threads=N", quote(value));
  }
  return {};
}
Result<> cpu_nodes(std::string_view value) { return value == "0" || value == "balanced" ? Result<>() : cpu_set(value); }

Result<> cpu_allowance(std::string_view value) {
  if (value.ends_with('%')) return integer(value.substr(0, value.size() - 1));
  StringList parts = split(value, '/', 2);
  if (parts.size() != 2) return fail(Code::invalid, "Invalid allowance: {}", value);
  for (std::string& part : parts) {
    if (part.ends_with("ms")) part.resize(part.size() - 2);
    TRY(integer(part));
  }
  return {};
}

Result<> memory(std::string_view value) {
  if (value.ends_with('%')) {
    TRY(integer(value.substr(0, value.size() - 1)));
    if (parse_int(value.substr(0, value.size() - 1)) == 0) return fail(Code::invalid, "Memory limit can't be 0%");
    return {};
  }
  TRY(size(value));
  if (parse_byte_size(value) == 0) return fail(Code::invalid, "Memory limit can't be 0");
  return {};
}

Result<> soft_or_hard(std::string_view value) { return one_of(value, {"soft", "hard"}); }
Result<> accelerator(std::string_view value) { return one_of(value, {"auto", "kvm", "tcg"}); }
Result<> machine(std::string_view value) { return one_of(value, {"q35", "microvm"}); }
Result<> label_rootfs(std::string_view value) { return one_of(value, {"auto", "always", "never"}); }
Result<> absolute_path(std::string_view value) {
  return value.starts_with('/') ? Result<>() : fail(Code::invalid, "Must be absolute file path");
}
Result<> one_line(std::string_view value) {
  return value.find_first_of("\r\n") == value.npos ? Result<>() : fail(Code::invalid, "Value cannot contain line breaks");
}
Result<> environment(std::string_view value) {
  return value.contains('\n') ? fail(Code::invalid, "Environment variables cannot contain line breaks") : Result<>();
}
Result<> addresses(std::string_view value) {
  for (const std::string& item : split_list(value)) {
    in6_addr ignored;
    if (inet_pton(AF_INET, item.c_str(), &ignored) != 1 && inet_pton(AF_INET6, item.c_str(), &ignored) != 1)
      return fail(Code::invalid, "Item {}: Not an IP address {}", quote(item), quote(item));
  }
  return {};
}
Result<> uuid(std::string_view value) { return is_uuid(value) ? Result<>() : fail(Code::invalid, "Invalid UUID"); }
Result<> yaml(std::string_view value) {
  Json parsed = TRY(api::parse_yaml(value));
  return parsed.is_object() || parsed.is_null() ? Result<>() : fail(Code::invalid, "YAML with keys and values is wanted");
}
Result<> cloud_config(std::string_view value) {
  // There are other kinds of user data, which nobody here knows.
  size_t end = value.find('\n');
  return trim(value.substr(0, end)) == "#cloud-config" && end != value.npos ? yaml(value.substr(end + 1)) : Result<>();
}
Result<> selinux_type(std::string_view value) {
  bool fits = value.ends_with("_t") && value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == value.npos && value[0] >= 'a';
  return fits && value.size() > 2 ? Result<>() : fail(Code::invalid, "Invalid value, must be SELinux type string (e.g. container_init_t)");
}
Result<> selinux_level(std::string_view value) {
  // s0, s0-s3, s0:c1,c2 or s0:c1.c5,c9
  auto are = [](std::string_view list, char kind, std::string_view ranges, std::string_view parts) {
    for (std::string_view range : parts.empty() ? StringList{std::string(list)} : split(list, parts[0]))
      for (std::string_view one : split(range, ranges[0], 2))
        if (one.size() < 2 || one[0] != kind || one.find_first_not_of("0123456789", 1) != one.npos) return false;
    return true;
  };
  size_t colon = value.find(':');
  bool fits = are(value.substr(0, colon), 's', "-", "") && (colon == value.npos || are(value.substr(colon + 1), 'c', ".", ","));
  return fits ? Result<>() : fail(Code::invalid, "Invalid value, must be SELinux level (e.g. s0:c1,c2)");
}
Result<> schedule(std::string_view value) { return core::check_schedule(value); }
Result<> expiry(std::string_view value) {
  TRY(core::expiry_after(Timestamp::from_unix(0), value));
  return {};
}
Result<> base64(std::string_view value) {
  return base64_decode(value) ? Result<>() : fail(Code::invalid, "Invalid value for a base64 string {}", quote(value));
}

Result<> raw_lxc(std::string_view value) {
  for (std::string_view line : split(value, '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    size_t equals = line.find('=');
    if (equals == line.npos) return fail(Code::invalid, "Invalid raw.lxc line: {}", line);
    std::string key = to_lower(trim(line.substr(0, equals)));
    if (key == "lxc.logfile" || key == "lxc.log.file") return fail(Code::invalid, "Setting lxc.logfile is not allowed");
    if (key == "lxc.syslog" || key == "lxc.log.syslog") return fail(Code::invalid, "Setting lxc.log.syslog is not allowed");
    if (key == "lxc.ephemeral") return fail(Code::invalid, "Setting lxc.ephemeral is not allowed");
    if (key.starts_with("lxc.prlimit."))
      return fail(Code::invalid, "Process limits should be set via \"limits.kernel.[limit name]\" and not directly via \"lxc.prlimit.[limit name]\"");
  }
  return {};
}

Result<> raw_idmap(std::string_view) { return {}; }

}  // namespace instance::check
