#include "oci/registry.h"

#include <cstdlib>

#include "archive/hash.h"
#include "base/encode.h"
#include "http/status.h"
#include "oci/json_member.h"

namespace oci {

namespace {

constexpr size_t kMaxToken = 64 << 10;

/// `realm="https://x",scope=y`: quoted or plain values, commas between them.
StringMap parse_parameters(std::string_view text) {
  StringMap out;
  while (!text.empty()) {
    size_t equals = text.find('=');
    if (equals == text.npos) break;
    std::string name = to_lower(trim(text.substr(0, equals)));
    text.remove_prefix(equals + 1);
    std::string value;
    if (text.starts_with('"')) {
      size_t i = 1;
      for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
      }
      text.remove_prefix(std::min(i + 1, text.size()));
    } else {
      value = trim(text.substr(0, text.find(',')));
    }
    size_t comma = text.find(',');
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    out[name] = value;
  }
  return out;
}

/// What a registry's own error document says, or the status.
Failure refusal(const std::string& url, const client::Answer& answer) {
  std::string why = std::format("{} {}", answer.status, http::reason(answer.status));
  if (auto json = api::parse_json(answer.body)) {
    const Json& errors = member(*json, "errors");
    if (errors.is_array() && !errors.empty())
      if (std::string message = text(errors[0], "message"); !message.empty()) why = message;
  }
  Code code = answer.status == 404 ? Code::not_found : answer.status == 401 || answer.status == 403 ? Code::unauthorized : Code::unavailable;
  return fail(code, "The registry refused {}: {}", url, why);
}

bool is_good(const client::Answer& answer) { return answer.status / 100 == 2; }

Result<> check_digest(std::string_view bytes, const std::string& digest) {
  if ("sha256:" + archive::sha256_hex(bytes) == digest) return {};
  return fail(Code::invalid, "The registry sent something else than {}", digest);
}

}  // namespace

Result<Challenge> parse_challenge(std::string_view header) {
  Challenge out;
  std::string_view rest = trim(header);
  size_t space = rest.find(' ');
  out.scheme = to_lower(rest.substr(0, space));
  if (out.scheme != "bearer" && out.scheme != "basic") return fail(Code::unsupported, "The registry wants to be signed in to in an unknown way: {}", quote(header));
  if (space != rest.npos) out.parameters = parse_parameters(rest.substr(space + 1));
  return out;
}

Credentials stored_credentials(const RegistryUrl& registry) {
  const char* folder = getenv("DOCKER_CONFIG");
  const char* home = getenv("HOME");
  if (!folder && !home) return {};
  auto file = read_file(folder ? std::string(folder) + "/config.json" : std::string(home) + "/.docker/config.json", 1 << 20);
  auto json = file ? api::parse_json(*file) : Result<Json>(fail(Code::not_found, ""));
  if (!json) return {};
  StringList spellings = {registry.name, registry.base, registry.base + "/v2/"};
  if (registry.name == "docker.io") spellings.push_back("https://index.docker.io/v1/");
  for (const std::string& spelling : spellings) {
    auto pair = base64_decode(text(member(member(*json, "auths"), spelling.c_str()), "auth"));
    size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon != std::string::npos) return {pair->substr(0, colon), pair->substr(colon + 1)};
  }
  return {};
}

