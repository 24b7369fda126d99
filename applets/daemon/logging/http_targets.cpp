// Receivers that take events by HTTP: Loki in batches, webhooks one by one.
#include "applets/daemon/logging/loki_entry.h"
#include "applets/daemon/logging/target.h"
#include "base/encode.h"
#include "client/download.h"

namespace incusd {
namespace {

constexpr seconds kLokiBatching{1};
constexpr seconds kTimeout{10}, kBetweenAttempts{10};

Result<client::Endpoint> endpoint_of(const LogTargetSettings& settings, const client::Url& url) {
  client::Endpoint endpoint;
  endpoint.host = url.host;
  endpoint.port = url.port;
  endpoint.tls = url.tls;
  endpoint.public_web = true;
  endpoint.server_certificate = settings.ca_certificate;
  return endpoint;
}

/// Repeated where another attempt may help: no connection, too many requests, an error of the server's own.
Result<> post(const Context& ctx, const LogTargetSettings& settings, const client::Url& url, const std::string& body) {
  client::Request request{.method = http::Method::post, .target = url.target, .headers = {}, .body = body, .upload = {}, .sink = {}, .on_headers = {}};
  request.headers.set("Content-Type", "application/json");
  if (!settings.username.empty() && !settings.password.empty())
    request.headers.set("Authorization", "Basic " + base64_encode(settings.username + ":" + settings.password));
  Error last(Code::unavailable, "not sent");
  for (int64_t attempt = 0; attempt < settings.attempts; attempt++) {
    if (attempt > 0) TRY(ctx.sleep(kBetweenAttempts));
    client::Client connection(TRY(endpoint_of(settings, url)));
    auto answer = connection.send(ctx.with_timeout(kTimeout), request);
    if (!answer) {
      last = answer.error();
      continue;
    }
    if (answer->status / 100 == 2) return {};
    last = Error(Code::unavailable, std::format("{} answered with status {}", url.host, answer->status));
    if (answer->status != 429 && answer->status / 100 != 5) break;
  }
  return std::unexpected(std::move(last));
}

class Loki final : public LogTarget {
 public:
  Loki(async::Runtime& runtime, const LogTargetSettings& settings, client::Url url) : LogTarget(runtime, settings, kLokiBatching), url_(std::move(url)) {}

 protected:
  Result<> send(const Context& ctx, const std::vector<api::Event>& events) override {
    std::vector<LokiEntry> entries;
    for (const api::Event& event : events) entries.push_back(loki_entry(settings_, event, host_));
    return post(ctx, settings_, url_, loki_push(entries));
  }

 private:
  const client::Url url_;
  const std::string host_ = host_name();
};

class Webhook final : public LogTarget {
 public:
  Webhook(async::Runtime& runtime, const LogTargetSettings& settings, client::Url url) : LogTarget(runtime, settings, milliseconds(0)), url_(std::move(url)) {}

 protected:
  Result<> send(const Context& ctx, const std::vector<api::Event>& events) override {
    Result<> first_failure;
    for (const api::Event& event : events) {
      auto sent = post(ctx, settings_, url_, api::dump(event));
      if (!sent && first_failure) first_failure = std::move(sent);
      TRY(ctx.check());
    }
    return first_failure;
  }

 private:
  const client::Url url_;
};

}  // namespace

Result<std::shared_ptr<LogTarget>> make_loki_target(async::Runtime& runtime, const LogTargetSettings& settings) {
  client::Url url = TRY_CTX(client::parse_url(settings.address), "{}", settings.name);
  while (url.target.ends_with('/')) url.target.pop_back();
  url.target += "/loki/api/v1/push";
  return std::make_shared<Loki>(runtime, settings, std::move(url));
}

Result<std::shared_ptr<LogTarget>> make_webhook_target(async::Runtime& runtime, const LogTargetSettings& settings) {
  return std::make_shared<Webhook>(runtime, settings, TRY_CTX(client::parse_url(settings.address), "{}", settings.name));
}

}  // namespace incusd
