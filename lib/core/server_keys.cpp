#include "core/server_keys.h"

#include <algorithm>
#include <array>
#include <format>

#include "core/server_key_checks.h"

namespace core {
namespace {

using config::Key;
using config::Type;
namespace check = server_check;

constexpr Key global(std::string_view name, std::string_view group, Type type, std::string_view def, std::string_view summary,
                     config::Check check = nullptr) {
  return {.name = name, .group = group, .type = type, .def = def, .scope = "global", .summary = summary, .check = check};
}
constexpr Key local(std::string_view name, std::string_view group, Type type, std::string_view def, std::string_view summary,
                    config::Check check = nullptr) {
  return {.name = name, .group = group, .type = type, .def = def, .scope = "local", .summary = summary, .check = check};
}
constexpr Key secret(Key key) {
  key.secret = true;
  return key;
}

constexpr Type kString = Type::string, kBool = Type::boolean, kInteger = Type::integer;

constexpr auto kKeys = std::to_array<Key>({
    global("acme.agree_tos", "acme", kBool, "false", "The certificate authority's terms of service are accepted"),
    global("acme.ca_url", "acme", kString, "https://acme-v02.api.letsencrypt.org/directory", "Directory URL of the certificate authority"),
    global("acme.challenge", "acme", kString, "HTTP-01", "How the domain is proven to be ours", check::acme_challenge),
    global("acme.domain", "acme", kString, "", "Domain the certificate is for"),
    secret(global("acme.eab.hmac", "acme", kString, "", "Key that binds the account to an external one")),
    global("acme.eab.kid", "acme", kString, "", "Name of the key that binds the account to an external one"),
    global("acme.email", "acme", kString, "", "Mail address of the account"),
    global("acme.http.port", "acme", kString, ":80", "Where the HTTP-01 challenge is answered", check::listen_address),
    global("acme.provider", "acme", kString, "", "DNS provider that answers the DNS-01 challenge"),
    global("acme.provider.environment", "acme", kString, "", "Environment variables for the DNS provider, one a line"),
    global("acme.provider.resolvers", "acme", kString, "", "DNS servers asked during the DNS-01 challenge"),
    global("authorization.client.default", "authorization", kString, "", "Who decides about clients without a rule of their own", check::authorization_driver),
    global("authorization.client.oidc", "authorization", kString, "", "Who decides about clients that logged in through OpenID Connect", check::authorization_driver),
    global("authorization.client.tls", "authorization", kString, "", "Who decides about clients with an unrestricted certificate", check::authorization_driver),
    global("authorization.client.tls-restricted", "authorization", kString, "", "Who decides about clients with a restricted certificate", check::authorization_driver),
    global("authorization.client.unix", "authorization", kString, "", "Who decides about clients on the local socket", check::authorization_driver),
    secret(global("authorization.openfga.api.token", "authorization", kString, "", "Token for the OpenFGA server")),
    global("authorization.openfga.api.url", "authorization", kString, "", "URL of the OpenFGA server"),
    global("authorization.openfga.store.id", "authorization", kString, "", "Store of the OpenFGA server that holds the permissions"),
    global("authorization.openfga.tls.identifier", "authorization", kString, "name", "What names a certificate's user towards OpenFGA", check::tls_identifier),
    global("authorization.scriptlet", "authorization", kString, "", "Script that decides about requests"),
    global("backups.compression_algorithm", "miscellaneous", kString, "gzip", "Compressor of new backups", check::compression),
    global("cluster.healing_threshold", "cluster", kInteger, "0", "Seconds after which an unreachable member's instances move away; 0: never"),
    local("cluster.https_address", "cluster", kString, "", "Address for traffic between members", check::listen_address),
    global("cluster.images_minimal_replica", "cluster", kInteger, "3", "Members that hold a copy of each image; -1: all", check::image_replicas),
    global("cluster.join_token_expiry", "cluster", kString, "3H", "How long a token for a new member is good", check::expiry),
    global("cluster.max_standby", "cluster", kInteger, "2", "Members that stand by for the database", check::max_standby),
    global("cluster.max_voters", "cluster", kInteger, "3", "Members that vote in the database", check::max_voters),
    global("cluster.offline_threshold", "cluster", kInteger, "20", "Seconds of silence after which a member counts as offline", check::offline_threshold),
    global("cluster.rebalance.batch", "cluster", kInteger, "1", "Instances moved at most in one round of balancing"),
    global("cluster.rebalance.cooldown", "cluster", kString, "6H", "How long a moved instance stays where it is", check::expiry),
    global("cluster.rebalance.interval", "cluster", kInteger, "0", "Minutes between rounds of balancing; 0: no balancing"),
    global("cluster.rebalance.threshold", "cluster", kInteger, "20", "Difference of load, in percent, that starts balancing", check::rebalance_threshold),
    local("core.bgp_address", "core", kString, "", "Address of the BGP speaker", check::listen_address),
    global("core.bgp_asn", "core", kString, "0", "Autonomous system number of this server", check::asn),
    local("core.bgp_routerid", "core", kString, "", "Router id towards BGP peers, written as an IPv4 address", check::address_v4),
    local("core.debug_address", "core", kString, "", "Address of the profiling server; this implementation has none", check::debug_address),
    local("core.dns_address", "core", kString, "", "Address of the DNS server for network zones", check::listen_address),
    local("core.https_address", "core", kString, "", "Address of the API for remote clients", check::listen_address),
    global("core.https_allowed_credentials", "core", kBool, "false", "Browsers may send credentials from other origins"),
    global("core.https_allowed_headers", "core", kString, "", "Headers that browsers may send from other origins"),
    global("core.https_allowed_methods", "core", kString, "", "Methods that browsers may use from other origins"),
    global("core.https_allowed_origin", "core", kString, "", "Origins that browsers may come from"),
    global("core.https_allowed_websocket_origin", "core", kString, "", "Origins that browsers may open websockets from"),
    global("core.https_trusted_proxy", "core", kString, "", "Proxies whose word about the client's address is taken"),
    local("core.metrics_address", "core", kString, "", "Address of the metrics server", check::listen_address),
    global("core.metrics_authentication", "core", kBool, "true", "Metrics need a trusted certificate"),
    global("core.proxy_http", "core", kString, "", "Proxy for HTTP downloads; else the daemon's http_proxy variable"),
    global("core.proxy_https", "core", kString, "", "Proxy for HTTPS downloads; else the daemon's https_proxy variable"),
    global("core.proxy_ignore_hosts", "core", kString, "", "Hosts reached without the proxy"),
    global("core.remote_token_expiry", "core", kString, "", "How long a token for a new client is good", check::expiry),
    global("core.shutdown_action", "core", kString, "shutdown", "What happens to instances when the server goes down", check::shutdown_action),
    global("core.shutdown_timeout", "core", kInteger, "5", "Minutes that running operations get when the server goes down"),
    local("core.storage_buckets_address", "core", kString, "", "Address of the object storage server", check::listen_address),
    local("core.syslog_socket", "core", kBool, "false", "Programs may log through a socket of the daemon"),
    global("core.trust_ca_certificates", "core", kBool, "false", "Every certificate signed by the CA is trusted"),
    global("images.auto_update_cached", "images", kBool, "true", "Images fetched on demand are kept up to date"),
    global("images.auto_update_interval", "images", kInteger, "6", "Hours between looks for newer images; 0: never"),
    global("images.compression_algorithm", "images", kString, "gzip", "Compressor of new images", check::compression),
    global("images.default_architecture", "images", kString, "", "Architecture meant where none is named", check::architecture),
    global("images.remote_cache_expiry", "images", kInteger, "10", "Days without use after which a fetched image goes"),
    global("instances.lxcfs.per_instance", "miscellaneous", kBool, "false", "Every instance has an LXCFS of its own"),
    global("instances.nic.host_name", "miscellaneous", kString, "", "How host interfaces are named: random or after the MAC address", check::nic_host_name),
    global("instances.placement.scriptlet", "miscellaneous", kString, "", "Script that places new instances"),
    global("instances.tpm.platform_cert", "miscellaneous", kString, "", "CA certificate that endorsement keys of TPMs are signed with"),
    secret(global("instances.tpm.platform_key", "miscellaneous", kString, "", "Key of that CA certificate")),
    global("logging.<name>.lifecycle.projects", "logging", kString, "", "Projects whose lifecycle events are sent; empty: all"),
    global("logging.<name>.lifecycle.types", "logging", kString, "", "Kinds of objects whose lifecycle events are sent; empty: all"),
    global("logging.<name>.logging.level", "logging", kString, "info", "Least level of messages that are sent", check::log_level),
    global("logging.<name>.target.address", "logging", kString, "", "Address of the receiver"),
    global("logging.<name>.target.ca_cert", "logging", kString, "", "CA certificate of the receiver"),
    global("logging.<name>.target.facility", "logging", kString, "daemon", "Syslog facility of the messages"),
    global("logging.<name>.target.instance", "logging", kString, "", "Name of this server towards the receiver"),
    global("logging.<name>.target.labels", "logging", kString, "", "Labels added to each message"),
    secret(global("logging.<name>.target.password", "logging", kString, "", "Password for the receiver")),
    global("logging.<name>.target.retry", "logging", kInteger, "3", "Attempts to deliver a message"),
    global("logging.<name>.target.type", "logging", kString, "", "Kind of receiver", check::logging_target),
    global("logging.<name>.target.username", "logging", kString, "", "User name for the receiver"),
    global("logging.<name>.types", "logging", kString, "lifecycle,logging", "Kinds of events that are sent", check::event_types),
    global("loki.api.ca_cert", "loki", kString, "", "CA certificate of the Loki server"),
    global("loki.api.url", "loki", kString, "", "URL of the Loki server"),
    secret(global("loki.auth.password", "loki", kString, "", "Password for the Loki server")),
    global("loki.auth.username", "loki", kString, "", "User name for the Loki server"),
    global("loki.instance", "loki", kString, "", "Name of this server towards Loki"),
    global("loki.labels", "loki", kString, "", "Labels added to each message"),
    global("loki.loglevel", "loki", kString, "info", "Least level of messages that are sent", check::log_level),
    global("loki.types", "loki", kString, "lifecycle,logging", "Kinds of events that are sent", check::event_types),
    global("network.hwaddr_pattern", "network", kString, "10:66:6a:xx:xx:xx", "Pattern of generated MAC addresses", check::mac_pattern),
    global("network.ovn.ca_cert", "miscellaneous", kString, "", "CA certificate of the OVN databases"),
    global("network.ovn.client_cert", "miscellaneous", kString, "", "Certificate shown to the OVN databases"),
    secret(global("network.ovn.client_key", "miscellaneous", kString, "", "Key shown to the OVN databases")),
    global("network.ovn.integration_bridge", "miscellaneous", kString, "br-int", "Bridge that OVN networks use"),
    global("network.ovn.northbound_connection", "miscellaneous", kString, "unix:/run/ovn/ovnnb_db.sock", "Where OVN's northbound database listens"),
    local("network.ovs.connection", "miscellaneous", kString, "unix:/run/openvswitch/db.sock", "Where Open vSwitch's database listens"),
    global("oidc.audience", "oidc", kString, "", "Audience that tokens must name"),
    global("oidc.claim", "oidc", kString, "", "Claim that holds the user name"),
    global("oidc.client.id", "oidc", kString, "", "Client id at the OpenID Connect provider"),
    global("oidc.issuer", "oidc", kString, "", "URL of the OpenID Connect provider"),
    global("oidc.scopes", "oidc", kString, "openid, offline_access", "Scopes asked of the provider"),
    local("storage.backups_volume", "miscellaneous", kString, "", "Volume that holds backups, as POOL/VOLUME"),
    local("storage.images_volume", "miscellaneous", kString, "", "Volume that holds images, as POOL/VOLUME"),
    global("storage.linstor.ca_cert", "miscellaneous", kString, "", "CA certificate of the LINSTOR controller"),
    global("storage.linstor.client_cert", "miscellaneous", kString, "", "Certificate shown to the LINSTOR controller"),
    secret(global("storage.linstor.client_key", "miscellaneous", kString, "", "Key shown to the LINSTOR controller")),
    global("storage.linstor.controller_connection", "miscellaneous", kString, "", "Where the LINSTOR controller listens"),
    local("storage.linstor.satellite.name", "miscellaneous", kString, "", "Name of this machine's LINSTOR satellite, if not the server's"),
    local("storage.logs_volume", "miscellaneous", kString, "", "Volume that holds instance logs, as POOL/VOLUME"),
});

/// Blocks of Unicode that hold neither letters nor digits nor punctuation, save for a few brackets: spaces, marks, currencies, symbols, private use, emoji.
struct Block {
  uint32_t first, last;
};
constexpr Block kSymbols[] = {{0x0080, 0x00A0}, {0x0300, 0x036F}, {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F}, {0x20A0, 0x20FF}, {0x2190, 0x2307},
                              {0x230C, 0x2328}, {0x232B, 0x2767}, {0x2776, 0x27C4}, {0x27F0, 0x2982}, {0x2999, 0x2BFF}, {0xE000, 0xF8FF}, {0xFE00, 0xFE0F},
                              {0xFFF0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF}};

/// The length of the UTF-8 character at the start of `text`, 0 if it is broken or no letter, digit or punctuation.
size_t plain_character(std::string_view text) {
  unsigned char lead = text[0];
  if (lead < 0x80) return lead > 0x20 && lead != 0x7f && !std::string_view("$+<=>^`|~").contains(text[0]) ? 1 : 0;
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || length > text.size()) return 0;
  uint32_t code = lead & (0x7F >> length);
  for (char next : text.substr(1, length - 1)) {
    if ((next & 0xC0) != 0x80) return 0;
    code = code << 6 | (next & 0x3F);
  }
  return std::ranges::any_of(kSymbols, [&](const Block& block) { return code >= block.first && code <= block.last; }) ? 0 : length;
}

bool is_plain_name(std::string_view name) {
  while (!name.empty()) {
    size_t length = plain_character(name);
    if (length == 0) return false;
    name.remove_prefix(length);
  }
  return true;
}

/// Keys whose features this server lacks: a value without effect would only mislead.
struct Missing {
  std::string_view start, why;
};
constexpr Missing kMissing[] = {
    {"authorization.", "requests are judged by certificates and projects only (no OpenFGA, no scriptlets)"},
    {"cluster.https_address", "this server can't be a member of a cluster"},
    {"core.bgp_", "this server doesn't speak BGP"},
    {"instances.lxcfs.", "instances share the host's LXCFS"},
    {"instances.placement.", "there is one server to place instances on"},
    {"network.ovn.", "OVN networks aren't available"},
    {"network.ovs.", "Open vSwitch is found by its own tools' defaults"},
    {"oidc.", "logging in through OpenID Connect isn't available: use TLS client certificates"},
    {"storage.linstor.", "LINSTOR storage isn't available"},
};

/// Errors: invalid.
Result<> check_available(std::string_view name) {
  for (const Missing& missing : kMissing)
    if (name.starts_with(missing.start)) return fail(Code::invalid, "not supported here: {}", missing.why);
  return {};
}

Failure cannot_set(const std::string& key, const std::string& value, std::string_view reason, size_t others) {
  std::string text = std::format("cannot set '{}' to '{}': {}", key, value, reason);
  if (others) text += std::format(" (and {} more errors)", others);
  return Failure(Error(Code::invalid, std::move(text)));
}

/// The value to store; empty if it shall not be. Errors: the reason only.
Result<std::string> checked(const std::string& name, const std::string& value) {
  if (name.starts_with("user.")) {
    if (!is_plain_name(name)) return fail(Code::invalid, "Invalid key name");
    return value;
  }
  const Key* key = config::find(kKeys, name);
  if (!key) return fail(Code::invalid, "unknown key");
  if (value.empty()) return std::string();
  if (key->type == kBool && !is_true(value) && !is_false(value)) return fail(Code::invalid, "invalid boolean");
  if (key->type == kInteger && !parse_int(value)) return fail(Code::invalid, "invalid integer");
  TRY(config::validate(*key, value));
  std::string normal = key->type == kBool ? (is_true(value) ? "true" : "false") : value;
  if (normal == key->def) return std::string();
  TRY(check_available(name));
  return normal;
}

}  // namespace

config::Keys server_keys() { return kKeys; }

bool is_local_key(std::string_view name) {
  auto found = std::ranges::find(kKeys, name, &Key::name);
  return found != kKeys.end() && found->scope == "local";
}

Result<StringMap> validate_server_config(const StringMap& values) {
  StringMap result;
  const std::string *bad_key = nullptr, *bad_value = nullptr;
  std::string reason;
  size_t errors = 0;
  for (const auto& [name, value] : values) {
    auto stored = checked(name, value);
    if (!stored) {
      if (errors++ == 0) bad_key = &name, bad_value = &value, reason = stored.error().message();
    } else if (!stored->empty()) {
      result[name] = std::move(*stored);
    }
  }
  if (errors) return cannot_set(*bad_key, *bad_value, reason, errors - 1);
  return result;
}

std::string server_value(const StringMap& config, const std::string& key) {
  auto found = config.find(key);
  if (found != config.end()) return found->second;
  const Key* row = config::find(kKeys, key);
  return row ? std::string(row->def) : "";
}

}  // namespace core
