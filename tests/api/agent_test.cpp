// The guest's agent in this process, driven by the daemon's client for it; and that client against agents that lie, flood or say nothing.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "applets/agent/agent.h"
#include "applets/agent/guest_api.h"
#include "applets/agent/server.h"
#include "applets/agent/sockets.h"
#include "http/adopt.h"
#include "http/stream.h"
#include "instance/qemu/agent_client.h"
#include "sys/fd_passing.h"
#include "sys/sftp_client.h"

using namespace instance::qemu;

namespace {

/// As main() does: a peer that hangs up is an error of the write.
const auto kNoSigpipe = signal(SIGPIPE, SIG_IGN);

struct Folder {
  Folder() {
    char pattern[] = "/tmp/incusbox-agent-XXXXXX";
    path = mkdtemp(pattern);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

http::KeyPair pair() { return http::generate_certificate(http::CertificateUse::server).value(); }

std::shared_ptr<AgentClient> client_of(async::Runtime& runtime, const std::string& socket, const http::KeyPair& own, const std::string& pinned) {
  auto dial = [socket](const Context&, uint32_t port) -> Result<UniqueFd> {
    CHECK(port == kAgentPort);
    return agent::connect_unix(socket);
  };
  return AgentClient::create(runtime, dial, {.client_certificate = own.certificate_pem, .client_key = own.key_pem, .agent_certificate = pinned}).value();
}

/// A real agent on a unix socket, and a daemon that answers its questions on another one.
struct Guest {
  Guest() {
    REQUIRE(write_file_atomic(folder.path + "/server.crt", daemon.certificate_pem));
    agent.identity = pair();
    agent.operations = core::Operations::create(runtime, agent.events);
    agent.guest_api = std::make_shared<agent::GuestApi>(agent);
    server = agent::start_server(agent).value();
    host = http::Server::create(runtime, [](http::Request&) {
      http::Plan plan;
      plan.run = [](const Context&, http::Request& request) {
        http::Response response;
        if (request.path == "/1.0/config") response.body = R"({"metadata":["/1.0/config/user.a","/1.0/config/limits.cpu"]})";
        else if (request.path == "/1.0/config/user.a") response.body = R"({"metadata":"value"})";
        else if (request.path == "/1.0") response.body = R"({"metadata":{"state":"Started"}})";
        else response.status = 404, response.body = R"({"error":"not found"})";
        return response;
      };
      return plan;
    });
    REQUIRE(http::adopt_listener(*host, agent::listen_unix(folder.path + "/host", 0600).value(), {daemon.certificate_pem, daemon.key_pem}));
    client = client_of(runtime, folder.path + "/agent", daemon, agent.identity.certificate_pem);
  }
  ~Guest() {
    server->stop(seconds(1));
    host->stop(seconds(1));
    agent.guest_api.reset();
    runtime.stop();
  }

  Folder folder;
  async::Runtime runtime{{.io_threads = 2, .max_workers = 16}};
  http::KeyPair daemon = pair();
  agent::Agent agent{runtime, {.secrets = folder.path, .socket = folder.path + "/agent", .host_socket = folder.path + "/host", .device_folder = folder.path}};
  std::unique_ptr<http::Server> server, host;
  std::shared_ptr<AgentClient> client;
  Context ctx = Context().with_timeout(seconds(60));
};

std::string read_all(int fd) {
  std::string out;
  char buffer[65536];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<size_t>(n));
  return out;
}

struct Ran {
  int code = -2;
  std::string out, err;
};

/// Runs a command with pipes; `input` goes in from a thread of its own.
Ran run(Guest& guest, instance::ExecRequest request, std::string input = "") {
  UniqueFd in[2], out[2], err[2];
  for (auto* ends : {in, out, err}) {
    int raw[2];
    REQUIRE(pipe2(raw, O_CLOEXEC) == 0);
    ends[0].reset(raw[0]);
    ends[1].reset(raw[1]);
  }
  request.stdin_fd = in[0].get();
  request.stdout_fd = out[1].get();
  request.stderr_fd = err[1].get();
  auto process = guest.client->exec(guest.ctx, request);
  REQUIRE(process);
  for (UniqueFd* fd : {&in[0], &out[1], &err[1]}) fd->reset();
  std::thread feeder([&] {
    for (size_t at = 0; at < input.size();) {
      ssize_t n = write(in[1].get(), input.data() + at, input.size() - at);
      if (n <= 0) break;
      at += static_cast<size_t>(n);
    }
    in[1].reset();
  });
  Ran ran;
  std::thread reader([&] { ran.err = read_all(err[0].get()); });
  ran.out = read_all(out[0].get());
  reader.join();
  feeder.join();
  REQUIRE(guest.ctx.wait_fd((*process)->exit_fd(), POLLIN));
  ran.code = (*process)->wait(guest.ctx).value_or(-3);
  return ran;
}

StringMap environment() { return {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"MARK", "here"}}; }
Ran shell(Guest& guest, const std::string& script, std::string input = "") {
  return run(guest, {.command = {"sh", "-c", script}, .environment = environment(), .cwd = "/tmp"}, std::move(input));
}

}  // namespace

