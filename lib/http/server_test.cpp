#include "http/server.h"

#include <catch2/catch_test_macros.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <format>
#include <thread>

#include "async/runtime.h"
#include "http/stream.h"
#include "http/websocket_frame.h"

using namespace http;

namespace {

/// A server with a few routes on a unix socket, and raw access to it.
class Fixture {
 public:
  Fixture() {
    path_ = std::format("{}/http-test-{}-{}", std::filesystem::temp_directory_path().string(), getpid(), ++counter);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = this->address();
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd, 16) == 0);
    server_ = Server::create(runtime_, [this](Request& request) { return plan(request); });
    REQUIRE(server_->listen_unix(fd));
  }
  ~Fixture() {
    server_->stop(milliseconds(200));
    runtime_.stop();
    std::filesystem::remove(path_);
  }
  UniqueFd connect() const {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = this->address();
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
  }
  std::function<void(std::shared_ptr<WebSocket>)> on_websocket;
  std::function<void(std::function<void(Response)>)> deferred;
  std::atomic<bool> cancelled = false;

 private:
  static inline int counter = 0;
  sockaddr_un address() const {
    sockaddr_un address{.sun_family = AF_UNIX};
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }
  Plan plan(Request& request) {
    auto text = [](std::string body) {
      Response response;
      response.body = std::move(body);
      return response;
    };
    if (request.path == "/inline") return {.inline_ = true, .run = [=](const Context&, Request& r) { return text("inline " + r.query.get("a")); }};
    if (request.path == "/echo") return {.run = [=](const Context&, Request& r) { return text(r.body); }};
    if (request.path == "/peer") return {.run = [=](const Context&, Request& r) { return text(std::format("{}", r.peer.pid)); }};
    if (request.path == "/size") {
      return {.large_body = true, .run = [=](const Context& ctx, Request& r) {
        size_t total = 0;
        char buffer[5000];
        for (;;) {
          auto n = r.stream->read(ctx, buffer);
          if (!n || *n == 0) break;
          total += *n;
        }
        return text(std::format("{}", total));
      }};
    }
    if (request.path == "/unread") return {.large_body = true, .run = [=](const Context&, Request&) { return text("done"); }};
    if (request.path == "/chunks") {
      return {.run = [](const Context&, Request&) {
        Response response;
        response.writer = [](const Context& ctx, Stream& out) -> Result<> {
          TRY(out.write(ctx, "one,"));
          return out.write(ctx, "two");
        };
        return response;
      }};
    }
    if (request.path == "/wait") {
      return {.run = [this, text](const Context& ctx, Request&) {
        cancelled = !ctx.sleep(seconds(10));
        return text("over");
      }};
    }
    if (request.path == "/later") return {.inline_ = true, .run = [this](const Context&, Request&) {
      Response response;
      response.deferred = deferred;
      return response;
    }};
    if (request.path == "/ws") return {.inline_ = true, .run = [this](const Context&, Request&) {
      Response response;
      response.websocket = on_websocket;
      return response;
    }};
    if (request.path == "/raw") return {.inline_ = true, .run = [this](const Context&, Request&) {
      Response response;
      response.upgrade_protocol = "echo";
      response.takeover = [this](std::shared_ptr<Stream> stream) {
        runtime_.offload([stream] {
          char buffer[100];
          while (auto n = stream->read(Context(), buffer)) {
            if (*n == 0 || !stream->write(Context(), {buffer, *n})) break;
          }
        });
      };
      return response;
    }};
    return {.inline_ = true, .run = [](const Context&, Request&) {
      Response response;
      response.status = 404;
      return response;
    }};
  }

  std::string path_;
  async::Runtime runtime_{{.io_threads = 2, .max_workers = 8}};
  std::unique_ptr<Server> server_;
};

void put(const UniqueFd& fd, std::string_view text) { REQUIRE(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())); }

