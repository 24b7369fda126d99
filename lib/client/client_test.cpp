#include "client/client.h"

#include <catch2/catch_test_macros.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <format>
#include <thread>

#include "async/runtime.h"
#include "base/encode.h"
#include "client/download.h"
#include "http/certificate.h"
#include "http/server.h"

using namespace client;
using http::Response;

namespace {

Response text(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Response echo_upload(const Context& ctx, http::Request& request) {
  size_t total = 0;
  std::vector<char> buffer(64 << 10);
  while (true) {
    auto n = request.stream->read(ctx, buffer);
    if (!n || *n == 0) break;
    total += *n;
  }
  return text(std::format("{}", total));
}

Response echo_websocket(const Context&, http::Request&) {
  Response response;
  response.websocket = [](std::shared_ptr<http::WebSocket> socket) {
    socket->start([raw = socket.get()](http::WebSocket::Kind kind, std::string_view message) { raw->send(kind, std::string(message)); }, [] {});
  };
  return response;
}

/// A server on a unix socket and on TLS at a free port of the loopback address.
struct Fixture {
  Fixture() {
    path = std::format("{}/client-test-{}-{}", std::filesystem::temp_directory_path().string(), getpid(), random_uuid());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd, 16) == 0);
    server = http::Server::create(runtime, [this](http::Request& request) { return plan(request); });
    REQUIRE(server->listen_unix(fd));
    identity = *http::generate_certificate(http::CertificateUse::server, {"127.0.0.1"});
    REQUIRE(server->listen_tls("core.https_address", "127.0.0.1:0", {identity.certificate_pem, identity.key_pem}));
    std::string bound = server->addresses("core.https_address").at(0);
    port = static_cast<uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1)));
  }
  ~Fixture() {
    server->stop(milliseconds(100));
    runtime.stop();
    std::filesystem::remove(path);
  }
  http::Plan plan(http::Request& request) {
    if (request.path == "/hello") return {.inline_ = true, .run = [](const Context&, http::Request&) { return text("hello"); }};
    if (request.path == "/who") return {.run = [](const Context&, http::Request& r) { return text(r.peer.fingerprint); }};
    if (request.path == "/upload") return {.large_body = true, .run = echo_upload};
    if (request.path == "/refuse") return {.large_body = true, .run = [](const Context&, http::Request&) { return text(R"({"error":"no room"})", 403); }};
    if (request.path == "/ws") return {.inline_ = true, .run = echo_websocket};
    if (request.path == "/moved") return {.inline_ = true, .run = [](const Context&, http::Request&) {
      Response response = text("", 302);
      response.headers.add("Location", "hello");
      return response;
    }};
    if (request.path == "/big") return {.run = [](const Context&, http::Request&) {
      Response response;
      response.writer = [](const Context& ctx, http::Stream& out) -> Result<> {
        for (int i = 0; i < 100; ++i) TRY(out.write(ctx, std::string(100'000, 'x')));
        return {};
      };
      return response;
    }};
    return {.inline_ = true, .run = [](const Context&, http::Request&) { return text("", 404); }};
  }
  Endpoint unix_endpoint() const { return {.unix_path = path}; }
  Endpoint tls_endpoint() const { return {.host = "127.0.0.1", .port = port, .server_certificate = identity.certificate_pem}; }

  std::string path;
  uint16_t port = 0;
  http::KeyPair identity;
  async::Runtime runtime{{.io_threads = 1, .max_workers = 8}};
  std::unique_ptr<http::Server> server;
};

void check_all(Endpoint endpoint) {
  Context ctx = Context().with_timeout(seconds(20));
  Client client(endpoint);
  for (int i = 0; i < 3; ++i) {
    auto answer = client.send(ctx, {.target = "/hello"});
    REQUIRE(answer);
    CHECK(answer->body == "hello");
  }
  for (bool sized : {true, false}) {
    size_t left = 5'000'000;
    Upload upload{.read = [&](const Context&, std::span<char> buffer) -> Result<size_t> {
      size_t n = std::min(left, buffer.size());
      left -= n;
      return n;
    }};
    if (sized) upload.size = left;
    auto answer = client.send(ctx, {.method = http::Method::post, .target = "/upload", .upload = upload});
    REQUIRE(answer);
    CHECK(answer->body == "5000000");
  }
  size_t got = 0;
  auto sink = [&](std::string_view piece) -> Result<> { return got += piece.size(), Result<>(); };
  REQUIRE(client.send(ctx, {.target = "/big", .sink = sink}));
  CHECK(got == 10'000'000);
  auto head = client.send(ctx, {.method = http::Method::head, .target = "/hello"});
  REQUIRE(head);
  CHECK(head->content_length == 5);
  CHECK(head->body.empty());
  auto socket = client.websocket(ctx, "/ws");
  REQUIRE(socket);
  for (size_t size : {5ul, 70'000ul, 1'000'000ul}) {
    REQUIRE((*socket)->send(ctx, WebSocket::Kind::binary, std::string(size, 'b')));
    auto message = (*socket)->receive(ctx);
    REQUIRE(message);
    CHECK(message->data.size() == size);
  }
  auto missing = client.websocket(ctx, "/none");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == Code::not_found);
}

}  // namespace

TEST_CASE("the client speaks to the server over a unix socket") {
  Fixture f;
  check_all(f.unix_endpoint());
}

TEST_CASE("the client speaks to the server over TLS and shows its certificate") {
  Fixture f;
  Endpoint endpoint = f.tls_endpoint();
  auto mine = *http::generate_certificate(http::CertificateUse::client);
  endpoint.client_certificate = mine.certificate_pem;
  endpoint.client_key = mine.key_pem;
  check_all(endpoint);
  auto who = Client(endpoint).send(Context(), {.target = "/who"});
  REQUIRE(who);
  CHECK(who->body == *http::certificate_fingerprint(mine.certificate_pem));
  CHECK(Client(f.tls_endpoint()).server_certificate(Context()) == f.identity.certificate_pem);
}

TEST_CASE("a server with another certificate is refused, unless that does not matter") {
  Fixture f;
  Endpoint endpoint = f.tls_endpoint();
  endpoint.server_certificate = http::generate_certificate(http::CertificateUse::server, {"127.0.0.1"})->certificate_pem;
  auto answer = Client(endpoint).send(Context(), {.target = "/hello"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Code::unauthorized);
  endpoint.server_certificate.clear();
  answer = Client(endpoint).send(Context(), {.target = "/hello"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Code::unauthorized);
  endpoint.insecure = true;
  CHECK(Client(endpoint).send(Context(), {.target = "/hello"}));
}

TEST_CASE("the answer of a server that refuses an upload is read") {
  Fixture f;
  Client client(f.unix_endpoint());
  Upload endless{.read = [](const Context&, std::span<char> buffer) -> Result<size_t> { return buffer.size(); }};
  auto answer = client.send(Context().with_timeout(seconds(20)), {.method = http::Method::put, .target = "/refuse", .upload = endless});
  REQUIRE(answer);
  CHECK(answer->status == 403);
  CHECK(answer_error(*answer).message() == "no room");
  CHECK(answer_error(*answer).code() == Code::forbidden);
}

TEST_CASE("a daemon that is not there is named") {
  auto answer = Client({.unix_path = "/nonexistent/socket"}).send(Context(), {.target = "/"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Code::unavailable);
  CHECK(answer.error().message().contains("/nonexistent/socket"));
}

TEST_CASE("downloads follow redirects and know their errors") {
  Fixture f;
  DownloadOptions options{.server_certificate = f.identity.certificate_pem, .proxy = {}};
  std::string base = std::format("https://127.0.0.1:{}", f.port);
  auto answer = download(Context(), base + "/moved", options);
  REQUIRE(answer);
  CHECK(answer->body == "hello");
  answer = download(Context(), base + "/none", options);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Code::not_found);
}

TEST_CASE("addresses and proxies") {
  CHECK(parse_url("https://example.org")->text() == "https://example.org/");
  CHECK(parse_url("http://[fd00::1]:81/a?b#c")->text() == "http://[fd00::1]:81/a?b");
  CHECK(parse_url("http://[fd00::1]:81/a")->host == "fd00::1");
  CHECK(parse_url("https://h?x=1")->target == "/?x=1");
  for (std::string_view bad : {"ftp://x/", "https://", "https://h:0/", "https://h:99999/", "https://u@h/", "https://h/a b", "https://[::1/"}) CHECK_FALSE(parse_url(bad));
  ProxySettings settings{.http = "http://p:1", .https = "http://p:2", .ignore_hosts = "10.0.0.0/8,.example.org,exact.net,*.x"};
  auto with = [&](std::string_view url) { return proxy_for(settings, *parse_url(url)); };
  CHECK(with("https://other.org/") == "http://p:2");
  CHECK(with("http://other.org/") == "http://p:1");
  CHECK(with("http://10.1.2.3/") == "");
  CHECK(with("http://11.1.2.3/") == "http://p:1");
  CHECK(with("http://a.example.org/") == "");
  CHECK(with("http://example.org/") == "");
  CHECK(with("http://exact.net/") == "");
  CHECK(with("http://inexact.net/") == "http://p:1");
  CHECK(with("http://localhost/") == "");
  CHECK(with("http://127.0.0.1/") == "");
}