Result<std::string> Registry::fetch_token(const Context& ctx, const std::string& repository, const Challenge& challenge, const Credentials& credentials) {
  std::string realm = get_or(challenge.parameters, "realm");
  // The realm is the server's word: credentials must not leave in the clear because of it.
  TRY_CTX(check_encrypted(realm), "The registry's sign-in address is unusable");
  std::string scope = get_or(challenge.parameters, "scope", "repository:" + repository + ":pull");
  std::string url = realm + (realm.contains('?') ? "&" : "?") + "scope=" + url_escape(scope);
  if (std::string service = get_or(challenge.parameters, "service"); !service.empty()) url += "&service=" + url_escape(service);
  client::DownloadOptions options;
  options.proxy = options_.proxy;
  options.max_body = kMaxToken;
  options.any_status = true;
  if (!credentials.user.empty()) options.authorization = "Basic " + base64_encode(credentials.user + ":" + credentials.password);
  client::Answer answer = TRY_CTX(client::download(ctx, url, options), "Failed to sign in to the registry");
  if (!is_good(answer)) return refusal(realm, answer);
  Json json = TRY_CTX(api::parse_json(answer.body), "Failed to sign in to the registry");
  std::string token = text(json, "token");
  if (token.empty()) token = text(json, "access_token");
  if (token.empty() || token.find_first_of("\r\n ") != token.npos) return fail(Code::unavailable, "The registry's sign-in gave no token");
  return token;
}

Result<> Registry::sign_in(const Context& ctx, const std::string& repository, const client::Answer& refused) {
  Challenge challenge = TRY(parse_challenge(refused.headers.get("WWW-Authenticate")));
  Credentials credentials{url_.user, url_.password};
  if (credentials.user.empty()) credentials = stored_credentials(url_);
  if (challenge.scheme == "basic") {
    if (credentials.user.empty()) return fail(Code::unauthorized, "The registry {} wants a user and password: put them in the remote's URL or sign in with a credentials helper", url_.name);
    authorization_ = "Basic " + base64_encode(credentials.user + ":" + credentials.password);
  } else {
    authorization_ = "Bearer " + TRY(fetch_token(ctx, repository, challenge, credentials));
  }
  signed_in_for_ = repository;
  return {};
}

Result<client::Answer> Registry::get(const Context& ctx, const std::string& repository, const std::string& path, client::DownloadOptions options) {
  std::string url = url_.base + "/v2/" + repository + path;
  options.proxy = options_.proxy;
  options.server_certificate = options_.certificate;
  options.any_status = true;
  if (signed_in_for_ != repository) authorization_.clear();
  options.authorization = authorization_;
  client::Answer answer = TRY(client::download(ctx, url, options));
  // Once: for the first sign-in, and again for tokens that ran out.
  if (answer.status == 401) {
    TRY(sign_in(ctx, repository, answer));
    options.authorization = authorization_;
    answer = TRY(client::download(ctx, url, options));
  }
  if (!is_good(answer)) return refusal(url, answer);
  return answer;
}

Result<Registry::Document> Registry::manifest(const Context& ctx, const std::string& repository, const std::string& version) {
  client::DownloadOptions options;
  options.headers.set("Accept", manifest_types());
  options.max_body = kMaxManifest;
  client::Answer answer = TRY(get(ctx, repository, "/manifests/" + version, std::move(options)));
  if (is_digest(version)) TRY(check_digest(answer.body, version));
  std::string digest = "sha256:" + archive::sha256_hex(answer.body);
  return Document{std::move(answer.body), answer.headers.get("Content-Type"), std::move(digest)};
}

Result<std::string> Registry::small_blob(const Context& ctx, const std::string& repository, const Descriptor& blob) {
  client::DownloadOptions options;
  options.max_body = static_cast<uint64_t>(blob.size);
  client::Answer answer = TRY(get(ctx, repository, "/blobs/" + blob.digest, std::move(options)));
  TRY(check_digest(answer.body, blob.digest));
  return std::move(answer.body);
}

Result<> Registry::blob(const Context& ctx, const std::string& repository, const Descriptor& blob, int64_t from, const std::function<Result<>()>& restart,
                        const client::Sink& sink) {
  client::DownloadOptions options;
  if (from > 0) options.headers.set("Range", std::format("bytes={}-", from));
  options.on_headers = [&](const client::Answer& answer) -> Result<> {
    if (from > 0 && answer.status == 200) return restart();
    return {};
  };
  options.sink = sink;
  return get(ctx, repository, "/blobs/" + blob.digest, std::move(options)).transform([](client::Answer&&) {});
}

}  // namespace oci
