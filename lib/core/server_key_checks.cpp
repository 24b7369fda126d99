#include "core/server_key_checks.h"

#include <algorithm>

#include "base/strings.h"
#include "config/net_checks.h"
#include "core/schedule.h"

namespace core::server_check {
namespace {

Result<> in_range(std::string_view value, int64_t low, int64_t high) {
  auto number = parse_int(value);
  if (!number) return fail(Code::invalid, "Value is not a number");
  if (*number < low || *number > high) return fail(Code::invalid, "Value must be between {} and {}", low, high);
  return {};
}

/// A numeric port or a service name.
Result<> check_port(std::string_view port) {
  if (parse_int(port)) return in_range(port, 0, 65535);
  bool named = !port.empty() && std::ranges::all_of(port, [](unsigned char c) { return isalnum(c) || c == '-'; });
  if (!named) return fail(Code::invalid, "Invalid port {}", quote(port));
  return {};
}

}  // namespace

Result<> acme_challenge(std::string_view value) { return config::one_of(value, {"DNS-01", "HTTP-01"}); }
Result<> address_v4(std::string_view value) { return config::is_address_v4(value); }

Result<> architecture(std::string_view value) {
  return config::one_of(value, {"i686", "x86_64", "armv6l", "armv7l", "armv8l", "aarch64", "ppc", "ppc64", "ppc64le", "s390x", "mips", "mips64",
                                "riscv32", "riscv64", "loongarch64"});
}

Result<> asn(std::string_view value) { return in_range(value, 0, 4294967294); }
Result<> authorization_driver(std::string_view value) { return config::one_of(value, {"allow", "deny", "openfga", "scriptlet"}); }

Result<> compression(std::string_view value) {
  StringList words = split_list(value, ' ');
  if (words.empty() || words[0] == "none") return {};
  bool tar_filter = words[0] == "squashfs";
  if (!tar_filter) TRY(config::one_of(words[0], {"bzip2", "gzip", "lz4", "lzma", "pigz", "pxz", "pzstd", "xz", "zstd"}));
  for (size_t i = 1; i < words.size(); i++) {
    bool level = words[i].size() >= 2 && words[i].size() <= 3 && words[i][0] == '-' && parse_uint(words[i].substr(1));
    if (!level && words[i] != "--rsyncable") return fail(Code::invalid, "Argument {} isn't allowed for {}", quote(words[i]), words[0]);
  }
  return {};
}

Result<> debug_address(std::string_view) {
  return fail(Code::invalid, "This server has no profiling server: leave core.debug_address unset and use --debug or `perf`");
}

Result<> event_types(std::string_view value) {
  for (const std::string& item : split_list(value)) TRY(config::one_of(item, {"lifecycle", "logging", "network-acl"}));
  return {};
}

Result<> expiry(std::string_view value) {
  TRY(expiry_after(Timestamp::now(), value));
  return {};
}

Result<> image_replicas(std::string_view value) {
  auto count = parse_int(value);
  if (!count) return fail(Code::invalid, "Minimal image replica count is not a number");
  if (*count < 1 && *count != -1) return fail(Code::invalid, "Invalid value for image replica count");
  return {};
}

Result<> listen_address(std::string_view value) {
  std::string_view host = value, port;
  if (value.starts_with('[')) {
    size_t end = value.find(']');
    if (end == value.npos) return fail(Code::invalid, "Missing \"]\" in address {}", quote(value));
    host = value.substr(1, end - 1);
    port = value.substr(end + 1);
    TRY(config::is_address_v6(host));
  } else if (std::ranges::count(value, ':') == 1) {
    host = value.substr(0, value.find(':'));
    port = value.substr(host.size());
  } else if (std::ranges::count(value, ':') > 1) {
    return config::is_address_v6(value);
  }
  if (!port.empty() && port != ":") TRY(check_port(port.substr(1)));
  if (std::ranges::any_of(host, [](unsigned char c) { return c <= ' ' || c == '/'; })) {
    return fail(Code::invalid, "Invalid host {}", quote(host));
  }
  return {};
}

Result<> log_level(std::string_view value) {
  return config::one_of(value, {"panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"});
}
Result<> logging_target(std::string_view value) { return config::one_of(value, {"loki", "syslog", "webhook"}); }
Result<> mac_pattern(std::string_view value) { return config::is_mac_pattern(value); }

Result<> max_standby(std::string_view value) { return in_range(value, 0, 5); }

Result<> max_voters(std::string_view value) {
  auto count = parse_int(value);
  if (!count) return fail(Code::invalid, "Value is not a number");
  if (*count < 3 || *count % 2 != 1) return fail(Code::invalid, "Value must be an odd number equal to or higher than 3");
  return {};
}

Result<> nic_host_name(std::string_view value) { return config::one_of(value, {"random", "mac"}); }

Result<> offline_threshold(std::string_view value) {
  auto limit = parse_int(value);
  if (!limit) return fail(Code::invalid, "Offline threshold is not a number");
  if (*limit <= 10) return fail(Code::invalid, "Value must be greater than '10'");
  return {};
}

Result<> rebalance_threshold(std::string_view value) { return in_range(value, 10, 100); }
Result<> shutdown_action(std::string_view value) { return config::one_of(value, {"shutdown", "evacuate"}); }
Result<> tls_identifier(std::string_view value) { return config::one_of(value, {"fingerprint", "name"}); }

}  // namespace core::server_check
