// A stand-in for QEMU in tests: the other end of a connection, which answers what the test says. Included by *_test.cpp only.
#pragma once
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "api/json.h"
#include "base/unique_fd.h"
#include "sys/fd_passing.h"

namespace instance::qemu::qmp {

inline constexpr const char* kGreeting = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}}, \"capabilities\": []}}\r\n";

/// The other end: answers each line with what `script` returns for it.
class Peer {
 public:
  explicit Peer(std::function<std::string(const Json&)> script, std::string greeting = kGreeting) {
    auto ends = sys::socket_pair();
    client = std::move(ends->first);
    thread_ = std::jthread([socket = std::make_shared<UniqueFd>(std::move(ends->second)), script = std::move(script), greeting] {
      (void)!write(socket->get(), greeting.data(), greeting.size());
      std::string buffer;
      for (;;) {
        auto received = sys::receive_fds(socket->get());
        if (!received || received->text.empty()) return;
        buffer += received->text;
        for (size_t end; (end = buffer.find('\n')) != std::string::npos; buffer.erase(0, end + 1)) {
          auto message = api::parse_json(buffer.substr(0, end));
          if (!message) return;
          Json seen = *message;
          seen["fds"] = received->fds.size();
          std::string answer = script(seen);
          if (answer == "HANGUP") return;
          if (send(socket->get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
        }
      }
    });
  }
  UniqueFd client;

 private:
  std::jthread thread_;
};

inline std::string ok(const Json& message, const std::string& value = "{}") {
  return std::format("{{\"return\": {}, \"id\": {}}}\n", value, message.at("id").get<uint64_t>());
}

}  // namespace instance::qemu::qmp
