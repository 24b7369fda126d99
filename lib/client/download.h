// Plain HTTP(S) downloads for images and simplestreams: redirects, proxies, the host's CA bundle.
#pragma once
#include <string>

#include "client/client.h"

namespace client {

struct Url {
  bool tls = true;
  std::string host;
  uint16_t port = 443;
  std::string target;  ///< path and query, at least "/"
  std::string text() const;
};
/// "https://host[:port]/path?query". Errors: invalid.
Result<Url> parse_url(std::string_view text);

struct ProxySettings {
  std::string http;
  std::string https;
  std::string ignore_hosts;  ///< comma separated: names, ".suffix", addresses, CIDR, "*"
  /// HTTP_PROXY, HTTPS_PROXY, NO_PROXY and their lower-case forms.
  static ProxySettings from_environment();
};
/// The proxy for `url`, or "".
std::string proxy_for(const ProxySettings& settings, const Url& url);

struct DownloadOptions {
  http::Headers headers;
  std::string authorization;  ///< of that header, for the URL's own host only: redirects elsewhere go without it
  http::Method method = http::Method::get;
  bool any_status = false;    ///< statuses >= 400 are answers too, with their body (never the sink's)
  std::string ca_certificate;
  std::string server_certificate;
  std::string client_certificate;
  std::string client_key;
  bool insecure = false;
  ProxySettings proxy = ProxySettings::from_environment();
  int max_redirects = 10;
  uint64_t max_body = 64 << 20;  ///< without a sink: more is too_large
  bool may_be_unchanged = false; ///< a conditional request: 304 is an answer too
  Sink sink;
  std::function<Result<>(const Answer&)> on_headers;  ///< of the final answer
};

/// The final answer (its body only without a sink). Statuses >= 400 are errors: not_found for 404, else unavailable, naming the URL. Blocks.
Result<Answer> download(const Context& ctx, const std::string& url, const DownloadOptions& options = {});

}  // namespace client
