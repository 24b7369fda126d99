// The QMP client against peers that answer, lie, flood, and say nothing.
#include "instance/qemu/qmp/client.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>

#include <catch2/catch_test_macros.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/strings.h"
#include "instance/qemu/qmp/connection.h"
#include "instance/qemu/qmp/stand_in.h"
#include "sys/fd_passing.h"
#include "sys/spawn.h"

using namespace instance::qemu::qmp;

namespace {

struct Fixture {
  Fixture() : runtime({.io_threads = 1, .max_workers = 4}) {}
  ~Fixture() { runtime.stop(); }
  async::Runtime runtime;
  Context ctx = Context().with_timeout(seconds(20));
};

}  // namespace

TEST_CASE("QMP lines are cut wherever the pieces end, and never grow without bound", "[qmp]") {
  LineSplitter lines(10);
  StringList seen;
  auto keep = [&](std::string_view line) {
    seen.emplace_back(line);
    return true;
  };
  CHECK(lines.feed("ab", keep));
  CHECK(lines.feed("c\r\n\n\r\nde\nf", keep));
  CHECK(lines.feed("\n", keep));
  CHECK(seen == StringList{"abc", "de", "f"});
  CHECK(lines.feed("0123456789", keep));
  CHECK_FALSE(lines.feed("0", keep));
}

TEST_CASE_METHOD(Fixture, "QMP commands get their own answers, events their handler", "[qmp]") {
  std::mutex mutex;
  std::condition_variable changed;
  StringList events;
  Peer peer([](const Json& message) {
    std::string command = message.at("execute");
    if (command == "fail") return std::format("{{\"id\": {}, \"error\": {{\"class\": \"DeviceNotFound\", \"desc\": \"no such disk\"}}}}\n", message.at("id").get<uint64_t>());
    if (command == "fds") return ok(message, std::to_string(message.at("fds").get<int>()));
    // An event, a late answer to something else, then the answer.
    return "{\"event\": \"STOP\", \"data\": {\"a\": 1}, \"timestamp\": {}}\n{\"return\": 5, \"id\": 999}\n" + ok(message, "{\"x\": [1]}");
  });
  auto client = Client::adopt(ctx, runtime, std::move(peer.client), {.event = [&](const Event& event) {
    std::lock_guard guard(mutex);
    events.push_back(event.name + api::dump_json(event.data));
    changed.notify_all();
  }, .closed = {}});
  REQUIRE(client);
  auto answer = (*client)->run(ctx, "query", {{"k", "v"}});
  REQUIRE(answer);
  CHECK(answer->at("x").at(0) == 1);
  auto failed = (*client)->run(ctx, "fail");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == Code::not_found);
  CHECK(failed.error().message() == "QMP command \"fail\" failed: no such disk");
  auto fds = (*client)->run(ctx, "fds", Json(), {0, 1});
  REQUIRE(fds);
  CHECK(*fds == 2);
  std::unique_lock lock(mutex);
  changed.wait_for(lock, seconds(20), [&] { return events.size() >= 2; });
  CHECK(events.front() == "STOP{\"a\":1}");
}

TEST_CASE_METHOD(Fixture, "A QMP peer that is silent, lies or leaves ends in an error", "[qmp]") {
  Context brief = Context().with_timeout(milliseconds(50));
  SECTION("no greeting") {
    Peer peer([](const Json& message) { return ok(message); }, "");
    auto client = Client::adopt(brief, runtime, std::move(peer.client), {});
    REQUIRE_FALSE(client);
    CHECK(client.error().code() == Code::timeout);
  }
  SECTION("greeting that is nonsense") {
    Peer peer([](const Json& message) { return ok(message); }, "hello\n");
    auto client = Client::adopt(ctx, runtime, std::move(peer.client), {});
    REQUIRE_FALSE(client);
    CHECK(client.error().code() == Code::unavailable);
  }
  SECTION("one answer fails, the connection goes on") {
    Peer peer([](const Json& message) { return message.at("execute") == "slow" ? "" : ok(message); });
    auto client = Client::adopt(ctx, runtime, std::move(peer.client), {});
    REQUIRE(client);
    auto late = (*client)->run(brief, "slow");
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == Code::timeout);
    CHECK((*client)->run(ctx, "fast"));
  }
  SECTION("hangs up, sends no JSON, sends an endless line, or JSON that is neither") {
    for (const std::string& answer : {std::string("HANGUP"), std::string("{]\n"), std::string(Connection::kMaxLine + 10, 'x'), std::string("[1]\n"), std::string("{\"a\": 1}\n")}) {
      std::mutex mutex;
      std::condition_variable changed;
      bool closed = false;
      Peer peer([&](const Json& message) { return message.at("execute") == "qmp_capabilities" ? ok(message) : answer; });
      auto client = Client::adopt(ctx, runtime, std::move(peer.client), {.event = {}, .closed = [&] {
        std::lock_guard guard(mutex);
        closed = true;
        changed.notify_all();
      }});
      REQUIRE(client);
      auto lost = (*client)->run(ctx, "query");
      REQUIRE_FALSE(lost);
      CHECK(lost.error().code() == Code::unavailable);
      CHECK_FALSE((*client)->connected());
      CHECK((*client)->run(ctx, "query").error().code() == Code::unavailable);
      std::unique_lock lock(mutex);
      CHECK(changed.wait_for(lock, seconds(20), [&] { return closed; }));
    }
  }
  SECTION("a stopped context ends the wait") {
    std::stop_source stop;
    Peer peer([](const Json& message) { return message.at("execute") == "qmp_capabilities" ? ok(message) : ""; });
    auto client = Client::adopt(ctx, runtime, std::move(peer.client), {});
    REQUIRE(client);
    std::jthread stopper([&] { stop.request_stop(); });
    auto stopped = (*client)->run(Context(stop.get_token()), "query");
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code() == Code::cancelled);
  }
}

TEST_CASE_METHOD(Fixture, "QMP with the QEMU of this machine", "[qmp]") {
  auto program = sys::find_program("qemu-system-x86_64");
  if (!program) SKIP("qemu-system-x86_64 is not installed");
  auto ends = sys::socket_pair();
  REQUIRE(ends);
  auto qemu = sys::spawn({.argv = {*program, "-machine", "none", "-nodefaults", "-display", "none", "-chardev", "socket,id=m,fd=3", "-mon", "chardev=m,mode=control"},
                          .fds = {{ends->second.get(), 3}}});
  REQUIRE(qemu);
  ends->second.reset();
  auto client = Client::adopt(ctx, runtime, std::move(ends->first), {});
  REQUIRE(client);
  CHECK((*client)->run(ctx, "query-version")->contains("qemu"));
  CHECK((*client)->run(ctx, "nonsense").error().code() == Code::unsupported);
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK((*client)->run(ctx, "add-fd", Json::object(), {null.get()})->contains("fdset-id"));
  (void)(*client)->run(ctx, "quit");
  CHECK(qemu->wait(ctx));
}
