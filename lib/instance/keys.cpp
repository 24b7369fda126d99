// Lookups in the key table and the rules between keys.
#include "instance/keys.h"

#include <algorithm>
#include <vector>

#include "instance/key_tables.h"
#include "instance/credentials.h"
#include "instance/key_checks.h"

namespace instance {
namespace {

constexpr std::string_view kDeviceVolatiles[] = {
    "apply_quota", "ceph_rbd", "host_name", "hwaddr", "io.bus", "last_state.created", "last_state.hwaddr", "last_state.ip_addresses",
    "last_state.mtu", "last_state.pci.driver", "last_state.pci.parent", "last_state.pci.slot.name", "last_state.usb.bus",
    "last_state.usb.device", "last_state.vdpa.name", "last_state.vf.hwaddr", "last_state.vf.id", "last_state.vf.parent",
    "last_state.vf.spoofcheck", "last_state.vf.trusted", "last_state.vf.vlan", "mig.uuid", "name", "vgpu.uuid"};

/// Accepted though not documented: older spellings, and what the daemon writes under another name than it documents.
constexpr std::string_view kUndocumented[] = {
    "security.syscalls.blacklist", "security.syscalls.blacklist_compat", "security.syscalls.blacklist_default",
    "security.syscalls.whitelist", "volatile.cloud-init.instance-id", "volatile.selinux.context", "volatile.vm.definition",
    "volatile.vm.hotplug.memory"};

/// Keys beyond the documented live ones whose new value is simply stored: they are read when next needed.
constexpr std::string_view kStoredPrefixes[] = {"boot.", "cloud-init.", "environment.", "image.", "snapshots.", "user.", "volatile."};

/// Documented, but written under another name.
constexpr std::string_view kOnlyDocumented = "volatile.cloud_init.instance-id";

/// A machine takes what is documented for containers too, mostly without effect: profiles are shared by both.
bool fits(const config::Key& key, Type type) { return type != Type::container || key.condition != "virtual machine"; }

bool known_pattern(std::string_view name, Type type) {
  if (name.starts_with("volatile.")) {
    return std::ranges::any_of(kDeviceVolatiles, [&](std::string_view suffix) {
      return name.size() > suffix.size() + 9 && name.ends_with(suffix) && name[name.size() - suffix.size() - 1] == '.';
    });
  }
  if (name.starts_with("user.") || name.starts_with("image.")) return true;
  if (name.starts_with("limits.kernel.")) return name.size() > std::string_view("limits.kernel.").size();
  return name.starts_with("smbios11.") && type != Type::container;
}

Result<> check_key(const std::string& name, const std::string& value, Type type) {
  if (name.starts_with("limits.kernel.") && type == Type::virtual_machine) return fail(Code::invalid, "{} isn't supported for VMs", name);
  const config::Key* key = name == kOnlyDocumented ? nullptr : config::find(keys(), name);
  if (!key || !fits(*key, type)) {
    if (known_pattern(name, type) || std::ranges::find(kUndocumented, name) != std::end(kUndocumented)) return {};
    return fail(Code::invalid, "Unknown configuration key: {}", name);
  }
  if (!value.empty() && key->check) TRY(key->check(value));
  if (name == "limits.cpu" && type == Type::container && value.contains('='))
    return fail(Code::invalid, "CPU topology syntax for limits.cpu is only supported for virtual machines");
  return {};
}

/// The value of whichever of two spellings is set. Errors: invalid if both are.
Result<std::optional<std::string>> either(const StringMap& config, const std::string& name, const std::string& old_name) {
  if (!get_or(config, name).empty() && !get_or(config, old_name).empty())
    return fail(Code::invalid, "Mutually exclusive keys {} and {} are set", name, old_name);
  for (const std::string& key : {name, old_name})
    if (config.contains(key)) return config.at(key);
  return std::nullopt;
}

Result<> check_syscall_keys(const StringMap& config) {
  bool allow = TRY(either(config, "security.syscalls.allow", "security.syscalls.whitelist")).has_value();
  bool deny = TRY(either(config, "security.syscalls.deny", "security.syscalls.blacklist")).has_value();
  bool deny_default = is_true(TRY(either(config, "security.syscalls.deny_default", "security.syscalls.blacklist_default")).value_or(""));
  bool deny_compat = is_true(TRY(either(config, "security.syscalls.deny_compat", "security.syscalls.blacklist_compat")).value_or(""));
  if (config.contains("raw.seccomp") && (allow || deny || deny_default || deny_compat))
    return fail(Code::invalid, "raw.seccomp is mutually exclusive with security.syscalls*");
  if (allow && (deny || deny_default || deny_compat))
    return fail(Code::invalid, "security.syscalls.allow is mutually exclusive with security.syscalls.deny*");
  return {};
}

}  // namespace

std::string_view type_name(Type type) {
  return type == Type::virtual_machine ? "virtual-machine" : type == Type::container ? "container" : "";
}

config::Keys keys() {
  static const std::vector<config::Key> all = [] {
    std::vector<config::Key> list;
    for (config::Keys part : {general_keys(), kernel_keys(), security_keys(), volatile_keys()}) list.insert(list.end(), part.begin(), part.end());
    std::ranges::sort(list, {}, &config::Key::name);
    return list;
  }();
  return all;
}

std::span<const std::string_view> device_volatile_suffixes() { return kDeviceVolatiles; }

Result<> validate_config(const StringMap& config, Type type, bool expanded) {
  for (const auto& [name, value] : config) {
    if (type == Type::any && !expanded) {
      if (name.starts_with("volatile.")) return fail(Code::invalid, "Volatile keys can only be set on instances");
      if (name.starts_with("image.")) return fail(Code::invalid, "Image keys can only be set on instances");
    }
    TRY(check_key(name, value, type));
    if (name.starts_with("systemd.credential.")) {
      std::string other = "systemd.credential-binary." + name.substr(std::string_view("systemd.credential.").size());
      if (!get_or(config, other).empty()) return fail(Code::invalid, "Mutually exclusive keys {} and {} are set", name, other);
    }
  }
  TRY(credentials_of(config));
  TRY(check_syscall_keys(config));
  if (is_true(get_or(config, "security.privileged")) && is_true(get_or(config, "nvidia.runtime")))
    return fail(Code::invalid, "nvidia.runtime is incompatible with privileged containers");
  return {};
}

bool is_live(std::string_view name) {
  for (std::string_view prefix : kStoredPrefixes)
    if (name.starts_with(prefix)) return true;
  const config::Key* key = config::find(keys(), name);
  return key && key->live == "yes";
}

bool copied(std::string_view key, bool to_another_server) {
  if (!key.starts_with("volatile.") || key == "volatile.apply_nvram" || key == "volatile.base_image") return true;
  return key == "volatile.last_state.idmap" && !to_another_server;
}

}  // namespace instance
