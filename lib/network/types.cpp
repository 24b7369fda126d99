// The registry of network types and the validation they share.
#include "network/types.h"

#include <algorithm>

#include "config/net_checks.h"

namespace network {

#define NETWORK_TYPE(symbol) extern const Type symbol;
#include "network/types.def"
#undef NETWORK_TYPE

std::span<const Type* const> types() {
  static const Type* const all[] = {
#define NETWORK_TYPE(symbol) &symbol,
#include "network/types.def"
#undef NETWORK_TYPE
  };
  return all;
}

Result<const Type*> find_type(std::string_view name) {
  for (const Type* type : types())
    if (type->name == name) return type;
  return fail(Code::invalid, "Unknown network type {}", quote(name));
}

const Type* find_type(db::NetworkType code) {
  for (const Type* type : types())
    if (type->code == code) return type;
  return nullptr;
}

Result<> validate(const Environment& env, const Record& record) {
  const Type* type = TRY(find_type(record.type));
  for (const auto& [name, value] : record.config) {
    const config::Key* key = config::find(type->keys, name);
    if (!key && name.starts_with("user.")) continue;
    if (!key && type->code == db::NetworkType::physical && name == kCreatedKey) continue;
    if (!key) return fail(Code::invalid, "Invalid option for network {} option {}", quote(record.name), quote(name));
    TRY_CTX(config::validate(*key, value), "Invalid value for network {} option {}", quote(record.name), quote(name));
  }
  for (const config::Key& key : type->keys)
    if (key.required == "yes" && get_or(record.config, std::string(key.name)).empty())
      return fail(Code::invalid, "Invalid value for network {} option {}: Required value", quote(record.name), quote(key.name));
  return type->check ? type->check(env, record) : Result<>();
}

Result<> check_plain_name(const std::string& name) {
  if (name.find(':') != std::string::npos) return fail(Code::invalid, "Cannot contain \":\"");
  return {};
}

Result<> check_interface_name(const std::string& name) {
  TRY(config::is_interface_name(name));
  return check_plain_name(name);
}

}  // namespace network