TEST_CASE("commands run in the guest with their streams, exit codes, folder, environment and user") {
  Guest guest;
  Ran ran = shell(guest, "echo out; echo err >&2; pwd; echo $MARK; exit 7");
  CHECK(ran.code == 7);
  CHECK(ran.out == "out\n/tmp\nhere\n");
  CHECK(ran.err == "err\n");
  CHECK(shell(guest, "kill -9 $$").code == 137);
  CHECK(run(guest, {.command = {"/nowhere/at/all"}, .environment = environment()}).code == 127);
  CHECK(run(guest, {.command = {"/etc/passwd"}, .environment = environment()}).code == 126);
  if (getuid() == 0) CHECK(run(guest, {.command = {"id", "-u"}, .environment = environment(), .cwd = "/", .uid = 1234, .gid = 1234}).out == "1234\n");
}

TEST_CASE("what goes in comes out, however much it is, and the end of input is passed on") {
  Guest guest;
  std::string input(3 << 20, 'x');
  for (size_t i = 0; i < input.size(); i += 1000) input[i] = '\n';
  Ran ran = shell(guest, "cat", input);
  CHECK(ran.code == 0);
  CHECK(ran.out == input);
}

TEST_CASE("signals reach a command; one that is let go is killed") {
  Guest guest;
  auto [ours, theirs] = sys::socket_pair().value();
  instance::ExecRequest request{.command = {"sh", "-c", "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done"}, .environment = environment(),
                                .stdin_fd = theirs.get(), .stdout_fd = theirs.get(), .stderr_fd = theirs.get()};
  auto process = guest.client->exec(guest.ctx, request).value();
  char word[8] = "";
  REQUIRE(recv(ours.get(), word, 6, MSG_WAITALL) == 6);
  REQUIRE(process->signal(SIGTERM));
  CHECK(process->wait(guest.ctx).value() == 3);
  CHECK(!process->signal(SIGTERM));

  request.command = {"sh", "-c", "echo ready; exec sleep 1000"};
  process = guest.client->exec(guest.ctx, request).value();
  REQUIRE(recv(ours.get(), word, 4, MSG_WAITALL) == 4);  // "got\n"
  REQUIRE(recv(ours.get(), word, 6, MSG_WAITALL) == 6);
  process.reset();
  theirs.reset();
  while (!guest.agent.operations->all().back()->finished()) REQUIRE(guest.ctx.sleep(milliseconds(10)));
}

TEST_CASE("an interactive command has a terminal whose size can be changed") {
  Guest guest;
  auto [ours, theirs] = sys::socket_pair().value();
  instance::ExecRequest request{.command = {"sh", "-c", "stty size; trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.05; done"}, .environment = environment(), .interactive = true,
                                .width = 81, .height = 26, .stdin_fd = theirs.get(), .stdout_fd = theirs.get(), .stderr_fd = theirs.get()};
  auto process = guest.client->exec(guest.ctx, request).value();
  theirs.reset();
  std::string seen;
  char byte;
  while (!seen.contains("ready") && recv(ours.get(), &byte, 1, 0) == 1) seen += byte;
  CHECK(seen.starts_with("26 81\r\n"));
  REQUIRE(process->resize(100, 50));
  std::string rest = read_all(ours.get());
  CHECK(rest.contains("50 100\r\n"));
  CHECK(process->wait(guest.ctx).value() == 5);
}

