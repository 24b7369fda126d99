// Reading and writing config.yml, and turning a remote into an endpoint.
#include "applets/cli/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "api/yaml.h"
#include "applets/cli/user_socket.h"
#include "base/durable.h"
#include "client/client.h"
#include "http/certificate.h"

namespace cli {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string text_of(const Json& object, const char* key) {
  auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

Result<Remote> read_remote(const Json& json) {
  if (!json.is_object()) return fail(Code::invalid, "Unable to decode the configuration: a remote must be a mapping");
  Remote remote;
  remote.addresses = split_list(text_of(json, "addr"));
  if (remote.addresses.empty()) return fail(Code::invalid, "Unable to decode the configuration: Remotes must have at least one address");
  remote.last_working_address = text_of(json, "last_working_address");
  remote.auth_type = text_of(json, "auth_type");
  remote.keepalive = parse_int(text_of(json, "keepalive")).value_or(0);
  remote.project = text_of(json, "project");
  remote.credentials_helper = text_of(json, "credentials_helper");
  remote.is_public = text_of(json, "public") == "true";
  if (std::string protocol = text_of(json, "protocol"); !protocol.empty()) remote.protocol = protocol;
  return remote;
}

Json write_remote(const Remote& remote) {
  Json json = Json::object();
  if (!remote.last_working_address.empty()) json["last_working_address"] = remote.last_working_address;
  if (!remote.auth_type.empty()) json["auth_type"] = remote.auth_type;
  if (remote.keepalive) json["keepalive"] = remote.keepalive;
  if (!remote.project.empty()) json["project"] = remote.project;
  if (!remote.protocol.empty()) json["protocol"] = remote.protocol;
  if (!remote.credentials_helper.empty()) json["credentials_helper"] = remote.credentials_helper;
  json["public"] = remote.is_public;
  json["addr"] = join(remote.addresses, ",");
  return json;
}

Remote local_remote() { return {.addresses = {"unix://"}, .is_static = true}; }
/// Behind the socket's name: the one that incus-user serves to people who may not talk to the daemon itself.
constexpr std::string_view kUserSocket = ".user";

Remote images_remote() { return {.addresses = {"https://images.linuxcontainers.org"}, .protocol = "simplestreams", .is_public = true}; }

Result<std::map<std::string, Remote>> read_remotes(const Json& document) {
  std::map<std::string, Remote> remotes;
  auto found = document.find("remotes");
  if (found == document.end() || !found->is_object()) return remotes;
  for (const auto& [name, json] : found->items()) remotes[name] = TRY(read_remote(json));
  return remotes;
}

Result<Json> read_document(const std::string& path) {
  std::string text = TRY_CTX(read_file(path), "Unable to read the configuration file");
  Json document = TRY_CTX(api::parse_yaml(text), "Unable to decode the configuration");
  return document.is_object() ? document : Json::object();
}

std::string home_folder() { return environment("HOME"); }

}  // namespace

std::string config_folder() {
  if (std::string folder = environment("INCUS_CONF"); !folder.empty()) return folder;
  if (std::string folder = environment("XDG_CONFIG_HOME"); !folder.empty()) return folder + "/incus";
  return home_folder().empty() ? "" : home_folder() + "/.config/incus";
}

std::string global_config_folder() {
  std::string folder = environment("INCUS_GLOBAL_CONF");
  return folder.empty() ? "/etc/incus" : folder;
}

std::string cache_folder() {
  if (std::string folder = environment("INCUS_CACHE"); !folder.empty()) return folder;
  if (std::string folder = environment("XDG_CACHE_HOME"); !folder.empty()) return folder + "/incus";
  return home_folder().empty() ? "" : home_folder() + "/.cache/incus";
}

std::string local_socket_path() {
  if (std::string path = environment("INCUS_SOCKET"); !path.empty()) return path;
  std::string folder = environment("INCUS_DIR");
  if (folder.empty()) folder = exists("/run/incus/unix.socket") ? "/run/incus" : "/var/lib/incus";
  std::string path = folder + "/unix.socket", user_path = path + std::string(kUserSocket);
  return access(path.c_str(), W_OK) != 0 && access(user_path.c_str(), W_OK) == 0 ? user_path : path;
}

std::string local_user_project(const std::string& socket_path) {
  bool user = socket_path.ends_with(kUserSocket) && environment("INCUS_SOCKET").empty();
  return user ? std::format("user-{}", geteuid()) : "";
}

StringList Remote::rolling_addresses() const {
  StringList list = addresses;
  auto found = std::ranges::find(list, last_working_address);
  if (found != list.end()) std::ranges::rotate(list, found);
  return list;
}

std::string Config::path(std::string_view name) const { return std::format("{}/{}", folder_, name); }

std::string Config::server_certificate_path(const std::string& remote) const {
  auto found = remotes.find(remote);
  bool global = found != remotes.end() && found->second.is_global;
  return std::format("{}/servercerts/{}.crt", global ? global_config_folder() : folder_, remote);
}

Result<Config> Config::load() {
  Config config;
  config.folder_ = config_folder();
  std::string file = config.path("config.yml");
  config.existed = !config.folder_.empty() && exists(file);
  if (config.existed) {
    Json document = TRY(read_document(file));
    config.default_remote = text_of(document, "default-remote");
    config.remotes = TRY(read_remotes(document));
    if (auto aliases = document.find("aliases"); aliases != document.end() && aliases->is_object()) {
      for (const auto& [name, value] : aliases->items()) config.aliases[name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    if (auto defaults = document.find("defaults"); defaults != document.end() && defaults->is_object()) {
      config.defaults = {text_of(*defaults, "list_format"), text_of(*defaults, "console_type"), text_of(*defaults, "console_spice_command"), text_of(*defaults, "no_color") == "true"};
    }
    if (std::string global = global_config_folder() + "/config.yml"; exists(global)) {
      for (auto& [name, remote] : TRY(read_remotes(TRY(read_document(global))))) {
        remote.is_global = true;
        config.remotes.try_emplace(name, std::move(remote));
      }
    }
  } else {
    config.remotes["images"] = images_remote();
  }
  for (auto& [name, remote] : config.remotes) {
    if (!remote.is_public && remote.auth_type.empty() && name != "local") remote.auth_type = "tls";
  }
  std::string project = config.remotes.contains("local") ? config.remotes["local"].project : "";
  config.remotes["local"] = local_remote();
  config.remotes["local"].project = project;
  if (config.default_remote.empty()) config.default_remote = "local";
  config.file_default_remote_ = config.default_remote;
  if (std::string name = environment("INCUS_REMOTE"); !name.empty() && config.existed) config.default_remote = name;
  return config;
}

void Config::set_default_remote(const std::string& name) { default_remote = file_default_remote_ = name; }

Result<> Config::save() const {
  std::string saved_default = default_remote;
  if (environment("INCUS_REMOTE") == default_remote && remotes.contains(file_default_remote_)) saved_default = file_default_remote_;
  Json document = Json::object();
  document["default-remote"] = saved_default;
  Json& list = document["remotes"] = Json::object();
  for (const auto& [name, remote] : remotes) {
    if (!remote.is_global) list[name] = write_remote(remote);
  }
  Json& names = document["aliases"] = Json::object();
  for (const auto& [name, value] : aliases) names[name] = value;
  document["defaults"] = {{"list_format", defaults.list_format}, {"console_type", defaults.console_type},
                          {"console_spice_command", defaults.console_spice_command}, {"no_color", defaults.no_color}};
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  TRY_CTX(write_file_durable(path("config.yml"), api::dump_yaml(document), 0644), "Unable to write the configuration");
  return {};
}

Result<std::pair<std::string, std::string>> Config::split(std::string_view text) const {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.substr(0, colon).contains('=') || text.substr(colon + 1).starts_with("//")) return std::pair{default_remote, std::string(text)};
  std::string name(text.substr(0, colon));
  if (!remotes.contains(name)) {
    if (name.contains('/')) return std::pair{default_remote, std::string(text)};  // a snapshot's name may hold colons
    return fail(Code::not_found, "The remote \"{}\" doesn't exist", name);
  }
  return std::pair{name, std::string(text.substr(colon + 1))};
}

Result<const Remote*> Config::find(const std::string& name) const {
  auto found = remotes.find(name);
  if (found == remotes.end()) return fail(Code::not_found, "The remote \"{}\" doesn't exist", name);
  return &found->second;
}

bool Config::has_client_certificate() const { return exists(path("client.crt")) && exists(path("client.key")); }

Result<> Config::generate_client_certificate() const {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  TRY(http::load_or_generate(path("client.crt"), path("client.key"), http::CertificateUse::client));
  return {};
}

namespace {

/// The certificate of this client for one remote, else the common one.
Result<> add_client_certificate(const Config& config, const std::string& name, client::Endpoint& endpoint) {
  std::string base = config.path("clientcerts/" + name);
  if (!exists(base + ".crt") || !exists(base + ".key")) base = config.path("client");
  if (exists(base + ".crt")) endpoint.client_certificate = TRY(read_file(base + ".crt"));
  if (exists(base + ".key")) endpoint.client_key = TRY(read_file(base + ".key"));
  if (exists(base + ".ca")) endpoint.ca_certificate = TRY(read_file(base + ".ca"));
  return {};
}

}  // namespace

Result<client::Endpoint> Config::endpoint(const std::string& name, const std::string& address) const {
  const Remote& remote = *TRY(find(name));
  client::Endpoint endpoint;
  if (address.starts_with("unix:")) {
    std::string path = address.substr(5);
    if (path.starts_with("//")) path = path.substr(2);
    endpoint.unix_path = path.empty() ? local_socket_path() : path;
    return endpoint;
  }
  std::string_view rest = address;
  if (size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    endpoint.tls = rest.substr(0, scheme) != "http";
    rest.remove_prefix(scheme + 3);
  }
  rest = rest.substr(0, rest.find('/'));
  size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) {
    endpoint.port = static_cast<uint16_t>(parse_uint(rest.substr(colon + 1)).value_or(8443));
    rest = rest.substr(0, colon);
  } else {
    endpoint.port = 443;
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  endpoint.host = rest;
  if (exists(server_certificate_path(name))) endpoint.server_certificate = TRY(read_file(server_certificate_path(name)));
  if (remote.protocol != "incus" || remote.auth_type == "oidc") return endpoint;
  TRY(add_client_certificate(*this, name, endpoint));
  if (!remote.is_public && (endpoint.client_certificate.empty() || endpoint.client_key.empty())) {
    return fail(Code::invalid, "Missing TLS client certificate and key");
  }
  return endpoint;
}

}  // namespace cli