/// Reads until `end` was seen, the stream ended or 3 s passed.
std::string get(const UniqueFd& fd, std::string_view end) {
  std::string text;
  char buffer[4096];
  while (!text.ends_with(end) || end.empty()) {
    pollfd entry{fd.get(), POLLIN, 0};
    if (poll(&entry, 1, 3000) <= 0) return text + "<timeout>";
    ssize_t n = recv(fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

}  // namespace

TEST_CASE("requests are answered inline and by workers, on one connection, pipelined, in order") {
  Fixture f;
  UniqueFd fd = f.connect();
  put(fd, "GET /inline?a=b%20c HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string text = get(fd, "inline b c");
  CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(text.contains("Content-Length: 10\r\n"));
  put(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nfirstGET /inline HTTP/1.1\r\nHost: x\r\n\r\n"
          "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n0\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  text = get(fd, "");
  CHECK(text.starts_with("HTTP/1.1 200 OK"));
  CHECK(text.contains("\r\n\r\nfirsHTTP/1.1 400"));  // "t" + "GET": the length was a lie, the next head is garbage
}

TEST_CASE("pipelined answers keep their order") {
  Fixture f;
  UniqueFd fd = f.connect();
  put(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirstGET /inline?a=2 HTTP/1.1\r\nHost: x\r\n\r\n"
          "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n0\r\n\r\nHEAD /inline HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string text = get(fd, "");
  size_t first = text.find("first"), second = text.find("inline 2"), third = text.find("\r\n\r\nsec");
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third != std::string::npos);
  CHECK(text.ends_with("Content-Length: 7\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("credentials of the peer come from the kernel") {
  Fixture f;
  UniqueFd fd = f.connect();
  put(fd, "GET /peer HTTP/1.0\r\n\r\n");
  CHECK(get(fd, "").ends_with(std::format("\r\n\r\n{}", getpid())));
}

TEST_CASE("large bodies stream to the handler, after 100-continue") {
  Fixture f;
  UniqueFd fd = f.connect();
  put(fd, "PUT /size HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
  CHECK(get(fd, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  std::string block(30000, 'x');
  for (int i = 0; i < 100; ++i) put(fd, block);
  CHECK(get(fd, "3000000").contains("200 OK"));
  put(fd, "GET /inline HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(get(fd, "inline ").contains("200 OK"));
}

TEST_CASE("a body nobody read is dropped; a small route refuses a large one") {
  Fixture f;
  UniqueFd fd = f.connect();
  put(fd, "PUT /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x') + "GET /inline HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(get(fd, "inline ").contains("done"));
  put(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
  CHECK(get(fd, "").starts_with("HTTP/1.1 413"));
}

TEST_CASE("writers send chunks, plain bytes to HTTP/1.0") {
  Fixture f;
  UniqueFd fd = f.connect();
  put(fd, "GET /chunks HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(get(fd, "0\r\n\r\n").ends_with("\r\n\r\n4\r\none,\r\n3\r\ntwo\r\n0\r\n\r\n"));
  put(fd, "GET /chunks HTTP/1.0\r\n\r\n");
  CHECK(get(fd, "").ends_with("\r\n\r\none,two"));
}

TEST_CASE("a handler's context stops when the client hangs up") {
  Fixture f;
  {
    UniqueFd fd = f.connect();
    put(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    std::this_thread::sleep_for(milliseconds(50));
  }
  for (int i = 0; i < 3000 && !f.cancelled; ++i) std::this_thread::sleep_for(milliseconds(10));
  CHECK(f.cancelled);
}

TEST_CASE("a deferred answer comes when it is given, and may come after the client left") {
  Fixture f;
  std::function<void(Response)> reply;
  std::atomic<bool> asked = false;
  f.deferred = [&](std::function<void(Response)> r) {
    reply = std::move(r);
    asked = true;
  };
  auto ask = [&] {
    asked = false;
    UniqueFd fd = f.connect();
    put(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (!asked) std::this_thread::sleep_for(milliseconds(1));
    return fd;
  };
  UniqueFd fd = ask();
  Response response;
  response.body = "later";
  reply(std::move(response));
  CHECK(get(fd, "later").contains("200 OK"));
  fd = ask();
  fd.reset();
  std::this_thread::sleep_for(milliseconds(20));
  reply(Response());
}

TEST_CASE("an upgraded connection is a raw stream both ways") {
  Fixture f;
  UniqueFd fd = f.connect();
  put(fd, "GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
  CHECK(get(fd, "early").starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n"));
  put(fd, "later");
  CHECK(get(fd, "later") == "later");
}

TEST_CASE("websockets: messages, pings and the closing handshake") {
  Fixture f;
  std::atomic<int> closed = 0;
  f.on_websocket = [&](std::shared_ptr<WebSocket> socket) {
    socket->start([socket = socket.get()](WebSocket::Kind kind, std::string_view text) { socket->send(kind, "re:" + std::string(text)); },
                  [&] { ++closed; });
  };
  UniqueFd fd = f.connect();
  put(fd, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  CHECK(get(fd, "\r\n\r\n").contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  auto frame = [](Opcode opcode, std::string payload) {
    std::string header = frame_header(opcode, payload.size(), 0x01020304);
    apply_mask(payload.data(), payload.size(), 0x01020304);
    return header + payload;
  };
  put(fd, frame(Opcode::text, "hello"));
  CHECK(get(fd, "re:hello") == "\x81\x08re:hello");
  put(fd, frame(Opcode::ping, "p"));
  CHECK(get(fd, "p") == "\x8a\x01p");
  put(fd, frame(Opcode::close, close_payload(1000)));
  CHECK(get(fd, "") == std::string("\x88\x02") + close_payload(1000));
  for (int i = 0; i < 3000 && !closed; ++i) std::this_thread::sleep_for(milliseconds(10));
  CHECK(closed == 1);
}

TEST_CASE("websockets pump descriptors both ways with a barrier at the end") {
  Fixture f;
  int to_peer[2], from_peer[2];
  REQUIRE(pipe(to_peer) == 0);
  REQUIRE(pipe(from_peer) == 0);
  std::atomic<int> done = 0;
  std::shared_ptr<WebSocket> held;
  f.on_websocket = [&](std::shared_ptr<WebSocket> socket) {
    held = socket;
    socket->pump_from(to_peer[0], true, [&] { ++done; });
    socket->pump_to(from_peer[1], [&] { ++done; });
  };
  UniqueFd fd = f.connect();
  put(fd, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  get(fd, "\r\n\r\n");
  REQUIRE(write(to_peer[1], "out", 3) == 3);
  CHECK(get(fd, "out") == "\x82\x03out");
  close(to_peer[1]);
  std::string barrier = get(fd, std::string_view("\x81\x00", 2));
  CHECK(barrier == std::string("\x81\x00", 2));
  put(fd, std::string("\x82\x82\0\0\0\0in\x81\x80\0\0\0\0", 14));
  char buffer[10];
  CHECK(read(from_peer[0], buffer, sizeof buffer) == 2);
  for (int i = 0; i < 3000 && done < 2; ++i) std::this_thread::sleep_for(milliseconds(10));
  CHECK(done == 2);
  held->close();
  CHECK(get(fd, "") == std::string("\x88\x02\x03\xe8"));
  held.reset();
  for (int end : {to_peer[0], from_peer[0], from_peer[1]}) close(end);
}