TEST_CASE("files, connections from inside, state and measurements") {
  Guest guest;
  auto files = sys::sftp::Client::connect(sys::sftp::make_channel(guest.client->sftp(guest.ctx).value())).value();
  CHECK(files.stat(guest.folder.path + "/server.crt"));
  CHECK(!files.stat(guest.folder.path + "/none"));

  UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  UniqueFd inside = guest.client->connect_tcp(guest.ctx, "", ntohs(address.sin_port)).value();
  UniqueFd accepted(accept(listener.get(), nullptr, nullptr));
  REQUIRE(write(inside.get(), "ping", 4) == 4);
  char word[5] = "";
  REQUIRE(recv(accepted.get(), word, 4, MSG_WAITALL) == 4);
  CHECK(std::string(word) == "ping");
  accepted.reset();
  CHECK(read_all(inside.get()).empty());
  listener.reset();
  CHECK(!guest.client->connect_tcp(guest.ctx, "127.0.0.1", ntohs(address.sin_port)));

  auto state = guest.client->state(guest.ctx).value();
  CHECK(state.pid == 1);
  CHECK(state.processes > 0);
  CHECK(state.memory.total > state.memory.usage);
  CHECK(state.network.at("lo").type == "loopback");
  core::MetricSet set;
  REQUIRE(guest.client->metrics(guest.ctx, set));
  CHECK(set.render().contains("incus_memory_MemTotal_bytes "));
}

TEST_CASE("only who has the certificates may talk, on both sides") {
  Guest guest;
  CHECK(guest.client->ping(guest.ctx));
  http::KeyPair stranger = pair();
  auto unknown = client_of(guest.runtime, guest.folder.path + "/agent", stranger, guest.agent.identity.certificate_pem);
  CHECK(unknown->ping(guest.ctx).error().message() == "Not authorized");
  auto deceived = client_of(guest.runtime, guest.folder.path + "/agent", guest.daemon, stranger.certificate_pem);
  CHECK(deceived->ping(guest.ctx).error().code() == Code::unauthorized);
}

