// `incus remote add`: addresses, certificates, tokens and the project to use.
#include <sys/stat.h>

#include <filesystem>
#include <print>

#include "api/yaml.h"
#include "applets/cli/ask.h"
#include "applets/cli/nouns/remote.h"
#include "applets/cli/verbs/columns.h"
#include "base/durable.h"
#include "base/encode.h"
#include "http/certificate.h"
#include "http/pkcs12.h"

namespace cli {

namespace {

/// A joining token, if `text` is one: base64 of JSON with a secret.
std::optional<Json> decode_token(const std::string& text) {
  auto bytes = base64_decode(text);
  if (!bytes) return std::nullopt;
  auto token = api::parse_json(*bytes);
  if (!token || !token->is_object() || !token->contains("secret") || !token->contains("fingerprint") || !token->contains("addresses")) return std::nullopt;
  return std::move(*token);
}

/// One attempt to add a remote.
class Adding {
 public:
  Adding(Call& call, std::string name) : call_(call), name_(std::move(name)) {}

  Result<> with_token(const std::string& text, const Json& token) {
    TRY(ensure_certificate());
    StringList addresses;
    for (const Json& address : token["addresses"]) addresses.push_back("https://" + address.get<std::string>());
    Result<> added = use_token(addresses, text, token["fingerprint"].get<std::string>());
    if (added || added.error().code() != Code::unavailable) return added;
    std::print("All server addresses are unavailable\nPlease provide alternate server addresses separated with commas (empty to abort): ");
    std::fflush(stdout);
    std::string line = TRY(read_line());
    if (line.empty()) return fail(Code::cancelled, "Failed to add remote");
    addresses.clear();
    for (const std::string& address : split_list(line)) addresses.push_back(TRY(normalize_address(address)));
    return use_token(addresses, text, token["fingerprint"].get<std::string>());
  }

  Result<> with_addresses(const StringList& texts) {
    StringList addresses;
    for (const std::string& text : texts) addresses.push_back(TRY(normalize_address(text)));
    size_t sockets = std::ranges::count_if(addresses, [](const std::string& address) { return address.starts_with("unix:"); });
    if (sockets != 0 && sockets != addresses.size()) return fail(Code::invalid, "Cannot mix HTTPS and Unix URLs");
    std::string auth = call_.flags.text("auth-type");
    bool is_public = call_.flags.on("public");
    if (sockets == 0 && !is_public && (auth.empty() || auth == "tls")) TRY(ensure_certificate());
    remote() = {.addresses = addresses, .auth_type = auth, .keepalive = call_.flags.number("keepalive"), .protocol = "incus", .is_public = is_public};
    if (sockets != 0) return over_socket();
    TRY(accept_certificate(""));
    client::Server server = TRY(connect());
    if (is_public) return save_public(addresses);
    Json info = TRY(server.get(call_.ctx, "/1.0")).metadata;
    if (auth.empty()) auth = "tls";
    remote().auth_type = auth;
    if (info.value("public", false)) return save_public(addresses);
    bool supported = info.contains("auth_methods") && std::ranges::any_of(info["auth_methods"], [&](const Json& method) { return method == auth; });
    if (!supported) return fail(Code::invalid, "Authentication type '{}' not supported by server", auth);
    if (member_text(info, "auth") != "trusted") TRY(become_trusted(server));
    return finish(server);
  }

 private:
  Remote& remote() { return call_.config.remotes[name_]; }

  Result<> ensure_certificate() {
    if (std::filesystem::exists(call_.config.path("clientcerts/" + name_ + ".crt"))) return {};
    return ensure_client_certificate(call_);
  }

  Result<> over_socket() {
    remote().auth_type = "tls";
    client::Server server = TRY(connect());
    TRY(server.get(call_.ctx, "/1.0"));
    return finish(server);
  }

  Result<> save_public(const StringList& addresses) {
    remote() = {.addresses = addresses, .keepalive = call_.flags.number("keepalive"), .protocol = "", .is_public = true};
    return call_.config.save();
  }

  /// The first address that answers.
  Result<client::Server> connect() {
    std::optional<Error> problem;
    for (const std::string& address : remote().addresses) {
      auto endpoint = call_.config.endpoint(name_, address);
      if (!endpoint) return std::unexpected(endpoint.error());
      client::Server server(std::move(*endpoint));
      auto answer = server.get(call_.ctx, "/1.0");
      if (answer) return server;
      problem = answer.error();
    }
    return std::unexpected(std::move(*problem));
  }

