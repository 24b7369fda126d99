#include "client/download.h"

#include <arpa/inet.h>

#include <cstdlib>
#include <cstring>

namespace client {

std::string Url::text() const {
  std::string name = host.contains(':') ? "[" + host + "]" : host;
  bool usual = port == (tls ? 443 : 80);
  return std::format("{}://{}{}{}", tls ? "https" : "http", name, usual ? "" : ":" + std::to_string(port), target);
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) rest.remove_prefix(8);
  else if (rest.starts_with("http://")) rest.remove_prefix(7), url.tls = false, url.port = 80;
  else return fail(Code::invalid, "Invalid URL {}: it must start with https:// or http://", quote(text));
  size_t slash = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, slash);
  url.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (url.target.starts_with('?')) url.target = "/" + url.target;
  url.target = url.target.substr(0, url.target.find('#'));
  size_t colon = authority.rfind(':'), bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    auto port = parse_uint(authority.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return fail(Code::invalid, "Invalid port in URL {}", quote(text));
    url.port = static_cast<uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty() || authority.find_first_of(" \t\r\n@") != std::string_view::npos || url.target.find_first_of(" \r\n") != std::string::npos) {
    return fail(Code::invalid, "Invalid URL {}", quote(text));
  }
  url.host = authority;
  return url;
}

namespace {
std::string variable(const char* upper, const char* lower) {
  const char* value = getenv(upper);
  if (!value || !*value) value = getenv(lower);
  return value ? value : "";
}

bool in_network(const std::string& host, const std::string& rule) {
  size_t slash = rule.find('/');
  auto bits = parse_uint(std::string_view(rule).substr(slash + 1));
  unsigned char a[16], b[16];
  for (int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, host.c_str(), a) != 1 || inet_pton(family, rule.substr(0, slash).c_str(), b) != 1 || !bits) continue;
    size_t whole = std::min<size_t>(*bits / 8, family == AF_INET ? 4 : 16), left = *bits % 8;
    return memcmp(a, b, whole) == 0 && (left == 0 || whole == 16 || (a[whole] ^ b[whole]) >> (8 - left) == 0);
  }
  return false;
}

bool ignored(const std::string& hosts, const std::string& host) {
  for (const std::string& rule : split_list(hosts)) {
    if (rule == "*" || rule == host || (rule.contains('/') && in_network(host, rule))) return true;
    std::string suffix = rule.starts_with('.') ? rule : "." + rule;
    if (host.ends_with(suffix)) return true;
  }
  return false;
}
}  // namespace

ProxySettings ProxySettings::from_environment() {
  return {variable("HTTP_PROXY", "http_proxy"), variable("HTTPS_PROXY", "https_proxy"), variable("NO_PROXY", "no_proxy")};
}

std::string proxy_for(const ProxySettings& settings, const Url& url) {
  const std::string& proxy = url.tls ? settings.https : settings.http;
  bool loopback = url.host == "localhost" || url.host.starts_with("127.") || url.host == "::1";
  return proxy.empty() || loopback || ignored(settings.ignore_hosts, url.host) ? "" : proxy;
}

namespace {
Endpoint endpoint_for(const Url& url, const DownloadOptions& options) {
  Endpoint endpoint;
  endpoint.host = url.host;
  endpoint.port = url.port;
  endpoint.tls = url.tls;
  endpoint.server_certificate = options.server_certificate;
  endpoint.client_certificate = options.client_certificate;
  endpoint.client_key = options.client_key;
  endpoint.ca_certificate = options.ca_certificate;
  endpoint.insecure = options.insecure;
  endpoint.proxy = proxy_for(options.proxy, url);
  endpoint.headers["User-Agent"] = "incusbox";
  return endpoint;
}

/// Where a redirect leads. Errors: unavailable (to plain HTTP from HTTPS).
Result<Url> redirected(const Url& from, const std::string& location) {
  if (location.starts_with('/')) {
    Url to = from;
    to.target = location;
    return to;
  }
  Url to = TRY(parse_url(location));
  if (from.tls && !to.tls) return fail(Code::unavailable, "{} redirects to an unencrypted address", from.text());
  return to;
}
}  // namespace

Result<Answer> download(const Context& ctx, const std::string& address, const DownloadOptions& options) {
  Url url = TRY(parse_url(address));
  for (int hop = 0; hop <= options.max_redirects; hop++) {
    Client client(endpoint_for(url, options));
    Request request{.method = options.method, .target = url.target, .headers = options.headers};
    std::string body;
    request.on_headers = options.on_headers;
    request.sink = options.sink ? options.sink : [&](std::string_view piece) -> Result<> {
      if (body.size() + piece.size() > options.max_body) return fail(Code::too_large, "{} is larger than {} bytes", url.text(), options.max_body);
      body += piece;
      return {};
    };
    Answer answer = TRY_CTX(client.send(ctx, request), "{}", url.text());
    std::string location = answer.headers.get("Location");
    if (answer.status >= 300 && answer.status < 400 && !location.empty()) {
      url = TRY(redirected(url, location));
      continue;
    }
    if (answer.status >= 300) return fail(answer.status == 404 ? Code::not_found : Code::unavailable, "{}: the server answered {}", url.text(), answer.status);
    if (!options.sink) answer.body = std::move(body);
    return answer;
  }
  return fail(Code::unavailable, "{}: too many redirects", address);
}

}  // namespace client