TEST_CASE("the guest API appears once the daemon was reached, passes questions on, and tells of events") {
  Guest guest;
  std::string socket = guest.folder.path + "/incus/sock";
  CHECK(!guest.client->advertise(guest.ctx, {.certificate = pair().certificate_pem}));  // another daemon
  REQUIRE(guest.client->advertise(guest.ctx, {.certificate = guest.daemon.certificate_pem}));
  auto ask = [&](const std::string& head) {
    UniqueFd fd = agent::connect_unix(socket).value();
    std::string request = head + "Host: x\r\nConnection: close\r\n\r\n";
    REQUIRE(write(fd.get(), request.data(), request.size()) == static_cast<ssize_t>(request.size()));
    return read_all(fd.get());
  };
  CHECK(ask("GET /1.0/config HTTP/1.1\r\n").ends_with("\r\n\r\n[\"/1.0/config/user.a\"]\n"));
  CHECK(ask("GET /1.0/config/user.a HTTP/1.1\r\n").ends_with("\r\n\r\nvalue"));
  CHECK(ask("GET /1.0/config/limits.cpu HTTP/1.1\r\n").starts_with("HTTP/1.1 403 "));
  CHECK(ask("GET /1.0/meta-data HTTP/1.1\r\n").starts_with("HTTP/1.1 404 "));
  CHECK(ask("GET /none HTTP/1.1\r\n").starts_with("HTTP/1.1 404 "));

  UniqueFd events = agent::connect_unix(socket).value();
  std::string request = "GET /1.0/events HTTP/1.1\r\nHost: x\r\n\r\n", seen;
  REQUIRE(write(events.get(), request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  char byte;
  while (!seen.ends_with("\r\n\r\n") && recv(events.get(), &byte, 1, 0) == 1) seen += byte;
  while (!guest.agent.events.wanted("config")) REQUIRE(guest.ctx.sleep(milliseconds(5)));
  REQUIRE(guest.client->send_event(guest.ctx, "config", R"({"key":"user.a"})"));
  seen.clear();
  while (!seen.ends_with("\n") && recv(events.get(), &byte, 1, 0) == 1) seen += byte;
  CHECK(seen.contains(R"("metadata":{"key":"user.a"})"));

  REQUIRE(guest.client->advertise(guest.ctx, {.certificate = guest.daemon.certificate_pem, .guest_api = false}));
  CHECK(access(socket.c_str(), F_OK) != 0);
}

namespace {

/// Something that claims to be an agent.
struct Impostor {
  explicit Impostor(std::function<http::Response(http::Request&)> answer) {
    server = http::Server::create(runtime, [answer](http::Request&) {
      http::Plan plan;
      plan.run = [answer](const Context&, http::Request& request) { return answer(request); };
      return plan;
    });
    REQUIRE(http::adopt_listener(*server, agent::listen_unix(folder.path + "/agent", 0600).value(), {identity.certificate_pem, identity.key_pem}));
    client = client_of(runtime, folder.path + "/agent", pair(), identity.certificate_pem);
  }
  ~Impostor() {
    server->stop(milliseconds(0));
    runtime.stop();
  }
  Folder folder;
  async::Runtime runtime{{.io_threads = 2, .max_workers = 16}};
  std::mutex mutex;
  std::vector<std::function<void(http::Response)>> unanswered;  // gone before the runtime is, on which dropping an answer schedules work
  http::KeyPair identity = pair();
  std::unique_ptr<http::Server> server;
  std::shared_ptr<AgentClient> client;
  Context ctx = Context().with_timeout(seconds(30));
};

http::Response body(std::string text) {
  http::Response response;
  response.body = std::move(text);
  return response;
}

}  // namespace

TEST_CASE("an agent that never answers costs its caller no more than the deadline") {
  Impostor impostor([&impostor](http::Request&) {
    http::Response response;
    response.deferred = [&impostor](std::function<void(http::Response)> reply) {
      std::lock_guard lock(impostor.mutex);
      impostor.unanswered.push_back(std::move(reply));
    };
    return response;
  });
  CHECK(impostor.client->state(Context().with_timeout(milliseconds(100))).error().code() == Code::timeout);
  std::stop_source stop;
  std::jthread later([&] { stop.request_stop(); });
  CHECK(impostor.client->state(Context(stop.get_token())).error().code() == Code::cancelled);
}

TEST_CASE("an agent that is there but doesn't speak") {
  Folder folder;
  async::Runtime runtime({.io_threads = 1, .max_workers = 4});
  UniqueFd listener = agent::listen_unix(folder.path + "/agent", 0600).value();
  auto client = client_of(runtime, folder.path + "/agent", pair(), pair().certificate_pem);
  CHECK(client->ping(Context().with_timeout(milliseconds(100))).error().code() == Code::timeout);
  listener.reset();
  CHECK(!client->ping(Context().with_timeout(seconds(5))));
  runtime.stop();
}

TEST_CASE("an agent that floods is cut off") {
  std::atomic<size_t> sent = 0;
  Impostor impostor([&](http::Request&) {
    http::Response response;
    response.writer = [&sent](const Context& ctx, http::Stream& stream) -> Result<> {
      for (std::string piece(64 << 10, 'x');; sent += piece.size()) TRY(stream.write(ctx, piece));
    };
    return response;
  });
  CHECK(impostor.client->state(impostor.ctx).error().code() == Code::too_large);
  CHECK(sent < 4u << 20);
}

TEST_CASE("an agent that lies is an error, not more") {
  for (const char* lie : {"", "no json", "[]", R"({"metadata":7})", R"({"metadata":{"network":7,"id":"x"}})"}) {
    Impostor impostor([lie](http::Request&) { return body(lie); });
    CHECK(!impostor.client->state(impostor.ctx));
    CHECK(!impostor.client->exec(impostor.ctx, {.command = {"true"}, .stdin_fd = 0, .stdout_fd = 1, .stderr_fd = 2}));
    CHECK(!impostor.client->sftp(impostor.ctx));
    CHECK(!impostor.client->connect_tcp(impostor.ctx, "127.0.0.1", 1));
  }
}

TEST_CASE("an agent that takes a command and then loses it ends the command") {
  Impostor impostor([](http::Request& request) {
    if (request.path == "/1.0/exec") return body(R"({"metadata":{"id":"a","metadata":{"fds":{"0":"0","1":"1","2":"2","control":"3"}}}})");
    http::Response response = body("lost");
    if (request.path == "/1.0/operations/a/websocket") {
      response = {};
      response.websocket = [](std::shared_ptr<http::WebSocket> socket) { socket->start([](http::WebSocket::Kind, std::string_view) {}, [socket] {}); };
    }
    return response;
  });
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  auto process = impostor.client->exec(impostor.ctx, {.command = {"true"}, .stdin_fd = null.get(), .stdout_fd = null.get(), .stderr_fd = null.get()});
  REQUIRE(process);
  CHECK(!(*process)->wait(impostor.ctx));
}