  /// Makes sure the server's certificate verifies: by the host's CA bundle, or because the user (or `expected`, a token's fingerprint) accepts it.
  Result<> accept_certificate(const std::string& expected) {
    if (connect()) return {};
    std::string pem, problems, address;
    for (const std::string& candidate : remote().addresses) {
      client::Endpoint endpoint = TRY(call_.config.endpoint(name_, candidate));
      auto shown = client::Client(std::move(endpoint)).server_certificate(call_.ctx);
      if (shown) {
        pem = *shown;
        address = candidate;
        break;
      }
      problems += (problems.empty() ? "" : "\n") + shown.error().message();
    }
    if (pem.empty()) return fail(Code::unavailable, "{}{}", expected.empty() ? "" : "Unavailable remote server: ", problems);
    std::string fingerprint = TRY(http::certificate_fingerprint(pem));
    if (!expected.empty() && fingerprint != expected) return fail(Code::unauthorized, "Certificate fingerprint mismatch between certificate token and server {}", quote(address));
    if (expected.empty() && !call_.flags.on("accept-certificate")) TRY(ask_about(fingerprint));
    std::error_code error;
    std::filesystem::create_directories(call_.config.path("servercerts"), error);
    if (error) return fail(Code::internal, "Could not create server cert dir");
    return write_file_durable(call_.config.server_certificate_path(name_), pem, 0644);
  }

  static Result<> ask_about(const std::string& fingerprint) {
    std::print("Certificate fingerprint: {}\nok (y/n/[fingerprint])? ", fingerprint);
    std::fflush(stdout);
    std::string line = TRY(read_line());
    if (line == fingerprint) return {};
    if (line.empty() || to_lower(line)[0] == 'n') return fail(Code::cancelled, "Server certificate NACKed by user");
    if (to_lower(line)[0] != 'y') return fail(Code::invalid, "Please type 'y', 'n' or the fingerprint:");
    return {};
  }

  Result<> become_trusted(client::Server& server) {
    std::string token = call_.flags.text("token");
    if (token.empty()) token = TRY(ask_text(std::format("Trust token for {}: ", name_), ""));
    TRY(server.query(call_.ctx, http::Method::post, "/1.0/certificates", api::dump_json({{"type", "client"}, {"trust_token", token}})));
    Json info = TRY(server.get(call_.ctx, "/1.0")).metadata;
    if (member_text(info, "auth") != "trusted") return fail(Code::unauthorized, "Server doesn't trust us after authentication");
    std::println("Client certificate now trusted by server: {}", name_);
    return {};
  }

  Result<> use_token(const StringList& addresses, const std::string& token, const std::string& fingerprint) {
    remote() = {.addresses = addresses, .auth_type = call_.flags.text("auth-type"), .keepalive = call_.flags.number("keepalive"), .protocol = "incus"};
    TRY(accept_certificate(fingerprint));
    client::Server server = TRY_CTX(connect(), "Unavailable remote server");
    TRY_CTX(server.query(call_.ctx, http::Method::post, "/1.0/certificates", api::dump_json({{"trust_token", token}})), "Failed to create certificate");
    return finish(server);
  }

  /// The only project we may use, a chosen one, or the default.
  Result<std::string> find_project(client::Server& server) {
    std::string wanted = call_.flags.text("project");
    if (!wanted.empty()) {
      TRY(server.get(call_.ctx, "/1.0/projects/" + url_escape(wanted)));
      return wanted;
    }
    StringList names;
    for (const Json& path : TRY(server.get(call_.ctx, "/1.0/projects")).metadata) {
      std::string text = path.get<std::string>();
      names.push_back(url_unescape(text.substr(text.rfind('/') + 1)).value_or(""));
    }
    if (names.size() == 1) return names[0];
    if (names.empty() || contains(names, "default")) return "";
    std::println("Available projects:");
    for (const std::string& name : names) std::println(" - {}", name);
    return ask_choice("Name of the project to use for this remote: ", names, "");
  }

  Result<> finish(client::Server& server) {
    remote().project = TRY(find_project(server));
    return call_.config.save();
  }

