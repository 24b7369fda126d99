// The registry of device types: types.def is the only list.
#include <algorithm>

#include "device/services.h"

namespace device {

#define DEVICE_TYPE(symbol) extern const Type symbol;
#include "device/types.def"
#undef DEVICE_TYPE

std::span<const Type* const> types() {
  static const Type* const all[] = {
#define DEVICE_TYPE(symbol) &symbol,
#include "device/types.def"
#undef DEVICE_TYPE
  };
  return all;
}

const Type* find_type(const std::string& name) {
  auto list = types();
  auto found = std::ranges::find_if(list, [&](const Type* type) { return type->name == name; });
  return found == list.end() ? nullptr : *found;
}

Result<std::unique_ptr<Device>> create(Services& services, Host& host, const std::string& name, const StringMap& config) {
  std::string type_name = get_or(config, "type");
  const Type* type = find_type(type_name);
  if (!type) return fail(Code::invalid, "Unsupported device type {}", quote(type_name));
  return type->create(services, host, name, config);
}

Result<> check_keys(config::Keys keys, const StringMap& config) {
  for (const auto& [name, value] : config) {
    // Which keys there are depends on the kind; notes of the user's own are welcome on any device.
    if (name == "type" || name == "nictype" || name == "gputype" || name.starts_with("user.")) continue;
    const config::Key* key = config::find(keys, name);
    if (!key) return fail(Code::invalid, "Invalid device option {}", quote(name));
    TRY_CTX(config::validate(*key, value), "Invalid value for device option {}", quote(name));
  }
  for (const config::Key& key : keys) {
    if (key.required == "yes" && get_or(config, std::string(key.name)).empty())
      return fail(Code::invalid, "Missing required device option {}", quote(key.name));
  }
  return {};
}

Result<> check_for_containers(const Host& host) { return host.is_any_type() || host.is_container() ? Result<>() : fail(Code::unsupported, "Unsupported device type"); }

Result<> check_for_machines(const Host& host) { return host.is_any_type() || !host.is_container() ? Result<>() : fail(Code::unsupported, "Unsupported device type"); }

std::string path_name(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '/') out += '-';
    else if (c == '-') out += "--";
    else out += c;
  }
  return out;
}

}  // namespace device
