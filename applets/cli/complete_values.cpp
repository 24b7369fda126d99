// What a placeholder can be: names that a server lists, config keys, fixed words, local files.
#include <algorithm>

#include "applets/cli/complete.h"
#include "applets/cli/key_tables.h"
#include "applets/cli/table.h"
#include "schema/schema.h"

namespace cli {

namespace {

/// A collection whose members are the values. {x} is the value of the placeholder <x> earlier on the line; without one the row doesn't apply.
struct Listing {
  std::string_view placeholder;
  std::string_view path;
};
constexpr Listing kListings[] = {
    {"ACL", "/1.0/network-acls"},
    {"address set", "/1.0/network-address-sets"},
    {"alias", "/1.0/images/aliases"},
    {"bucket", "/1.0/storage-pools/{pool}/buckets"},
    {"fingerprint", "/1.0/certificates"},
    {"image", "/1.0/images/aliases"},
    {"instance", "/1.0/instances"},
    {"key", "/1.0/storage-pools/{pool}/buckets/{bucket}/keys"},
    {"listen address", "/1.0/networks/{network}/forwards"},
    {"network", "/1.0/networks"},
    {"network integration", "/1.0/network-integrations"},
    {"peer", "/1.0/networks/{network}/peers"},
    {"pool", "/1.0/storage-pools"},
    {"profile", "/1.0/profiles"},
    {"project", "/1.0/projects"},
    {"record", "/1.0/network-zones/{zone}/records"},
    {"snapshot", "/1.0/instances/{instance}/snapshots"},
    {"snapshot", "/1.0/storage-pools/{pool}/volumes/custom/{volume}/snapshots"},
    {"target project", "/1.0/projects"},
    {"template", "/1.0/instances/{instance}/metadata/templates"},
    {"volume", "/1.0/storage-pools/{pool}/volumes/{type}"},
    {"warning UUID", "/1.0/warnings"},
    {"zone", "/1.0/network-zones"},
};

/// Placeholders with a fixed set of values, for the commands whose path starts so.
struct Choice {
  std::string_view placeholder;
  std::string_view command;
  std::string_view values;
};
constexpr Choice kChoices[] = {
    {"protocol", "", "tcp,udp"},
};

constexpr std::string_view kFiles[] = {"URL", "backup file", "cert.crt", "cert.key", "directory", "path", "preseed.yaml", "rootfs tarball", "symlink target path",
                                       "tarball", "target file", "target path", "target unix socket file"};

/// Objects with devices, by the placeholder that names them.
constexpr Listing kDeviceOwners[] = {{"instance", "/1.0/instances/{instance}"}, {"profile", "/1.0/profiles/{profile}"}};

/// Fills the {x} of a path; nothing if one isn't known.
std::optional<std::string> filled(std::string_view path, const KnownNames& names) {
  std::string out;
  while (!path.empty()) {
    size_t open = path.find('{');
    out += path.substr(0, open);
    if (open == path.npos) break;
    size_t close = path.find('}', open);
    std::string_view name = path.substr(open + 1, close - open - 1);
    auto found = names.find(name);
    if (found == names.end() && name != "type") return std::nullopt;
    out += found == names.end() ? "custom" : url_escape(found->second);
    path.remove_prefix(close + 1);
  }
  return out;
}

Result<Json> ask(const ValueSpot& spot, const std::string& path) {
  client::Server server = TRY(spot.call.public_server(spot.remote));
  return TRY(server.get(spot.call.ctx, path)).metadata;
}

void offer(const ValueSpot& spot, const std::string& value, Offers& offers, std::string_view about = "") {
  std::string word = spot.prefix + value + spot.suffix;
  if (spot.suffix.empty()) offers.add(std::move(word), about);
  else offers.add_open(std::move(word), about);
}

/// Members are URLs (or, for templates, names).
void offer_listing(const ValueSpot& spot, std::string_view path, Offers& offers) {
  auto target = filled(path, spot.names);
  if (!target) return;
  auto members = ask(spot, *target);
  if (!members || !members->is_array()) return;
  for (const Json& member : *members) {
    if (!member.is_string()) continue;
    std::string url = member.get<std::string>();
    url = url.substr(0, url.find('?'));
    offer(spot, url_unescape(url.substr(url.rfind('/') + 1)).value_or(""), offers);
  }
}

void offer_devices(const ValueSpot& spot, Offers& offers) {
  for (const Listing& owner : kDeviceOwners) {
    auto target = filled(owner.path, spot.names);
    if (!target) continue;
    auto object = ask(spot, *target);
    if (!object || !object->is_object()) continue;
    auto devices = object->find("devices");
    if (devices == object->end() || !devices->is_object()) continue;
    for (const auto& [name, config] : devices->items()) offer(spot, name, offers, config.value("type", ""));
  }
}

void offer_keys(const ValueSpot& spot, Offers& offers) {
  for (const config::Keys& keys : keys_of_command(spot.call.command.path, spot.names)) {
    for (const config::Key& key : keys) {
      size_t open = key.name.find_first_of("*<");
      if (open == key.name.npos) offer(spot, std::string(key.name), offers, key.summary);
      else if (open > 0) offers.add_open(spot.prefix + std::string(key.name.substr(0, open)), key.summary);
    }
  }
}

/// The value of `<key>=<value>`.
void offer_key_values(const ValueSpot& spot, Offers& offers) {
  auto name = spot.names.find("key");
  if (name == spot.names.end()) return;
  for (const config::Keys& keys : keys_of_command(spot.call.command.path, spot.names)) {
    const config::Key* key = config::find(keys, name->second);
    if (!key || key->type != config::Type::boolean) continue;
    offer(spot, "true", offers);
    offer(spot, "false", offers);
  }
}

void offer_words(const ValueSpot& spot, std::string_view words, Offers& offers) {
  for (const std::string& word : split(words, ',')) offer(spot, word, offers);
}

/// `<type>` of a new device, `<driver>` of a new pool.
void offer_table_names(const ValueSpot& spot, std::string_view placeholder, Offers& offers) {
  bool device = placeholder == "type" && spot.call.command.path.contains("device");
  if (device) {
    for (const std::string& name : schema::types("device")) offer(spot, name, offers);
  }
  if (placeholder == "driver") {
    for (const std::string& name : schema::pool_drivers()) offer(spot, name, offers);
  }
}

}  // namespace

void complete_value(const ValueSpot& spot, std::string_view placeholder, std::string_view, Offers& offers) {
  if (placeholder == "remote") {
    for (const auto& [name, remote] : spot.call.config.remotes) offer(spot, name, offers);
  }
  if (placeholder == "key") offer_keys(spot, offers);
  if (placeholder == "value") offer_key_values(spot, offers);
  if (placeholder == "device") offer_devices(spot, offers);
  offer_table_names(spot, placeholder, offers);
  if (spot.prefix.empty() && std::ranges::contains(kFiles, placeholder)) offers.allow_files();
  for (const Choice& choice : kChoices) {
    if (choice.placeholder == placeholder && spot.call.command.path.starts_with(choice.command)) offer_words(spot, choice.values, offers);
  }
  for (const Listing& listing : kListings) {
    if (listing.placeholder == placeholder) offer_listing(spot, listing.path, offers);
  }
}

namespace {

/// What a flag takes: fixed words, or a placeholder in angle brackets.
struct FlagValues {
  std::string_view flag;
  std::string_view values;
};
constexpr FlagValues kFlagValues[] = {
    {"config", "<key>"},           {"device", "<device>"},
    {"environment-file", "<path>"}, {"mode", "pull,push,relay"},
    {"network", "<network>"},      {"profile", "<profile>"},
    {"project", "<project>"},      {"request", "DELETE,GET,PATCH,POST,PUT"},
    {"storage", "<pool>"},         {"target-project", "<project>"},
};

}  // namespace

void complete_flag_value(Call& call, const Flag& flag, const std::string& prefix, Offers& offers) {
  KnownNames names;
  ValueSpot spot{call, names, call.config.default_remote, prefix};
  if (flag.help == kFormatFlag.help) return offer_words(spot, "compact,csv,json,markdown,table,yaml", offers);
  for (const FlagValues& row : kFlagValues) {
    if (row.flag != long_name(flag)) continue;
    if (!row.values.starts_with('<')) return offer_words(spot, row.values, offers);
    std::string_view placeholder = row.values.substr(1, row.values.size() - 2);
    if (placeholder == "key") spot.suffix = "=";
    if (placeholder == "device") spot.suffix = ",";
    return complete_value(spot, placeholder, "", offers);
  }
}

}  // namespace cli
