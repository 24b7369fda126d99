#include "client/download.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <format>

#include "client/connect.h"
#include "http/status.h"

namespace client {

namespace {

std::string environment(const char* name) {
  const char* value = getenv(name);
  if (!value || !*value) value = getenv(to_lower(name).c_str());
  return value ? value : "";
}

/// An address as bytes: 4 or 16 of them, none for a name.
std::string address_bytes(const std::string& host) {
  char bytes[16];
  if (inet_pton(AF_INET, host.c_str(), bytes) == 1) return std::string(bytes, 4);
  if (inet_pton(AF_INET6, host.c_str(), bytes) == 1) return std::string(bytes, 16);
  return "";
}

bool is_loopback(const std::string& bytes) {
  if (bytes.size() == 4) return bytes[0] == 127;
  return bytes.size() == 16 && bytes == address_bytes("::1");
}

bool in_subnet(const std::string& address, std::string_view subnet) {
  size_t slash = subnet.find('/');
  if (slash == std::string_view::npos || address.empty()) return false;
  std::string base = address_bytes(std::string(subnet.substr(0, slash)));
  auto length = parse_uint(subnet.substr(slash + 1));
  if (base.size() != address.size() || !length || *length > base.size() * 8) return false;
  for (size_t bit = 0; bit < *length; ++bit) {
    if ((address[bit / 8] ^ base[bit / 8]) >> (7 - bit % 8) & 1) return false;
  }
  return true;
}

/// One entry of a no_proxy list against a host.
bool exempts(std::string_view entry, const std::string& host, const std::string& bytes) {
  if (entry == "*" || entry == host || in_subnet(bytes, entry)) return true;
  if (size_t colon = entry.rfind(':'); colon != std::string_view::npos && bytes.size() != 16) entry = entry.substr(0, colon);
  if (entry.starts_with('.')) return host.ends_with(entry) || host == entry.substr(1);
  return host == entry || (host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.');
}

/// Where a redirect leads: absolute, or relative to the host or the current folder.
std::string resolve(const Url& base, const std::string& location) {
  if (location.contains("://")) return location;
  if (location.starts_with("//")) return (base.tls ? "https:" : "http:") + location;
  Url next = base;
  std::string path = base.target.substr(0, base.target.find('?'));
  next.target = location.starts_with('/') ? location : path.substr(0, path.rfind('/') + 1) + location;
  return next.text();
}

Endpoint endpoint_of(const Url& url, const DownloadOptions& options) {
  Endpoint endpoint;
  endpoint.host = url.host;
  endpoint.port = url.port;
  endpoint.tls = url.tls;
  endpoint.server_certificate = options.server_certificate;
  endpoint.client_certificate = options.client_certificate;
  endpoint.client_key = options.client_key;
  endpoint.ca_certificate = options.ca_certificate;
  endpoint.insecure = options.insecure;
  endpoint.public_web = true;
  endpoint.proxy = proxy_for(options.proxy, url);
  return endpoint;
}

bool same_server(const Url& a, const Url& b) { return a.tls == b.tls && a.host == b.host && a.port == b.port; }

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

Failure refused(const std::string& url, const Answer& answer) {
  Code code = answer.status == 404 ? Code::not_found : Code::unavailable;
  return fail(code, "Failed to fetch {}: {} {}", url, answer.status, http::reason(answer.status));
}

}  // namespace

std::string Url::text() const {
  std::string place = host_port(host, port);
  if (port == (tls ? 443 : 80)) place.resize(place.rfind(':'));
  return (tls ? "https://" : "http://") + place + target;
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) rest.remove_prefix(8);
  else if (rest.starts_with("http://")) rest.remove_prefix(7), url.tls = false, url.port = 80;
  else return fail(Code::invalid, "Invalid URL {}: it must begin with http:// or https://", quote(text));
  rest = rest.substr(0, rest.find('#'));
  size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view place = rest.substr(0, end);
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  for (char& c : url.target) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 127) return fail(Code::invalid, "Invalid URL {}: unescaped characters", quote(text));
  }
  size_t bracket = place.starts_with('[') ? place.find(']') : 0;
  if (bracket == std::string_view::npos) return fail(Code::invalid, "Invalid URL {}: a bracket is missing", quote(text));
  size_t colon = place.find(':', bracket);
  url.host = bracket ? place.substr(1, bracket - 1) : place.substr(0, colon);
  if (colon != std::string_view::npos) {
    auto port = parse_uint(place.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return fail(Code::invalid, "Invalid URL {}: bad port", quote(text));
    url.port = static_cast<uint16_t>(*port);
  }
  if (url.host.empty() || url.host.contains('@')) return fail(Code::invalid, "Invalid URL {}: bad host", quote(text));
  return url;
}

ProxySettings ProxySettings::from_environment() {
  return {.http = environment("HTTP_PROXY"), .https = environment("HTTPS_PROXY"), .ignore_hosts = environment("NO_PROXY")};
}

std::string proxy_for(const ProxySettings& settings, const Url& url) {
  const std::string& proxy = url.tls ? settings.https : settings.http;
  if (proxy.empty() || url.host == "localhost") return "";
  std::string host = to_lower(url.host);
  std::string bytes = address_bytes(host);
  if (is_loopback(bytes)) return "";
  for (const std::string& entry : split_list(to_lower(settings.ignore_hosts))) {
    if (exempts(entry, host, bytes)) return "";
  }
  return proxy;
}

Result<Answer> download(const Context& ctx, const std::string& url, const DownloadOptions& options) {
  std::string current = url;
  Url first = TRY(parse_url(url));
  for (int hop = 0; hop <= options.max_redirects; ++hop) {
    Url parsed = TRY(parse_url(current));
    Client client(endpoint_of(parsed, options));
    Request request{.method = options.method, .target = parsed.target, .headers = options.headers, .on_headers = options.on_headers};
    if (!request.headers.has("User-Agent")) request.headers.add("User-Agent", "incusbox");
    if (!options.authorization.empty() && same_server(first, parsed)) request.headers.set("Authorization", options.authorization);
    std::string body;
    request.sink = options.sink;
    if (!request.sink) {
      request.sink = [&](std::string_view piece) -> Result<> {
        if (body.size() + piece.size() > options.max_body) return fail(Code::too_large, "{} is larger than {} bytes", current, options.max_body);
        body += piece;
        return {};
      };
    }
    Answer answer = TRY_CTX(client.send(ctx, request), "Failed to fetch {}", current);
    if (is_redirect(answer.status) && answer.headers.has("Location")) {
      current = resolve(parsed, answer.headers.get("Location"));
      if (parsed.tls && current.starts_with("http://")) return fail(Code::unavailable, "{} redirects to an unencrypted address", url);
      continue;
    }
    if (options.may_be_unchanged && answer.status == 304) return answer;
    if (answer.status / 100 != 2) {
      if (options.any_status) return answer;
      return refused(current, answer);
    }
    answer.body = std::move(body);
    return answer;
  }
  return fail(Code::unavailable, "Failed to fetch {}: more than {} redirects", url, options.max_redirects);
}

}  // namespace client