  Call& call_;
  std::string name_;
};

/// Keeps the key pair of --tls-cert and --tls-key as this remote's own. Errors: invalid.
Result<> keep_client_pair(Call& call, const std::string& name) {
  std::string certificate = call.flags.text("tls-cert"), key = call.flags.text("tls-key"), p12 = call.flags.text("tls-p12");
  if (!p12.empty() && !(certificate.empty() && key.empty())) return fail(Code::invalid, "--tls-p12 can't be used with --tls-cert or --tls-key");
  if (certificate.empty() != key.empty()) return fail(Code::invalid, "--tls-cert and --tls-key must be used together");
  if (certificate.empty() && p12.empty()) return {};
  if (call.flags.text("protocol") != "incus") return fail(Code::invalid, "TLS client certificates can only be used with the incus protocol");
  http::KeyPair pair;
  if (!p12.empty()) pair = TRY(http::read_pkcs12(TRY(read_file(p12)), TRY(ask_secret(std::format("Password for {}: ", p12)))));
  else pair = {TRY(read_file(certificate)), TRY(read_file(key))};
  TRY_CTX(http::parse_certificate(pair.certificate_pem), "Invalid TLS client keypair");
  std::error_code error;
  std::filesystem::create_directories(call.config.path("clientcerts"), error);
  TRY(write_file_durable(call.config.path("clientcerts/" + name + ".crt"), pair.certificate_pem, 0644));
  return write_file_durable(call.config.path("clientcerts/" + name + ".key"), pair.key_pem, 0600);
}

Result<> add_image_server(Call& call, const std::string& name, const StringList& addresses) {
  for (const std::string& address : addresses) {
    if (!address.starts_with("https://")) return fail(Code::invalid, "Only https URLs are supported for oci and simplestreams");
  }
  call.config.remotes[name] = {.addresses = addresses, .keepalive = call.flags.number("keepalive"), .protocol = call.flags.text("protocol"),
                               .credentials_helper = call.flags.text("credentials-helper"), .is_public = true};
  return call.config.save();
}

Result<> add(Call& call, const std::string& name, const std::string& target, const StringList& addresses) {
  TRY(keep_client_pair(call, name));
  std::string protocol = call.flags.text("protocol");
  Adding adding(call, name);
  if (auto token = decode_token(target)) return adding.with_token(target, *token);
  if (protocol == "oci" || protocol == "simplestreams") return add_image_server(call, name, addresses);
  if (protocol != "incus") return fail(Code::invalid, "Invalid protocol: {}", protocol);
  return adding.with_addresses(addresses);
}

bool is_socket(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

}  // namespace

Result<std::string> normalize_address(const std::string& text) {
  if (text.empty()) return fail(Code::invalid, "Addresses cannot be empty");
  size_t scheme_end = text.find("://");
  std::string scheme = scheme_end != std::string::npos ? text.substr(0, scheme_end) : text.starts_with("unix:") ? "unix" : "";
  if (!scheme.empty() && scheme != "unix" && scheme != "https") return fail(Code::invalid, "Invalid URL scheme \"{}\" in \"{}\"", scheme, text);
  if (scheme.empty()) scheme = text[0] == '/' || is_socket(text) ? "unix" : "https";
  if (scheme == "unix") {
    std::string path = text.starts_with("unix:") ? text.substr(5) : text;
    return "unix://" + (path.starts_with("//") ? path.substr(2) : path);
  }
  std::string host = scheme_end != std::string::npos ? text.substr(scheme_end + 3) : text;
  host = host.substr(0, host.find('/'));
  std::string port = "8443";
  size_t colon = host.rfind(':');
  bool bracketed = host.starts_with('[');
  if (colon != std::string::npos && (bracketed ? host[colon - 1] == ']' : host.find(':') == colon)) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.contains(':') && !host.starts_with('[')) host = "[" + host + "]";
  return std::format("https://{}:{}", host, port);
}

Result<> ensure_client_certificate(const Call& call) {
  if (call.config.has_client_certificate()) return {};
  if (!call.quiet()) std::println(stderr, "Generating a client certificate. This may take a minute...");
  return call.config.generate_client_certificate();
}

Result<> remote_add(Call& call) {
  const Arg& targets = call.args[1];
  StringList addresses = targets.parts.empty() ? StringList{targets.text} : targets.texts();
  std::string name = call.args[0].get(targets.text);
  if (name.contains(':')) return fail(Code::invalid, "Remote names may not contain colons{}", call.args[0].skipped ? "; please provide an explicit one" : "");
  if (call.config.remotes.contains(name)) return fail(Code::conflict, "Remote {} already exists", name);
  Result<> added = add(call, name, targets.text, addresses);
  if (!added && !call.flags.text("tls-cert").empty()) {
    std::filesystem::remove(call.config.path("clientcerts/" + name + ".crt"));
    std::filesystem::remove(call.config.path("clientcerts/" + name + ".key"));
  }
  return added;
}

}  // namespace cli
