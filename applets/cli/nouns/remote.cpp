// `incus remote`: the servers this client knows.
#include "applets/cli/nouns/remote.h"

#include <unistd.h>

#include <filesystem>
#include <print>

#include "applets/cli/ask.h"
#include "applets/cli/expiry.h"
#include "applets/cli/table.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "base/durable.h"
#include "http/certificate.h"
#include "http/jwt.h"
#include "http/pkcs12.h"

namespace cli {

namespace {

std::string auth_type_of(const Remote& remote) {
  if (!remote.auth_type.empty()) return remote.auth_type;
  if (remote.addresses[0].starts_with("unix:")) return "file access";
  return remote.protocol == "incus" ? "tls" : "none";
}

std::string addresses_of(const Remote& remote) {
  StringList lines;
  for (const std::string& address : remote.addresses) {
    bool last = remote.addresses.size() > 1 && address == remote.last_working_address;
    lines.push_back(last ? address + " (last)" : address);
  }
  return join(lines, "\n");
}

constexpr Column kColumns[] = {{'n', "NAME", text_cell<"name">},          {'u', "URL", text_cell<"url">},          {'p', "PROTOCOL", text_cell<"protocol">},
                               {'a', "AUTH TYPE", text_cell<"auth_type">}, {'P', "PUBLIC", yes_no_cell<"public">}, {'s', "STATIC", yes_no_cell<"static">},
                               {'g', "GLOBAL", yes_no_cell<"global">}};

Json as_yaml(const Remote& remote) {
  Json json = Json::object();
  if (!remote.last_working_address.empty()) json["last_working_address"] = remote.last_working_address;
  if (!remote.auth_type.empty()) json["auth_type"] = remote.auth_type;
  if (remote.keepalive) json["keepalive"] = remote.keepalive;
  if (!remote.project.empty()) json["project"] = remote.project;
  json["protocol"] = remote.protocol;
  if (!remote.credentials_helper.empty()) json["credentials_helper"] = remote.credentials_helper;
  json["public"] = remote.is_public;
  json["addr"] = join(remote.addresses, ",");
  return json;
}

Json as_json(const Remote& remote) {
  return {{"Addrs", remote.addresses}, {"LastWorkingAddr", remote.last_working_address}, {"AuthType", remote.auth_type}, {"KeepAlive", remote.keepalive},
          {"Project", remote.project}, {"Protocol", remote.protocol}, {"CredHelper", remote.credentials_helper}, {"Public", remote.is_public},
          {"Global", remote.is_global}, {"Static", remote.is_static}, {"TLS", nullptr}};
}

Result<> list(Call& call) {
  TRY(check_format(call.format()));
  std::vector<const Column*> columns = TRY(select_columns(kColumns, call.flags.text("columns")));
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  Json raw = Json::object();
  bool yaml = call.format().starts_with("yaml");
  for (const auto& [name, remote] : call.config.remotes) {
    Json item = {{"name", name == call.config.default_remote ? name + " (current)" : name}, {"url", addresses_of(remote)}, {"protocol", remote.protocol},
                 {"auth_type", auth_type_of(remote)}, {"public", remote.is_public}, {"static", remote.is_static}, {"global", remote.is_global}};
    StringList row;
    for (const Column* column : columns) row.push_back(column->cell(item));
    table.rows.push_back(std::move(row));
    raw[name] = yaml ? as_yaml(remote) : as_json(remote);
  }
  sort_rows(table.rows);
  return print_table(call.format(), table, raw);
}

Result<Remote*> existing(Call& call, const std::string& name) {
  auto found = call.config.remotes.find(name);
  if (found == call.config.remotes.end()) return fail(Code::not_found, "Remote {} doesn't exist", name);
  return &found->second;
}

Result<Remote*> changeable(Call& call, const std::string& name) {
  Remote* remote = TRY(existing(call, name));
  if (remote->is_static) return fail(Code::invalid, "Remote {} is static and cannot be modified", name);
  return remote;
}

/// Files that belong to one remote, in both folders' layout.
StringList files_of(const std::string& name) {
  return {"servercerts/" + name + ".crt", "clientcerts/" + name + ".crt", "clientcerts/" + name + ".key", "clientcerts/" + name + ".ca", "oidctokens/" + name + ".json", "jars/" + name};
}

void copy_global_files(const Call& call, const std::string& from, const std::string& to) {
  StringList source = files_of(from), target = files_of(to);
  std::error_code error;
  for (size_t i = 0; i < 4; ++i) {
    std::filesystem::create_directories(std::filesystem::path(call.config.path(target[i])).parent_path(), error);
    std::filesystem::copy_file(global_config_folder() + "/" + source[i], call.config.path(target[i]), std::filesystem::copy_options::overwrite_existing, error);
  }
}

Result<> rename(Call& call) {
  const std::string& from = call.args[0].text;
  const std::string& to = call.args[1].text;
  Remote remote = *TRY(changeable(call, from));
  if (call.config.remotes.contains(to)) return fail(Code::conflict, "Remote {} already exists", to);
  std::error_code error;
  if (remote.is_global) {
    copy_global_files(call, from, to);
  } else {
    StringList source = files_of(from), target = files_of(to);
    for (size_t i = 0; i < source.size(); ++i) std::filesystem::rename(call.config.path(source[i]), call.config.path(target[i]), error);
  }
  remote.is_global = false;
  call.config.remotes.erase(from);
  call.config.remotes[to] = remote;
  if (call.config.default_remote == from) call.config.set_default_remote(to);
  return call.config.save();
}

Result<> remove(Call& call) {
  const std::string& name = call.args[0].text;
  Remote* remote = TRY(changeable(call, name));
  if (remote->is_global) return fail(Code::invalid, "Remote {} is global and cannot be removed", name);
  if (call.config.default_remote == name) return fail(Code::invalid, "Can't remove the default remote");
  call.config.remotes.erase(name);
  for (const std::string& file : files_of(name)) unlink(call.config.path(file).c_str());
  return call.config.save();
}

Result<> switch_to(Call& call) {
  TRY(existing(call, call.args[0].text));
  call.config.set_default_remote(call.args[0].text);
  return call.config.save();
}

Result<> get_default(Call& call) {
  std::println("{}", call.config.default_remote);
  return {};
}

Result<> set_urls(Call& call) {
  const std::string& name = call.args[0].text;
  Remote* remote = TRY(changeable(call, name));
  StringList addresses;
  for (const std::string& text : call.args[1].texts()) addresses.push_back(TRY(normalize_address(text)));
  if (remote->is_global) copy_global_files(call, name, name);
  remote->is_global = false;
  remote->addresses = addresses;
  return call.config.save();
}

Result<> set_keepalive(Call& call) {
  auto seconds = parse_int(call.args[1].text);
  if (!seconds || *seconds < 0) return fail(Code::invalid, "Keepalive timeouts must be positive integers");
  TRY(existing(call, call.args[0].text))->keepalive = *seconds;
  return call.config.save();
}

Result<> generate_certificate(Call& call) {
  if (call.config.has_client_certificate()) return fail(Code::conflict, "A client certificate is already present");
  return ensure_client_certificate(call);
}

/// The client's certificate and key, made now if there are none.
Result<http::KeyPair> client_pair(Call& call) {
  TRY(ensure_client_certificate(call));
  http::KeyPair pair;
  pair.certificate_pem = TRY_CTX(read_file(call.config.path("client.crt")), "Failed to get certificate");
  pair.key_pem = TRY_CTX(read_file(call.config.path("client.key")), "Failed to get certificate");
  return pair;
}

Result<> get_client_certificate(Call& call) {
  std::string format = call.flags.text("format");
  if (format != "pem" && format != "pfx") return fail(Code::invalid, "Invalid certificate format {}", quote(format));
  if (format == "pfx" && call.args[0].skipped) return fail(Code::invalid, "PFX export requires a filename");
  http::KeyPair pair = TRY(client_pair(call));
  if (format == "pfx") {
    std::string password = TRY(ask_secret(std::format("Password for {}: ", call.args[0].text)));
    return write_file_durable(call.args[0].text, TRY(http::write_pkcs12(pair, password)), 0600);
  }
  if (call.args[0].skipped) std::print("{}", pair.certificate_pem);
  else TRY(write_file_durable(call.args[0].text, pair.certificate_pem, 0644));
  return {};
}

Result<> get_client_token(Call& call) {
  auto lifetime = TRY(parse_lifetime(call.args[0].text));
  http::KeyPair pair = TRY(client_pair(call));
  int64_t now = time(nullptr);
  std::string fingerprint = TRY(http::certificate_fingerprint(pair.certificate_pem));
  Json claims{{"sub", fingerprint}, {"iat", now}, {"nbf", now}, {"exp", now + lifetime.count()}};
  std::println("{}", TRY(http::sign_jwt(api::dump_json(claims), pair.key_pem)));
  return {};
}

constexpr Flag kAddFlags[] = {
    {"accept-certificate", FlagKind::boolean, "Trust the server's certificate without a question"},
    {"auth-type", FlagKind::text, "How to prove who we are: tls or oidc"},
    {"credentials-helper", FlagKind::text, "Program that provides credentials of a registry"},
    {"keepalive", FlagKind::number, "Keep a connection open for this many seconds, for faster commands"},
    {"project", FlagKind::text, "Project to use on it"},
    {"protocol", FlagKind::text, "incus, oci or simplestreams", "incus"},
    {"public", FlagKind::boolean, "A public image server"},
    {"tls-cert", FlagKind::text, "Client certificate for this remote alone (PEM)"},
    {"tls-key", FlagKind::text, "Its key (PEM)"},
    {"tls-p12", FlagKind::text, "Both in one file (PKCS#12)"},
    {"token", FlagKind::text, "Trust token of the server"},
};
constexpr Flag kListFlags[] = {columns_flag("nupaPsg"), kFormatFlag};
constexpr Flag kCertificateFlags[] = {{"format|f", FlagKind::text, "pem or pfx", "pem"}};

constexpr Command kCommands[] = {
    {.path = "remote", .summary = "Manage the servers this client knows", .options = kGroup},
    {.path = "remote add", .usage = "[<new remote name>] (<IP/FQDN/URL>...|<token>)", .summary = "Add a server", .run = remote_add, .flags = kAddFlags,
     .about = "Several addresses are tried one after the other. A token stands for address and trust at once.\n\n"
              "Registries of application images (--protocol=oci) are signed in to with a user and password in the URL, what a credentials helper gives, or\n"
              "~/.docker/config.json. Where ~/.config/incus/ocikeys/<remote>.pub has public keys (PEM), images of that registry are only taken if cosign\n"
              "signed them with one of these keys.",
     .examples = "incus remote add docker https://docker.io --protocol=oci\nincus launch docker:caddy web", .options = kSingleFromRight},
    {.path = "remote generate-certificate", .summary = "Make the client certificate now", .run = generate_certificate},
    {.path = "remote get-client-certificate", .usage = "[<target file>]", .summary = "Print the client certificate or write it to a file", .run = get_client_certificate, .flags = kCertificateFlags},
    {.path = "remote get-client-token", .usage = "<expiry>", .summary = "Make a token signed with the client's key", .run = get_client_token,
     .about = "Whoever has the token may act as this client until it expires. Expiry: 30m, 12h, 1h30m."},
    {.path = "remote get-default", .summary = "Print the default remote", .run = get_default},
    {.path = "remote list", .summary = "List remotes", .run = list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  a  authentication\n  g  from the system's configuration\n  n  name\n  p  protocol\n  P  public\n  s  built in\n  u  addresses"},
    {.path = "remote remove", .usage = "<remote>", .summary = "Forget a remote", .run = remove, .aliases = "delete,rm"},
    {.path = "remote rename", .usage = "<remote> <new remote name>", .summary = "Rename a remote", .run = rename, .aliases = "mv"},
    {.path = "remote set-keepalive", .usage = "<remote> <keepalive timeout>", .summary = "Keep a connection open for some seconds", .run = set_keepalive},
    {.path = "remote set-urls", .usage = "<remote> <IP/FQDN/URL>...", .summary = "Set the addresses of a remote", .run = set_urls, .aliases = "set-url"},
    {.path = "remote switch", .usage = "<remote>", .summary = "Make a remote the default", .run = switch_to, .aliases = "set-default"},
};

}  // namespace

extern const CommandTable remote_commands = kCommands;

}  // namespace cli
