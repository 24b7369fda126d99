#include "applets/cli/peers.h"

#include <format>

namespace cli {

namespace {

std::string url_of(const client::Endpoint& endpoint) {
  bool v6 = endpoint.host.contains(':');
  return std::format("https://{}{}{}:{}", v6 ? "[" : "", endpoint.host, v6 ? "]" : "", endpoint.port);
}

}  // namespace

Result<PeerInfo> peer_info(Call& call, const client::Server& server) {
  client::Server asked = server;
  const Json& info = *TRY(asked.info(call.ctx));
  const client::Endpoint& endpoint = server.endpoint();
  PeerInfo peer{.urls = {}, .certificate = endpoint.server_certificate, .project = server.project_name().empty() ? "default" : server.project_name()};
  if (endpoint.unix_path.empty()) peer.urls.push_back(url_of(endpoint));
  auto environment = info.find("environment");
  if (environment == info.end() || !environment->is_object()) return peer;
  for (const Json& address : environment->value("addresses", Json::array())) {
    std::string text = address.get<std::string>();
    if (!text.starts_with(':') && !contains(peer.urls, "https://" + text)) peer.urls.push_back("https://" + text);
  }
  if (!endpoint.unix_path.empty()) peer.certificate = environment->value("certificate", "");
  return peer;
}

bool same_place(const PeerInfo& a, const PeerInfo& b) {
  return !a.certificate.empty() && a.certificate == b.certificate && a.project == b.project && a.urls == b.urls;
}

namespace {

/// The target server's text for a source it cannot connect to; all others would fail with every address.
bool is_connection_problem(const Error& error) {
  return error.message().contains("connect to") || error.message().contains("Unable to connect");
}

}  // namespace

Result<> try_urls(const StringList& urls, std::string_view problem, const std::function<Result<>(const std::string& url)>& attempt) {
  if (urls.empty()) return fail(Code::invalid, "The source server isn't listening on the network");
  StringList texts, lines;
  for (const std::string& url : urls) {
    Result<> done = attempt(url);
    if (done) return {};
    if (!contains(texts, done.error().message())) texts.push_back(done.error().message());
    lines.push_back(std::format("{}: {}", url, done.error().message()));
    if (done.error().code() == Code::cancelled || !is_connection_problem(done.error())) break;
  }
  if (texts.size() == 1) return fail(Code::internal, "{}: {}", problem, texts[0]);
  return fail(Code::internal, "{}:\n - {}", problem, join(lines, "\n - "));
}

}  // namespace cli
